/** Handlers that come, go and are replaced at the moments that hurt: what is there afterwards, and who is called. */
import { describe, expect, test } from 'vitest'
import { addonPath } from './helpers/addon.js'
import { programPath, startNode, type NodeOptions } from './helpers/fixture.js'
import { NEEDS_REAL_SIGNALS, signalsHeldBack } from './helpers/needs.js'

const file = 'handlers-lifecycle.mjs'

async function lines(args: readonly string[], options: NodeOptions = {}): Promise<unknown[]> {
  const program = startNode(file, { ...options, args })
  const report = await program.report()
  expect(report.ending, program.stderr).toEqual({ code: 0, signal: null })
  return report.lines
}

describe('a signal that comes between the arming of its deadline and the subscription', () => {
  test.each(['deadline', 'onSecond'])('%s: it is delivered, or does not count', async (option) => {
    expect(await lines(['since', addonPath, option])).toContainEqual(
      expect.objectContaining({ alive: true }) as unknown,
    )
  })
})

// Node ignores SIGPIPE and SIGXFSZ; the others have the default action.
test.each([
  ['SIGPIPE', 'ignore'],
  ['SIGXFSZ', 'ignore'],
  ['SIGUSR2', 'default'],
])(
  '%s closed in the main thread and then in a Worker: what was there stays when the loop turns',
  async (signal, before) => {
    expect(await lines(['spare', signal])).toEqual([{ before, closed: before, after: before }])
  },
)

test.each([
  ['default', 'default'],
  ['foreign', 'handler'],
])('no prompt goes to another thread while it is not our handler that is there: %s', async (what, now) => {
  expect(await lines(['prompt', what])).toEqual([{ survived: now }])
})

test('a Worker that subscribes to a real-time signal blocks it itself, and leaves it to the main thread', async () => {
  expect(await lines(['mask'])).toEqual([{ worker: true, main: false }])
})

describe('setDisposition', () => {
  test('disposed of while the signal is handled: what was there is back after the last subscription, once', async () => {
    expect(await lines(['disposeWhileHandled'])).toEqual([
      { installed: true, count: 1 },
      { now: 'default', same: true },
      { now: 'ignore' },
    ])
  })

  test("disposed of after process.on has gone: libuv's handler, which nobody listens to, is not put back", async () => {
    const { lines, ending } = await startNode(file, { args: ['disposeAfterListener'] }).report()
    expect(lines).toEqual([{ now: 'default' }])
    expect(ending).toEqual({ code: null, signal: 'SIGUSR2' })
  })
})

test.skipIf(signalsHeldBack)(
  `process.on is not deaf when more has come than libuv's pipe takes ${NEEDS_REAL_SIGNALS}`,
  async () => {
    expect(await lines(['budget'])).toEqual([{ ours: 2000 }, { ours: 20, on: 20 }])
  },
)

test('subscribed again under a neighbour that calls what it has replaced: each is called once', async () => {
  const foreign = { foreign: 12 }
  expect(await lines(['chain'])).toEqual([
    { installed: false },
    foreign,
    { round: 1 },
    { installed: false },
    foreign,
    { round: 2 },
    foreign,
    { over: true },
  ])
})

test('subscribing that fails for want of descriptors takes no memory each time', async () => {
  const [report] = await lines(['leak'], { descriptors: 64 })
  expect(report).toMatchObject({ codes: ['EMFILE'] })
  expect((report as { grown: number }).grown, 'MiB').toBeLessThan(100) // one inbox is 10, and this is 50 times
})

test('stopped by the default action of a deadline, and continued: every thread blocks what it blocked before', async () => {
  const wrapper = [programPath('waiter'), '20', '0']
  const report = await lines(['stop'], { wrapper })
  expect(report).toEqual([
    { differing: 0, threads: true, installed: true },
    expect.objectContaining({ stopped: [[20, expect.any(String)]], exited: 0, signal: null }),
  ])
})
