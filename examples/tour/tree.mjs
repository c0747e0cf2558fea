import { once } from 'node:events'
import { terminate } from 'sigkit'
import { start } from './children.mjs'
import { call, heading, say } from './print.mjs'

/** Forks every 2 ms, also while it is being ended, and takes no SIGTERM; every fourth child leaves for its own session. */
const FORKING = `trap '' TERM
i=0
while :; do
  i=$((i + 1))
  if [ $((i % 4)) = 0 ]; then setsid sleep 1000 & else sleep 1000 & fi
  [ $i = 25 ] && echo ready
  [ $i = 400 ] && break
  sleep 0.002
done
wait`

export async function run() {
  heading('A tree that forks faster than one can walk it')
  const { child } = await start('bash', ['-c', FORKING], { detached: true })
  child.stdout.resume()
  say(`bash, pid ${child.pid}, forks every 2 ms and ignores SIGTERM`)
  const exited = once(child, 'exit')
  call(`await terminate(${child.pid}, { tree: true, grace: 100 })`)
  const steps = new Map()
  const { complete, processes } = await terminate(child, {
    tree: true,
    grace: 100,
    onProgress({ event, signal, tookMs }) {
      const name = `${event} ${signal}`
      const step = steps.get(name) ?? { count: 0, first: tookMs }
      steps.set(name, { ...step, count: step.count + 1, last: tookMs })
    },
  })
  await exited
  for (const [name, { count, first, last }] of steps) {
    say(
      `  ${name.padEnd(20)} ${`${count}`.padStart(4)} times, from ${first.toFixed(1)} to ${last.toFixed(1)} ms`,
    )
  }
  const kinds = new Map()
  for (const { comm, outcome, by } of processes) {
    const kind = `${comm} ${outcome}, last sent ${by}`
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  for (const [kind, count] of kinds) say(`${`${count}`.padStart(4)} ${kind}`)
  say(complete ? `nobody left of ${processes.length}` : 'somebody is left')
}
