/**
 * A run of the tests leaves no process behind: each that a test starts carries a mark in its environment, and whoever is
 * found with it afterwards is named, ended, and fails the run.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const MARK = 'SIGKIT_TEST_RUN'

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return '' // gone, or somebody else's
  }
}

/** Those that carry the mark, but not the runner's own workers. */
function marked(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) return false
    const [state, ppid] = (/\) (.*)/s.exec(read(pid, 'stat'))?.[1] ?? '').split(' ')
    if (state === 'Z' || ppid === String(process.pid)) return false
    return read(pid, 'environ').split('\0').includes(mark)
  })
}

/** Who has been killed, or sees the end of its input, may take a moment. */
const PATIENCE_MS = 5000

export default function setUp(): () => Promise<void> {
  const value = String(process.pid)
  process.env[MARK] = value
  return async () => {
    const deadline = performance.now() + PATIENCE_MS
    let left = marked(`${MARK}=${value}`)
    while (left.length > 0 && performance.now() < deadline) {
      await pause(50)
      left = marked(`${MARK}=${value}`)
    }
    const lines = left.map((pid) => `${pid}: ${read(pid, 'cmdline').replaceAll('\0', ' ').slice(0, 200)}`)
    for (const pid of left) process.kill(Number(pid), 'SIGKILL')
    if (left.length === 0) return
    process.exitCode = 1 // what is thrown here is only printed
    throw new Error(`the tests left processes behind:\n${lines.join('\n')}`)
  }
}
