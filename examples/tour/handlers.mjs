import { fileURLToPath } from 'node:url'
import { PidFd, onSignal, kill, sigqueue } from 'sigkit'
import { start } from './children.mjs'
import { heading, say, show } from './print.mjs'

function promiseWithResolvers() {
  let resolve
  const promise = new Promise((done) => (resolve = done))
  return { promise, resolve }
}

export async function run() {
  heading('Who sent that?')
  const events = []
  const { promise: one, resolve: oneCame } = promiseWithResolvers()
  const { promise: all, resolve: allCame } = promiseWithResolvers()
  const came = (event) => {
    const count = events.push(event)
    if (count === 1) oneCame()
    if (count === 1001) allCame()
  }
  const options = { identifySender: true, keepAlive: true }
  const subscription = onSignal(['SIGTERM', 'SIGRTMIN+1'], came, options)
  const { child, ended } = await start('/bin/sh', ['-c', `echo ready; kill -TERM ${process.pid}; exit 0`])
  // Its end may be known before: the kernel may have given the signal to a thread that has yet to run.
  await Promise.all([one, ended])
  for (let value = 1; value <= 1000; value++) sigqueue(process.pid, 'SIGRTMIN+1', value)
  await all
  const [first, ...rest] = events
  say(
    `a child (pid ${child.pid}) sent ${first.signal}: ${first.code}, by ${first.sender.comm}, pid ${first.sender.pid}`,
  )
  say(
    `1000 real-time signals in one tick: ${rest.length} arrived, values 1 to ${rest.at(-1)?.valueInt}, in order`,
  )
  subscription.close()

  heading('SIGTERM while JavaScript spins')
  const spinner = await start(process.execPath, [fileURLToPath(new URL('spinner.mjs', import.meta.url))])
  const handle = PidFd.open(spinner.child)
  say(`pid ${handle.pid} is in while (true) {}, with a deadline of 300 ms for SIGTERM`)
  const before = performance.now()
  show(`kill(${handle.pid}, 'SIGTERM')`, () => kill(handle.pid, 'SIGTERM'))
  const { signal } = await handle.exited()
  say(
    `it ended by ${signal} after ${Math.round(performance.now() - before)} ms: its parent sees the true status`,
  )
  handle.close()
}
