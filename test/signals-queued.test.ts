/** Many signals: real-time ones complete and in order, what does not fit counted, and no harm done to anybody's work. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startNode } from './helpers/fixture.js'
import { inOwnProcess } from './helpers/own-process.js'
import { NEEDS_REAL_SIGNALS, signalsHeldBack } from './helpers/needs.js'
import { withOwnQueue } from './helpers/privilege.js'
import type { Program } from './helpers/program.js'
import { Sender } from './helpers/sender.js'
import { temporaryDirectory } from './helpers/temporary-directory.js'

const SIGRTMIN = 34

interface Counts {
  delivered: number
  lost: number
  breaks: number
  wrong: number
  events: number
}

/** More than the ring has room for: 2^17. */
const RING = 2 ** 17

/** For the receiver too, which has a uid of its own. */
function readableDirectory(): string {
  const directory = temporaryDirectory()
  chmodSync(directory, 0o755)
  return directory
}

async function ready(program: Program): Promise<number> {
  return (await program.next<{ pid: number }>('ready')).pid
}

describe.skipIf(signalsHeldBack)(`JavaScript is blocked meanwhile ${NEEDS_REAL_SIGNALS}`, () => {
  // The kernel queues fewer (RLIMIT_SIGPENDING): the handler takes them all the same.
  test('100 000 of one number: all, in order, with their values', async () => {
    const cwd = readableDirectory()
    const program = startNode('queued.mjs', {
      wrapper: withOwnQueue,
      cwd,
      args: ['blocked', '100000', String(SIGRTMIN), '1'],
    })
    const [pid, sender] = [await ready(program), await Sender.start()]
    await sender.send('queue', pid, SIGRTMIN, 0, 100_000)
    writeFileSync(join(cwd, 'sent'), '')
    const counts = await program.next<Counts>('the count')
    expect(counts).toEqual({ delivered: 100_000, lost: 0, breaks: 0, wrong: 0, events: 100_000 })
  })

  test('past the size of the ring: the first ones are delivered, the rest is counted', async () => {
    const cwd = readableDirectory()
    const total = RING + 20_000
    const args = ['blocked', String(total), String(SIGRTMIN), '1']
    const program = startNode('queued.mjs', { wrapper: withOwnQueue, cwd, args })
    const [pid, sender] = [await ready(program), await Sender.start()]
    await sender.send('queue', pid, SIGRTMIN, 0, total)
    writeFileSync(join(cwd, 'sent'), '')
    const counts = await program.next<Counts>('the count')
    expect(counts).toEqual({ delivered: RING, lost: 20_000, breaks: 0, wrong: 0, events: RING })
  })
})

test.skipIf(signalsHeldBack)(
  `several numbers that wait together: lowest first, each in its order ${NEEDS_REAL_SIGNALS}`,
  async () => {
    const cwd = readableDirectory()
    const [each, numbers] = [2000, 8]
    const args = ['blocked', String(each * numbers), String(SIGRTMIN + 2), String(numbers)]
    const program = startNode('queued.mjs', { wrapper: withOwnQueue, cwd, args })
    const [pid, sender] = [await ready(program), await Sender.start()]
    await sender.send('kill', pid, 19)
    for (let number = numbers - 1; number >= 0; number--) {
      await sender.send('queue', pid, SIGRTMIN + 2 + number, 0, each)
    }
    await sender.send('kill', pid, 18)
    writeFileSync(join(cwd, 'sent'), '')
    const total = each * numbers
    const counts = await program.next<Counts>('the count')
    expect(counts).toEqual({ delivered: total, lost: 0, breaks: 0, wrong: 0, events: total })
  },
)

test.skipIf(signalsHeldBack)(
  `many numbers subscribed at once: every other thread blocks each of them ${NEEDS_REAL_SIGNALS}`,
  async () => {
    const holes = await inOwnProcess(
      async ({ sigkit, startWorker, once, readdirSync, readFileSync, until }, first: number) => {
        const numbers = Array.from({ length: 24 }, (_, index) => first + index)
        const all = numbers.reduce((mask, number) => mask | (1n << BigInt(number - 1)), 0n)
        const open = (): string[] =>
          readdirSync('/proc/self/task').filter((tid) => {
            if (Number(tid) === process.pid) return false
            const status = readFileSync(`/proc/self/task/${tid}/status`, 'latin1')
            return (BigInt(`0x${/SigBlk:\s*(\w+)/.exec(status)?.[1] ?? ''}`) & all) !== all
          })
        // New threads each time: a thread that once was asked keeps the number blocked.
        for (let run = 0; run < 12; run++) {
          const workers = Array.from({ length: 4 }, () =>
            startWorker(({ port }) => {
              port.postMessage('ready')
              for (;;);
            }, null),
          )
          await Promise.all(workers.map((worker) => once(worker, 'message')))
          const subscription = sigkit.onSignal(numbers, () => undefined)
          await until(() => open().length === 0, `the threads to block what they are asked to, run ${run}`)
          subscription.close()
          await Promise.all(workers.map((worker) => worker.terminate()))
        }
        return open()
      },
      SIGRTMIN + 2,
    )
    expect(holes).toEqual([])
  },
)

describe.skipIf(signalsHeldBack)(`JavaScript runs meanwhile ${NEEDS_REAL_SIGNALS}`, () => {
  test.each([1, 2])(
    '300 000 from %i senders: delivered + lost is what was sent, each sender in order',
    async (count) => {
      const total = 300_000
      const program = startNode('queued.mjs', {
        wrapper: withOwnQueue,
        args: ['flowing', String(total), String(SIGRTMIN)],
      })
      const pid = await ready(program)
      const senders = await Promise.all(Array.from({ length: count }, () => Sender.start()))
      await Promise.all(senders.map((sender) => sender.send('queue', pid, SIGRTMIN, 0, total / count)))
      const counts = await program.next<Counts>('the count')
      expect(counts.delivered + counts.lost).toBe(total)
      expect(counts.events).toBe(counts.delivered)
      expect(counts.wrong).toBe(0)
      if (count === 1) expect(counts.breaks).toBe(0)
    },
  )
})

test('a storm of 1 000 000 standard signals: no crash, no EINTR, nobody disturbed', async () => {
  const signals = ['SIGUSR2', 'SIGWINCH', 'SIGURG', 'SIGHUP']
  const program = startNode('storm.mjs', { args: signals })
  const [pid, senders] = [await ready(program), [await Sender.start(), await Sender.start()]]
  const sent = await Promise.all(senders.map((sender) => sender.send('storm', pid, 500_000, 12, 28, 23, 1)))
  expect(sent.map(({ sent: each }) => each)).toEqual([500_000, 500_000])
  program.write('over')
  const report = await program.next<Record<string, number> & { failures: string[] }>('the report')
  expect(report.failures).toEqual([])
  expect(report.delivered).toBeGreaterThan(100)
  for (const what of ['files', 'sockets', 'children']) expect(report[what], what).toBeGreaterThan(0)
  expect(await program.ended(), program.stderr).toEqual({ code: 0, signal: null })
})
