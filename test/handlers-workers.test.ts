/** Subscriptions of Workers: each for itself, gone with it, and nothing crashes when the signal comes then. */
import { describe, expect, test } from 'vitest'
import { startNode } from './helpers/fixture.js'
import { signalsHeldBack } from './helpers/needs.js'
import { Sender } from './helpers/sender.js'

async function lines(scenario: string): Promise<unknown[]> {
  const program = startNode('hub-workers.mjs', { args: [scenario] })
  const report = await program.report()
  expect(report.ending, program.stderr).toEqual({ code: 0, signal: null })
  expect(report.lines.pop(), 'the last line').toEqual({ over: true })
  return report.lines
}

describe('several Workers and the main thread', () => {
  test('all get it, and the rest when some have ended', async () => {
    expect(await lines('all')).toEqual([
      { told: ['SIGUSR2', 'SIGUSR2', 'SIGUSR2'] },
      { told: ['SIGRTMIN+1', 'SIGRTMIN+1', 'SIGRTMIN+1'] },
      { counts: [2, 2] },
      { counts: [3, 3] },
    ])
  })

  test("the end of one leaves the others'", async () => {
    expect(await lines('other')).toEqual([
      { count: 1, installed: true },
      { told: 'SIGUSR2', count: 1 },
      { now: 'default' },
    ])
  })

  test('process.on is called beside them, and after them', async () => {
    expect(await lines('beside')).toEqual([{ count: 1 }, { count: 2 }])
  })

  test('raise of a subscribed signal in a Worker reaches everybody', async () => {
    expect(await lines('raise')).toEqual([
      { signal: 'SIGUSR2', events: ['SIGUSR2', 'SIGUSR2', 'SIGUSR2'] },
      { signal: 'SIGRTMIN+1', events: ['SIGRTMIN+1', 'SIGRTMIN+1', 'SIGRTMIN+1'] },
      { signal: 'SIGRTMIN+1', events: ['SIGRTMIN+1', 'SIGRTMIN+1', 'SIGRTMIN+1'] },
    ])
  })
})

test('a Worker that had the last subscription, and ends, is terminated, or closes: what was there is back', async () => {
  const signals = ['SIGUSR2', 'SIGTERM', 'SIGPIPE', 'SIGRTMIN+1']
  const ways = ['ends', 'terminated', 'closes']
  expect(await lines('last')).toEqual(
    signals.flatMap((signal) => ways.map((how) => ({ signal, how, during: 'handler', back: true }))),
  )
})

// ThreadSanitizer makes a Worker take ten times as long.
const COUNT = signalsHeldBack ? 50 : 200

test(`${COUNT} Workers come and go under fire`, async () => {
  const program = startNode('hub-workers.mjs', { args: ['churn', String(COUNT)] })
  const { pid } = await program.next<{ pid: number }>('ready')
  const senders = [await Sender.start(), await Sender.start()]
  let over = false
  const fire = Promise.all(
    senders.map(async (sender, index) => {
      while (!over) {
        await sender.send('paced', pid, [12, 35][index] ?? 12, 100)
      }
    }),
  )
  const report = await program.next('all Workers to be over')
  over = true
  await fire
  expect(report).toEqual({ same: true, caught: true, installed: true })
  program.write('over')
  expect(await program.ended(), program.stderr).toEqual({ code: 0, signal: null })
})

test('20 000 times subscribed and closed under fire: every signal is handled, by us or by process.on', async () => {
  const program = startNode('hub-workers.mjs', { args: ['toggle', '20000'] })
  const { pid } = await program.next<{ pid: number }>('ready')
  const [standard, realtime] = [await Sender.start(), await Sender.start()]
  const toggled = program.next('the toggles')
  let over = false
  const fire = async (sender: Sender, ...command: (string | number)[]): Promise<number> => {
    let sent = 0
    while (!over) sent += (await sender.send(...command)).sent
    return sent
  }
  const counts = Promise.all([
    fire(standard, 'paced', pid, 12, 100),
    signalsHeldBack ? 0 : fire(realtime, 'paced', pid, 35, 100),
  ])
  await toggled
  over = true
  const [standardSent, realtimeSent] = await counts
  program.write('over')
  const report = await program.next<Record<string, number>>('the counts')
  if (signalsHeldBack) return // it has not crashed
  // process.on is below us: it is called for each one, whoever else is.
  expect(report).toMatchObject({ on: standardSent, stays: realtimeSent })
  // Of ours each was there for some.
  for (const [ours, sent] of [
    [report.standard, standardSent],
    [report.realtime, realtimeSent],
  ]) {
    expect(ours).toBeGreaterThan(0)
    expect(ours).toBeLessThanOrEqual(sent ?? 0)
  }
  expect(standardSent).toBeGreaterThan(100)
  expect(await program.ended(), program.stderr).toEqual({ code: 0, signal: null })
})
