/** `sigkit init` under load and at rest: orphans by the thousand, every exit code, nothing at all. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { expectWithin } from './helpers/claim.js'
import { programPath } from './helpers/fixture.js'
import { initCommand, run, Watched } from './helpers/init.js'
import { canNamespace, inNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'

// SIGKIT_EXIT_CODES: how many of the 256, each of which is a start of Node; 32 unless said otherwise.
const CODES = Number(process.env.SIGKIT_EXIT_CODES ?? 32)

describe('exit codes', () => {
  const SLICES = 8
  test.each(Array.from({ length: SLICES }, (_, slice) => slice))(
    `${CODES} of 256, part %i`,
    async (slice) => {
      const codes = Array.from(
        { length: CODES },
        (_, index) => Math.floor(((index + 1) * 256) / CODES) - 1,
      ).filter((_, index) => index % SLICES === slice)
      const left = [...codes]
      const seen = new Map<number, number | null>()
      const worker = async (): Promise<void> => {
        for (let code = left.pop(); code !== undefined; code = left.pop()) {
          const outcome = await run(initCommand('sigkit', { subreaper: true }, ['sh', '-c', `exit ${code}`]))
          seen.set(code, outcome.code)
        }
      }
      await Promise.all([worker(), worker(), worker(), worker()])
      expect([...seen].filter(([code, exit]) => code !== exit)).toEqual([])
      expect(seen.size).toBe(codes.length)
      expect(seen.size).toBeGreaterThan(0)
    },
  )
})

test.skipIf(!canNamespace)(
  `1000 orphans that end at once are reaped within a second ${NEEDS_NAMESPACE}`,
  async () => {
    // Looked at by a glob, which bash does itself: a ps costs as much as what is measured.
    const script =
      'own=(/proc/[0-9]*); for i in {1..1000}; do (sleep 1000 &); done; orphans=$(ps -o pid= -C sleep); ' +
      '[ $(wc -w <<< "$orphans") = 1000 ] || exit 1; start=${EPOCHREALTIME/./}; kill -TERM -- $orphans; ' +
      'while all=(/proc/[0-9]*); [ ${#all[@]} -gt ${#own[@]} ]; do :; done; echo $((${EPOCHREALTIME/./} - start))'
    const took = async (command: readonly string[]): Promise<number> => {
      const { code, stdout } = await run([...command, 'bash', '-c', script])
      expect(code).toBe(0)
      return Number(stdout) / 1000
    }
    await expectWithin(
      1000,
      () => took(initCommand('sigkit', {}, [])),
      () => took([...inNamespace, programPath('reap-loop')]),
    )
  },
)

function wakeUps(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((tid) => readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8'))
    .reduce((sum, text) => sum + Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(text)?.[1]), 0)
}

test('while nothing happens it does not wake up', async () => {
  const init = await Watched.start({ subreaper: true })
  // What Node does after its start (V8's concurrent work) is over when two looks in a row see nothing.
  let before = wakeUps(init.pid)
  for (let rounds = 0; rounds < 20; rounds++) {
    await sleep(500)
    const now = wakeUps(init.pid)
    if (now === before) break
    before = now
  }
  await sleep(2000)
  expect(wakeUps(init.pid) - before).toBe(0)
})
