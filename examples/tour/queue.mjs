import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sigqueue } from 'sigkit'
import { start } from './children.mjs'
import { heading, say, show } from './print.mjs'

const values = [
  ['42', 42],
  ['-1', -1],
  ['0x1122334455667788n', 0x1122334455667788n],
]

const source = fileURLToPath(new URL('../receiver.c', import.meta.url))

export async function run() {
  heading('A value travels with a real-time signal')
  const folder = mkdtempSync(join(tmpdir(), 'sigkit-tour-'))
  try {
    const receiver = join(folder, 'receiver')
    if (spawnSync('cc', ['-o', receiver, source], { stdio: 'inherit' }).status !== 0) {
      say('(no C compiler for the little receiver: skipped)')
      return
    }
    const { child, firstLine, nextLine, ended } = await start(receiver, [])
    say(firstLine)
    for (const [text, value] of values) {
      show(`sigqueue(${child.pid}, 'SIGRTMIN+3', ${text})`, () => sigqueue(child.pid, 'SIGRTMIN+3', value))
      say(`the receiver got ${await nextLine()}`)
    }
    child.stdin.end()
    child.kill()
    await ended
  } finally {
    rmSync(folder, { recursive: true })
  }
}
