/** A watcher process and what is asked of it. */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { program } from './programs.mjs'
import { newSlots, startCrowd } from './victims.mjs'

const OPEN_FILES = 8192

/** @param kind 'sigkit', 'child_process' or 'polling' */
export function startWatcher(kind) {
  const watcher = fork(join(import.meta.dirname, 'watcher.mjs'), [kind, program('victim')], {
    execPath: 'prlimit',
    execArgv: [`--nofile=${OPEN_FILES}:`, process.execPath, '--expose-gc'],
    // The leader of a group: the victims that it spawns are in it.
    detached: true,
  })
  const ended = once(watcher, 'exit').then(([code]) => {
    throw new Error(`the ${kind} watcher ended with ${code}`)
  })
  ended.catch(() => {})
  return {
    kind,
    group: watcher.pid,
    async ask(question) {
      watcher.send(question)
      const [answer] = await Promise.race([once(watcher, 'message'), ended])
      return answer
    },
    stop: () => watcher.kill('SIGKILL'),
  }
}

async function prepare(watcher, count, fate) {
  if (watcher.kind !== 'child_process') {
    const crowd = await startCrowd(count, fate)
    return { ...crowd, before: await watcher.ask({ watch: crowd.pids }) }
  }
  const slots = newSlots(count)
  const before = await watcher.ask({ spawn: count, slots: slots.path })
  await slots.ready()
  return { slots, before, group: watcher.group, over() {} }
}

/** All end at the same time. @param fate 'reaped' or 'zombies' */
export async function together(watcher, count, fate) {
  const { group, slots, before, over } = await prepare(watcher, count, fate)
  const { idleCpuNs, idleMs } = await watcher.ask('idle')
  const answer = watcher.ask('together')
  await sleep(20)
  process.kill(-group, 'SIGURG')
  const { cpuNs, closeNs, known } = await answer
  await over()
  const last = slots.times().reduce((a, b) => (a > b ? a : b))
  return {
    bytes: before.bytes / count,
    threads: before.threads,
    exitCpu: cpuNs / count,
    lifeCpu: (before.cpuNs + cpuNs + closeNs) / count,
    idleCpu: idleCpuNs / (idleMs / 1000),
    behind: Number(BigInt(known) - last),
  }
}

const delays = (slots, seen) => seen.map((time, i) => Number(BigInt(time) - slots.times()[i]))

/** One ends after the other: the ns from each end to the line that knows of it. */
export async function oneByOne(watcher, count) {
  const { slots, over } = await prepare(watcher, count)
  const { seen } = await watcher.ask('oneByOne')
  await over()
  return delays(slots, seen)
}

export async function oneByOneInC(count) {
  const { pids, slots, over } = await startCrowd(count)
  const c = spawn(program('epoll'), pids.map(String), { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface(c.stdout), 'line')
  await over()
  return delays(slots, JSON.parse(line))
}
