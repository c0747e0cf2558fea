/** Signals as an iterator, and as a promise. */
import {
  disposition,
  kill,
  onSignal,
  raise,
  signalEvents,
  sigqueue,
  waitForSignal,
  WaitTimeoutError,
  type Signal,
  type SignalEvent,
  type SignalEvents,
} from 'sigkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { within } from './helpers/deadline.js'
import { allDelivered } from './helpers/events.js'
import { startNode } from './helpers/fixture.js'
import { NEEDS_REAL_SIGNALS, signalsHeldBack } from './helpers/needs.js'
import { thrown, type Thrown } from './helpers/thrown.js'

function eventsOf(...args: Parameters<typeof signalEvents>): SignalEvents {
  const events = signalEvents(...args)
  onTestFinished(async () => {
    await events.return?.()
  })
  return events
}

const step = async (events: SignalEvents): Promise<IteratorResult<SignalEvent>> =>
  within(events.next(), 'a step')

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await within(promise, 'a rejection')
  } catch (error) {
    return error
  }
  throw new Error('it did not reject')
}

describe('signalEvents', () => {
  test.skipIf(signalsHeldBack)(
    `gives what came before it is asked, then what comes, in order ${NEEDS_REAL_SIGNALS}`,
    async () => {
      const events = eventsOf(['SIGRTMIN', 'SIGRTMIN+1'])
      for (const value of [1, 2, 3]) sigqueue(process.pid, 'SIGRTMIN+1', value)
      await allDelivered()
      const seen: (bigint | null)[] = []
      for await (const { value } of events) {
        seen.push(value)
        if (seen.length === 3) sigqueue(process.pid, 'SIGRTMIN', 4)
        if (seen.length === 4) break
      }
      expect(seen).toEqual([1n, 2n, 3n, 4n])
      expect(events.lost).toBe(0)
      expect(disposition('SIGRTMIN')).toBe('default')
    },
  )

  test('break, return and throw in the loop close it; more steps are done', async () => {
    const broken = eventsOf('SIGUSR2')
    raise('SIGUSR2')
    for await (const event of broken) {
      expect(event.signal).toBe('SIGUSR2')
      expect(disposition('SIGUSR2')).toBe('handler')
      break
    }
    expect(disposition('SIGUSR2')).toBe('default')
    expect(await broken.next()).toEqual({ done: true, value: undefined })
    expect(await broken.return?.()).toEqual({ done: true, value: undefined })
  })

  test.skipIf(signalsHeldBack)(
    `several steps at once: each gets one, in turn; return ends those that wait ${NEEDS_REAL_SIGNALS}`,
    async () => {
      const events = eventsOf('SIGRTMIN')
      const steps = [events.next(), events.next(), events.next()]
      for (const value of [1, 2]) sigqueue(process.pid, 'SIGRTMIN', value)
      const got = await within(Promise.all(steps.slice(0, 2)), 'two steps')
      expect(got.map(({ value }) => (value as SignalEvent).value)).toEqual([1n, 2n])
      await events.return?.()
      expect(await steps[2]).toEqual({ done: true, value: undefined })
    },
  )

  test.skipIf(signalsHeldBack)(
    `4096 wait unread, the rest is lost and counted ${NEEDS_REAL_SIGNALS}`,
    async () => {
      const events = eventsOf('SIGRTMIN')
      for (let value = 0; value < 5000; value++) sigqueue(process.pid, 'SIGRTMIN', value)
      await allDelivered()
      expect(events.lost).toBe(5000 - 4096)
      const [first, second] = [await step(events), await step(events)]
      expect([first, second].map(({ value }) => (value as SignalEvent).value)).toEqual([0n, 1n])
      sigqueue(process.pid, 'SIGRTMIN', 5000)
      await allDelivered()
      expect(events.lost).toBe(5000 - 4096)
    },
  )

  test('abort rejects the pending step with the reason, then it is done, and closed', async () => {
    const controller = new AbortController()
    const events = eventsOf('SIGUSR2', { signal: controller.signal })
    const pending = rejection(events.next())
    controller.abort('enough')
    expect(await pending).toBe('enough')
    expect(await events.next()).toEqual({ done: true, value: undefined })
    expect(disposition('SIGUSR2')).toBe('default')
  })

  test('abort between steps: the next one rejects, and what was unread is gone', async () => {
    const controller = new AbortController()
    const events = eventsOf('SIGUSR2', { signal: controller.signal })
    raise('SIGUSR2')
    await allDelivered()
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await rejection(events.next())).toBe(reason)
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  test('aborted before: the first step rejects, nothing is installed', async () => {
    const events = eventsOf('SIGUSR2', { signal: AbortSignal.abort('never') })
    expect(disposition('SIGUSR2')).toBe('default')
    expect(await rejection(events.next())).toBe('never')
  })

  test.each([
    ['SIGKILL', undefined, 'EINVAL'],
    ['SIGCHLD', undefined, 'ERR_SIGNAL_RESERVED'],
    ['SIGUSR1', undefined, 'ERR_SIGNAL_RESERVED'],
    [[], undefined, 'ERR_INVALID_ARG_VALUE'],
    ['SIGUSR2', null, 'ERR_INVALID_ARG_TYPE'],
    ['SIGUSR2', { signal: 'abort' }, 'ERR_INVALID_ARG_TYPE'],
  ])('refuses at the call: %j, %j', (signal, options, code) => {
    expect(thrown(() => signalEvents(signal as Signal, options as object)).code).toBe(code)
    expect(disposition('SIGUSR2')).toBe('default')
  })
})

describe('waitForSignal', () => {
  test('resolves with the next one, and closes', async () => {
    const waiting = waitForSignal(['SIGHUP', 'SIGRTMIN'])
    expect(disposition('SIGHUP')).toBe('handler')
    sigqueue(process.pid, 'SIGRTMIN', 7)
    const event = await within(waiting, 'the signal')
    expect(event).toMatchObject({ signal: 'SIGRTMIN', value: 7n, code: 'SI_QUEUE' })
    expect([disposition('SIGHUP'), disposition('SIGRTMIN')]).toEqual(['default', 'default'])
  })

  test('one signal resolves all who wait for it', async () => {
    const waits = [waitForSignal('SIGUSR2'), waitForSignal(['SIGUSR2', 'SIGHUP'])]
    kill(process.pid, 'SIGUSR2')
    const events = await within(Promise.all(waits), 'both')
    expect(events.map(({ signal }) => signal)).toEqual(['SIGUSR2', 'SIGUSR2'])
  })

  test('what came before it waits is not for it', async () => {
    const first = waitForSignal('SIGUSR2')
    raise('SIGUSR2')
    const second = waitForSignal('SIGUSR2', { timeout: 10 })
    await within(first, 'the first')
    expect(await rejection(second)).toBeInstanceOf(WaitTimeoutError)
  })

  test('a timeout', async () => {
    const error = (await rejection(waitForSignal(['SIGUSR2', 'SIGHUP'], { timeout: 10 }))) as Thrown
    expect(error).toBeInstanceOf(WaitTimeoutError)
    expect(error.code).toBe('ERR_WAIT_TIMEOUT')
    expect(error.message).toContain('SIGUSR2, SIGHUP')
    expect(disposition('SIGUSR2')).toBe('default')
  })

  test('timeout 0 asks once: none can be there', async () => {
    expect(await rejection(waitForSignal('SIGUSR2', { timeout: 0 }))).toBeInstanceOf(WaitTimeoutError)
    expect(disposition('SIGUSR2')).toBe('default')
  })

  test('abort, before and meanwhile', async () => {
    const reason = { any: 'thing' }
    expect(await rejection(waitForSignal('SIGUSR2', { signal: AbortSignal.abort(reason) }))).toBe(reason)
    const controller = new AbortController()
    const waiting = rejection(waitForSignal('SIGUSR2', { signal: controller.signal, timeout: 1_000_000 }))
    expect(disposition('SIGUSR2')).toBe('handler')
    controller.abort(reason)
    expect(await waiting).toBe(reason)
    expect(disposition('SIGUSR2')).toBe('default')
  })

  test('beside a subscription, which stays', async () => {
    const seen: string[] = []
    const subscription = onSignal('SIGUSR2', ({ signal }) => void seen.push(signal))
    onTestFinished(() => {
      subscription.close()
    })
    const waiting = waitForSignal('SIGUSR2')
    raise('SIGUSR2')
    await within(waiting, 'the signal')
    raise('SIGUSR2')
    await allDelivered()
    expect(seen).toEqual(['SIGUSR2', 'SIGUSR2'])
  })

  test.each([
    ['SIGKILL', undefined, 'EINVAL'],
    ['SIGSEGV', undefined, 'ERR_SIGNAL_RESERVED'],
    [['SIGUSR2', 'SIGCHLD'], undefined, 'ERR_SIGNAL_RESERVED'],
    ['SIGUSR2', { timeout: -1 }, 'ERR_OUT_OF_RANGE'],
    ['SIGUSR2', { timeout: '1' }, 'ERR_INVALID_ARG_TYPE'],
    ['SIGUSR2', { signal: {} }, 'ERR_INVALID_ARG_TYPE'],
  ])('rejects: %j, %j', async (signal, options, code) => {
    expect(await rejection(waitForSignal(signal as Signal, options as object))).toMatchObject({ code })
    expect(disposition('SIGUSR2')).toBe('default')
  })
})

describe('the event loop', () => {
  test.each([
    ['an iterator alone does not keep it alive', 'iteratorAlone', [], []],
    ['a pending step does', 'pendingStep', ['SIGUSR2'], ['SIGUSR2']],
    ['pending waits do', 'waiting', ['SIGUSR2'], ['SIGUSR2', 'SIGUSR2']],
    ['a timeout longer than any timer is for ever', 'longTimeout', ['SIGUSR2'], ['SIGUSR2']],
    ['break lets it go', 'closedByBreak', [], ['SIGUSR2']],
  ] as const)('%s', async (_, scenario, send, expected) => {
    const program = startNode('signal-waits.mjs', { args: [scenario] })
    if (send.length > 0) await program.next('ready')
    for (const signal of send) kill(program.pid, signal)
    const { lines, ending } = await program.report()
    expect(lines).toEqual(expected.map((signal) => ({ signal })))
    expect(ending, program.stderr).toEqual({ code: 0, signal: null })
  })

  test('a timeout ends it', async () => {
    const { lines, ending } = await startNode('signal-waits.mjs', { args: ['timeout'] }).report()
    expect(lines).toEqual([expect.objectContaining({ code: 'ERR_WAIT_TIMEOUT' })])
    expect(ending).toEqual({ code: 0, signal: null })
  })
})
