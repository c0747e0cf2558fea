// The tour's cast: children that say when they are ready, and how they ended.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Starts a program and waits for the first line it prints, where it announces itself. */
export async function start(command, args, { announces = true, ...options } = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await once(child, 'spawn')
  const { value: firstLine } = announces ? await lines.next() : {}
  return { child, firstLine, nextLine: async () => (await lines.next()).value, ended: once(child, 'exit') }
}

/** A Node child that takes SIGTERM, says so, and stays. */
export function stubborn() {
  const program = `process.on('SIGTERM', () => console.log('SIGTERM? Not today.'))
    setInterval(() => {}, 1e9); console.log('ready')`
  return start(process.execPath, ['-e', program])
}
