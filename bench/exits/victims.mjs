import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, ftruncateSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { program } from './programs.mjs'

const paths = []
process.once('exit', () => {
  for (const path of paths) rmSync(path, { force: true })
})

/** A file shared with the victims, 64 bits for each: 0, then 1 when it is ready, then the time of its end in ns. */
export function newSlots(count) {
  const path = program(`slots-${process.pid}-${paths.length}`)
  paths.push(path)
  const fd = openSync(path, 'w')
  ftruncateSync(fd, count * 8)
  closeSync(fd)
  const times = () => new BigInt64Array(new Uint8Array(readFileSync(path)).buffer)
  return {
    path,
    times,
    async ready() {
      while (times().includes(0n)) await sleep(5)
    },
  }
}

/** Victims whose parent is neither this process nor a watcher, in a process group of their own. */
export async function startCrowd(count, fate = 'reaped') {
  const slots = newSlots(count)
  const leader = spawn(program('crowd'), [slots.path, String(count), fate], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(leader, 'exit')
  const over = () => {
    leader.stdin.end()
    return ended
  }
  const [line] = await once(createInterface(leader.stdout), 'line')
  await slots.ready()
  return { pids: JSON.parse(line), slots, group: leader.pid, over }
}
