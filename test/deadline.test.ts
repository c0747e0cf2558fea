/**
 * Deadlines and second signals act natively, whatever JavaScript does: the parent sees how the process really ended,
 * and when.
 */
import { onSignal, signalNumber, type Signal, type SubscribeOptions } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { expectWithin } from './helpers/claim.js'
import { nodeCommand, programPath, startNode } from './helpers/fixture.js'
import { NEEDS_REAL_SIGNALS, signalsHeldBack } from './helpers/needs.js'
import { canNamespace, inNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'
import { thrown } from './helpers/thrown.js'

const MS = 150

/** Enough for JavaScript to be called first, or to have handled it, on a machine with much else to do. */
const AMPLE = 800

/** How late it may be, in ms, and where other processes want the same CPUs or a sanitizer slows the end down. */
const TOLERANCE = 50
const LOADED = 2000

interface Outcome {
  lines: unknown[]
  exited: number | null
  signal: number | null
  /** Signals that stopped it. */
  stopped: number[]
  /** ms from the last signal to the end. */
  took: number
}

interface Run {
  busy: 'loop' | 'wait' | 'child' | 'free' | 'stopped'
  signals: Signal | readonly Signal[]
  options: SubscribeOptions
  listener?: string
  reports?: number
  /** What is sent, and how many ms apart. */
  send: readonly Signal[]
  gap?: number
  /** The command prefix of the Node process: a namespace. */
  prefix?: readonly string[]
}

async function run({ prefix = [], send, gap = 0, ...how }: Run): Promise<Outcome> {
  const args = [
    how.busy,
    JSON.stringify(how.signals),
    JSON.stringify(how.options),
    how.listener ?? 'quick',
    String(how.reports ?? 1),
  ]
  const list = send.map((signal) => signalNumber(signal)).join(',')
  const wrapper = [programPath('waiter'), list, String(gap), ...prefix]
  const program = startNode('deadline.mjs', { wrapper, args })
  const { lines } = await program.report()
  const last = lines.pop() as {
    sent: string
    ended: string
    stopped: [number, string][]
    exited: number | null
    signal: number | null
  }
  return {
    lines,
    exited: last.exited,
    signal: last.signal,
    stopped: last.stopped.map(([signal]) => signal),
    took: Number(BigInt(last.ended) - BigInt(last.sent)) / 1e6,
  }
}

/** Bare: the same process in the same state, ended by SIGKILL from outside. */
async function onTime(ms: number, how: Run, expected: Partial<Outcome>): Promise<void> {
  await expectWithin(
    ms + TOLERANCE,
    async () => {
      const outcome = await run(how)
      expect(outcome).toMatchObject(expected)
      expect(outcome.took).toBeGreaterThanOrEqual(ms)
      expect(outcome.took).toBeLessThan(ms + LOADED)
      return outcome.took
    },
    async () => (await run({ ...how, options: {}, send: ['SIGKILL'] })).took,
  )
}

const busies = ['loop', 'wait', 'child'] as const

/** Where ThreadSanitizer hands the signal over: in a system call. */
const blocked = signalsHeldBack ? 'child' : 'loop'

describe.skipIf(signalsHeldBack).each(busies)(`JavaScript is in: %s ${NEEDS_REAL_SIGNALS}`, (busy) => {
  test.each([
    ['default', { exited: null, signal: 15 }],
    ['kill', { exited: null, signal: 9 }],
    [{ exit: 42 }, { exited: 42, signal: null }],
  ] as const)('deadline %j', async (then, ending) => {
    const how: Run = { busy, signals: 'SIGTERM', options: { deadline: { ms: MS, then } }, send: ['SIGTERM'] }
    await onTime(MS, how, { ...ending, lines: [] })
  })

  test.each([
    ['default', { exited: null, signal: 2 }],
    [{ exit: 41 }, { exited: 41, signal: null }],
  ] as const)('onSecond %j: Ctrl-C twice', async (onSecond, ending) => {
    const how: Run = { busy, signals: 'SIGINT', options: { onSecond }, send: ['SIGINT', 'SIGINT'], gap: 100 }
    await onTime(0, how, { ...ending, lines: [] })
  })
})

async function defaultAction(signal: Signal, number: number): Promise<void> {
  const options: SubscribeOptions = { deadline: { ms: 1, then: 'default' } }
  const { lines, ...ending } = await run({ busy: blocked, signals: signal, options, send: [signal] })
  expect([lines, ending.signal, ending.exited]).toEqual([[], number, null])
}

test.each([
  ['SIGHUP', 1],
  ['SIGUSR2', 12],
  ['SIGPIPE', 13],
  ['SIGXFSZ', 25],
] as const)('the default action of %s', defaultAction)

// Of a real-time signal, a busy thread is asked to block it by one of the same number. While ThreadSanitizer holds that
// back the thread does not block it yet, takes this one too, and the runtime keeps one of each number.
test.skipIf(signalsHeldBack)(`the default action of SIGRTMIN+2 ${NEEDS_REAL_SIGNALS}`, () =>
  defaultAction('SIGRTMIN+2', 36),
)

test('a deadline of 0 ms', async () => {
  const options: SubscribeOptions = { deadline: { ms: 0, then: { exit: 3 } } }
  expect(await run({ busy: blocked, signals: 'SIGTERM', options, send: ['SIGTERM'] })).toMatchObject({
    exited: 3,
  })
})

describe('handled in time, nothing happens', () => {
  // The process ends 300 ms after the deadline, with 7.
  const deadline: SubscribeOptions = { deadline: { ms: AMPLE, then: 'kill' } }
  test.each([
    ['a listener that returns', 'quick', []],
    ['one that throws', 'throwing', [{ uncaught: 'a throwing listener' }]],
    ['a promise that settles', 'settles', []],
    ['a promise that rejects', 'rejects', [{ uncaught: 'a rejecting listener' }]],
  ])('%s', async (_, listener, more) => {
    const how: Run = { busy: 'free', signals: 'SIGTERM', options: deadline, listener, send: ['SIGTERM'] }
    expect(await run(how)).toMatchObject({ exited: 7, signal: null, lines: [{ called: 'SIGTERM' }, ...more] })
  })

  test('the next one has its own time', async () => {
    const how: Run = {
      busy: 'free',
      signals: 'SIGTERM',
      options: { ...deadline, onSecond: { exit: 41 } },
      reports: 3,
      send: ['SIGTERM', 'SIGTERM', 'SIGTERM'],
      gap: AMPLE / 2,
    }
    expect(await run(how)).toMatchObject({ exited: 7, lines: Array(3).fill({ called: 'SIGTERM' }) })
  })

  test('once', async () => {
    const options: SubscribeOptions = { ...deadline, once: true, keepAlive: true }
    const how: Run = { busy: 'free', signals: 'SIGTERM', options, listener: 'settles', send: ['SIGTERM'] }
    expect(await run(how)).toMatchObject({ exited: 7, lines: [{ called: 'SIGTERM' }] })
  })
})

describe('called, and not done in time', () => {
  test.each([
    ['a promise that never settles', 'hangs', {}],
    ['a thenable that never settles', 'thenable', {}],
    ['a promise of another realm', 'otherRealm', {}],
    ['a listener that never returns', 'loops', {}],
    ['once: a promise that never settles', 'hangs', { once: true }],
    ['once: a listener that never returns', 'loops', { once: true }],
  ])('%s', async (_, listener, more) => {
    const options: SubscribeOptions = { deadline: { ms: AMPLE, then: 'default' }, ...more }
    const how: Run = { busy: 'free', signals: 'SIGTERM', options, listener, send: ['SIGTERM'] }
    await onTime(AMPLE, how, { signal: 15, lines: [{ called: 'SIGTERM' }] })
  })

  test('a promise that settles too late', async () => {
    const options: SubscribeOptions = { deadline: { ms: 10, then: { exit: 5 } } }
    const how: Run = { busy: 'free', signals: 'SIGTERM', options, listener: 'settles', send: ['SIGTERM'] }
    expect(await run(how)).toMatchObject({ exited: 5, lines: [{ called: 'SIGTERM' }] })
  })

  test('onSecond while the promise of the first is pending', async () => {
    const options: SubscribeOptions = { onSecond: 'default' }
    const send: Signal[] = ['SIGTERM', 'SIGTERM']
    const how: Run = { busy: 'free', signals: 'SIGTERM', options, listener: 'hangs', send, gap: AMPLE }
    expect(await run(how)).toMatchObject({ signal: 15, lines: [{ called: 'SIGTERM' }] })
  })
})

test('each signal of a subscription counts for itself', async () => {
  const options: SubscribeOptions = { onSecond: { exit: 41 }, deadline: { ms: 300, then: { exit: 42 } } }
  const send: Signal[] = ['SIGTERM', 'SIGINT']
  expect(await run({ busy: blocked, signals: send, options, send, gap: 50 })).toMatchObject({ exited: 42 })
})

describe('SIGTSTP: default stops, and after SIGCONT all goes on', () => {
  test('deadline: JavaScript, free again, handles it once, and nothing stops it again', async () => {
    const outcome = await run({
      busy: 'stopped',
      signals: 'SIGTSTP',
      options: { deadline: { ms: MS, then: 'default' } },
      send: ['SIGTSTP'],
    })
    expect(outcome).toMatchObject({ stopped: [20], exited: 7, lines: [{ called: 'SIGTSTP' }] })
  })

  test('again and again', async () => {
    const how: Run = {
      busy: 'free',
      signals: 'SIGTSTP',
      options: { deadline: { ms: 50, then: 'default' } },
      listener: 'settles',
      reports: 1,
      send: ['SIGTSTP'],
    }
    // Settles after 50 ms: about as long as the deadline; whichever is first, the process goes on.
    const outcome = await run(how)
    expect(outcome.exited).toBe(7)
    expect(outcome.stopped.length).toBeLessThanOrEqual(1)
  })

  test('onSecond', async () => {
    const outcome = await run({
      busy: 'free',
      signals: ['SIGTSTP', 'SIGTERM'],
      options: { onSecond: 'default', deadline: { ms: AMPLE, then: { exit: 44 } } },
      listener: 'hangs',
      send: ['SIGTSTP', 'SIGTSTP', 'SIGTERM'],
      gap: 100,
    })
    expect(outcome).toMatchObject({ stopped: [20], exited: 44 })
  })
})

describe.runIf(canNamespace && !signalsHeldBack)(
  `as PID 1 of a namespace: 128 + n ${NEEDS_NAMESPACE}`,
  () => {
    // unshare passes the code on. With a SIGKILL from inside PID 1 does nothing either.
    test.each([
      ['deadline default', { deadline: { ms: MS, then: 'default' } }, 143],
      ['deadline kill', { deadline: { ms: MS, then: 'kill' } }, 137],
      ['deadline exit', { deadline: { ms: MS, then: { exit: 42 } } }, 42],
      ['onSecond default', { onSecond: 'default' }, 143],
      ['onSecond exit', { onSecond: { exit: 41 } }, 41],
    ] as const)('%s', async (_, options, code) => {
      // Sent by an outer process to the inner one: by a script, for the waiter knows only the wrapper.
      const command = nodeCommand('pid-1.mjs', [JSON.stringify(options)])
      const program = startNode('pid-1.mjs', {
        wrapper: inNamespace,
        detached: true,
        args: [JSON.stringify(options)],
      })
      const { ending } = await program.report()
      expect(ending, command.join(' ')).toEqual({ code, signal: null })
    })
  },
)

describe('refusals', () => {
  test.each(['SIGWINCH', 'SIGCONT', 'SIGURG'] as const)('default of %s neither ends nor stops', (signal) => {
    const refused: SubscribeOptions[] = [{ deadline: { ms: 1, then: 'default' } }, { onSecond: 'default' }]
    for (const options of refused) {
      for (const signals of [signal, ['SIGTERM', signal]] as const) {
        const error = thrown(() => onSignal(signals, () => undefined, options))
        expect(error.code).toBe('ERR_INVALID_ARG_VALUE')
        expect(error.message).toContain(signal)
      }
    }
  })

  test.each(['SIGWINCH', 'SIGCONT'] as const)('kill and exit of %s are taken', (signal) => {
    onSignal(signal, () => undefined, { deadline: { ms: 1, then: 'kill' }, onSecond: { exit: 1 } }).close()
  })
})

test('as many deadlines as there are slots, given back when they close; one more is refused', () => {
  const options: SubscribeOptions = { deadline: { ms: 1000, then: 'kill' } }
  for (let round = 0; round < 3; round++) {
    const all = Array.from({ length: 256 }, () => onSignal('SIGUSR2', () => undefined, options))
    expect(thrown(() => onSignal('SIGUSR2', () => undefined, options)).code).toBe('ENOSPC')
    for (const subscription of all) subscription.close()
  }
})
