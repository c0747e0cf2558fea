/** onSignal and what it gives: who is called, how often, until when, and what is refused. */
import { readFileSync } from 'node:fs'
import * as sigkit from 'sigkit'
import { disposition, kill, onSignal, raise, sigqueue, Subscription, type Signal } from 'sigkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { allDelivered, Inbox } from './helpers/events.js'
import { startNode } from './helpers/fixture.js'
import { NEEDS_REAL_SIGNALS, signalsHeldBack } from './helpers/needs.js'
import { asNobody, isRoot } from './helpers/privilege.js'
import type { Ending } from './helpers/program.js'
import { thrown } from './helpers/thrown.js'

const nothing = (): void => undefined

/** What the kernel says of this process: all that a subscription could have changed. */
const masks = (): string[] => readFileSync('/proc/self/status', 'utf8').match(/^Sig(Cgt|Ign|Blk):.*$/gm) ?? []

describe('delivery', () => {
  test('each of several subscriptions gets every event, in the order of subscription', async () => {
    const order: string[] = []
    const first = onSignal('SIGUSR2', () => void order.push('first'))
    const second = onSignal('SIGUSR2', () => void order.push('second'))
    onTestFinished(() => {
      first.close()
      second.close()
    })
    for (const expected of [1, 2, 3]) {
      kill(process.pid, 'SIGUSR2')
      await allDelivered()
      expect(order).toHaveLength(2 * expected)
    }
    expect(order).toEqual(['first', 'second', 'first', 'second', 'first', 'second'])
    expect([first.delivered, second.delivered, first.lost, second.lost]).toEqual([3, 3, 0, 0])
  })

  test.skipIf(signalsHeldBack)(
    `one subscription to several signals, each named once or twice ${NEEDS_REAL_SIGNALS}`,
    async () => {
      const inbox = new Inbox(['SIGUSR2', 'SIGRTMIN+5', 12, 'SIGHUP'])
      sigqueue(process.pid, 'SIGRTMIN+5', 1)
      sigqueue(process.pid, 'SIGUSR2', 2)
      sigqueue(process.pid, 'SIGHUP', 3)
      const events = await inbox.first(3)
      await allDelivered()
      expect(inbox.events).toHaveLength(3)
      expect(events.map(({ signal, value }) => [signal, value])).toEqual([
        ['SIGRTMIN+5', 1n],
        ['SIGUSR2', 2n],
        ['SIGHUP', 3n],
      ])
    },
  )

  test('a signal that its number names, an alias, and both ends of the real-time range', async () => {
    const inbox = new Inbox([12, 'SIGPOLL', 'SIGRTMIN', 'SIGRTMAX-1', 63])
    for (const signal of ['SIGUSR2', 'SIGIO', 'SIGRTMIN', 'SIGRTMAX-1'] as const) raise(signal)
    const events = await inbox.first(4)
    expect(events.map(({ signal }) => signal)).toEqual(['SIGUSR2', 'SIGIO', 'SIGRTMIN', 'SIGRTMAX-1'])
  })

  test('a subscription made after the signal came gets the next one', async () => {
    const before = new Inbox('SIGUSR2')
    raise('SIGUSR2')
    const after = new Inbox('SIGUSR2')
    await allDelivered()
    expect([before.events.length, after.events.length]).toEqual([1, 0])
    raise('SIGUSR2')
    await allDelivered()
    expect([before.events.length, after.events.length]).toEqual([2, 1])
  })

  test('so does one made in a listener', async () => {
    const late: Inbox[] = []
    const first = onSignal('SIGUSR2', () => {
      if (late.length === 0) late.push(new Inbox('SIGUSR2'))
    })
    onTestFinished(() => {
      first.close()
    })
    raise('SIGUSR2')
    await allDelivered()
    expect(late.map(({ events }) => events.length)).toEqual([0])
    raise('SIGUSR2')
    await allDelivered()
    expect(late.map(({ events }) => events.length)).toEqual([1])
  })
})

describe('once', () => {
  test('closes before the first call', async () => {
    const seen: boolean[] = []
    const subscription = onSignal('SIGWINCH', () => void seen.push(subscription.installed), { once: true })
    raise('SIGWINCH')
    await allDelivered()
    raise('SIGWINCH') // ignored by default
    await allDelivered()
    expect(seen).toEqual([false])
    expect([subscription.delivered, subscription.installed]).toEqual([1, false])
  })

  test('of several signals: whichever comes first', async () => {
    const inbox = new Inbox(['SIGWINCH', 'SIGURG', 'SIGRTMIN'], { once: true })
    raise('SIGURG')
    raise('SIGRTMIN')
    await allDelivered()
    expect(inbox.events.map(({ signal }) => signal)).toEqual(['SIGURG'])
    expect(['SIGWINCH', 'SIGURG', 'SIGRTMIN'].map((name) => disposition(name as Signal))).toEqual([
      'default',
      'default',
      'default',
    ])
    expect(inbox.subscription).toMatchObject({ delivered: 1, lost: 1 })
  })
})

describe('close', () => {
  test('is idempotent; the counts stay', async () => {
    const inbox = new Inbox('SIGUSR2')
    raise('SIGUSR2')
    await inbox.first(1)
    const { subscription } = inbox
    expect(subscription.installed).toBe(true)
    for (let i = 0; i < 3; i++) subscription.close()
    subscription[Symbol.dispose]()
    expect(subscription.ref()).toBe(subscription)
    expect(subscription.unref()).toBe(subscription)
    expect([subscription.installed, subscription.delivered, subscription.lost]).toEqual([false, 1, 0])
    expect(disposition('SIGUSR2')).toBe('default')
  })

  test('in a listener: of itself and of those that have not been called yet', async () => {
    const called: string[] = []
    const first = onSignal('SIGUSR2', () => {
      called.push('first')
      first.close()
      third.close()
    })
    const second = onSignal('SIGUSR2', () => void called.push('second'))
    const third = onSignal('SIGUSR2', () => void called.push('third'))
    onTestFinished(() => {
      second.close()
    })
    raise('SIGUSR2')
    await allDelivered()
    raise('SIGUSR2')
    await allDelivered()
    expect(called).toEqual(['first', 'second', 'second'])
    expect([first, second, third].map(({ delivered }) => delivered)).toEqual([1, 2, 0])
  })

  test('what was recorded already is not delivered, and counted as lost', async () => {
    const inbox = new Inbox('SIGRTMIN+1')
    for (let i = 0; i < 5; i++) raise('SIGRTMIN+1')
    inbox.subscription.close()
    await allDelivered()
    expect(inbox.events).toEqual([])
    expect([inbox.subscription.delivered, inbox.subscription.lost]).toEqual([0, 5])
  })

  test('what comes afterwards is not its loss, but of nobody who has left', async () => {
    const gone = onSignal('SIGRTMIN+1', nothing)
    gone.close()
    const next = new Inbox('SIGRTMIN+1')
    for (let i = 0; i < 3; i++) raise('SIGRTMIN+1')
    await next.first(3)
    expect([gone.delivered, gone.lost]).toEqual([0, 0])
    expect([next.subscription.delivered, next.subscription.lost]).toEqual([3, 0])
  })

  test('of one of two: the other goes on', async () => {
    const [first, second] = [new Inbox('SIGRTMIN+1'), new Inbox('SIGRTMIN+1')]
    raise('SIGRTMIN+1')
    first.subscription.close()
    raise('SIGRTMIN+1')
    await second.first(2)
    expect(first.subscription).toMatchObject({ delivered: 0, lost: 1 })
    expect(second.subscription).toMatchObject({ delivered: 2, lost: 0 })
  })

  // Subscribing to a real-time signal prompts every other thread by that very signal: one that were still on its way
  // when the handler goes would end the process. On one CPU they are late.
  test('no prompt to another thread outlives the handler, nor do they pile up', async () => {
    const [cpu = '0'] =
      /^Cpus_allowed_list:\t(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.slice(1) ?? []
    for (let i = 0; i < 3; i++) {
      const program = startNode('subscriptions.mjs', {
        args: ['toggleRealtime'],
        wrapper: ['taskset', '-c', cpu],
      })
      const { lines, ending } = await program.report()
      expect(ending).toEqual({ code: 0, signal: null })
      expect((lines[0] as { queued: number }).queued).toBe(0)
    }
  })
})

describe('the event loop', () => {
  const run = async (
    scenario: string,
    ...signals: Signal[]
  ): Promise<{ lines: unknown[]; ending: Ending }> => {
    const program = startNode('subscriptions.mjs', { args: [scenario] })
    for (const signal of signals) {
      if (signal === signals[0]) await program.next('ready')
      kill(program.pid, signal)
    }
    return program.report()
  }

  test('a subscription alone does not keep it alive', async () => {
    expect(await run('idle')).toEqual({ lines: [], ending: { code: 0, signal: null } })
  })

  test.each([
    ['keepAlive until it is closed', 'keepAlive', ['SIGUSR2']],
    ['ref until unref', 'refAndUnref', ['SIGUSR2']],
    ['two of them until both are', 'twoKeepAlive', ['SIGUSR2', 'SIGRTMIN']],
  ] as const)('%s', async (_, scenario, signals) => {
    expect(await run(scenario, ...signals)).toEqual({ lines: [], ending: { code: 0, signal: null } })
  })

  test('once closes, so it does not keep it alive any more', async () => {
    expect(await run('keepAliveOnce', 'SIGUSR2')).toEqual({
      lines: ['caught'],
      ending: { code: 0, signal: null },
    })
  })
})

describe('a listener that fails', () => {
  test("throws: 'uncaughtException', the others are called, and the next signal arrives", async () => {
    const { lines } = await startNode('subscriptions.mjs', { args: ['throwing'] }).report()
    const of = (key: string): unknown[] =>
      lines.map((line) => (line as Record<string, unknown>)[key]).filter((value) => value !== undefined)
    expect(of('other')).toEqual(['SIGUSR2', 'SIGRTMIN', 'SIGUSR2'])
    expect(of('uncaught')).toEqual(['SIGUSR2', 'SIGRTMIN', 'SIGUSR2'])
    expect(lines.at(-1)).toEqual({ delivered: 3, installed: true })
  })

  test('rejects: likewise, once each', async () => {
    const { lines, ending } = await startNode('subscriptions.mjs', { args: ['rejecting'] }).report()
    const line = { uncaught: '12', origin: 'uncaughtException' }
    expect(lines).toEqual([line, line])
    expect(ending).toEqual({ code: 0, signal: null })
  })

  test('unheard, it ends the process as any callback would', async () => {
    const program = startNode('subscriptions.mjs', { args: ['throwingUnheard'] })
    expect((await program.report()).ending).toEqual({ code: 1, signal: null })
    expect(program.stderr).toContain('from the listener')
  })
})

describe('refusals', () => {
  test.each([
    ['SIGKILL', 'EINVAL', 'it cannot be caught'],
    ['SIGSTOP', 'EINVAL', 'it cannot be caught'],
    [9, 'EINVAL', 'it cannot be caught'],
    [32, 'EINVAL', 'libc keeps this signal for itself'],
    [33, 'EINVAL', 'libc keeps this signal for itself'],
    ['SIGSEGV', 'ERR_SIGNAL_RESERVED', 'fault'],
    ['SIGBUS', 'ERR_SIGNAL_RESERVED', 'fault'],
    ['SIGFPE', 'ERR_SIGNAL_RESERVED', 'fault'],
    ['SIGILL', 'ERR_SIGNAL_RESERVED', 'fault'],
    [11, 'ERR_SIGNAL_RESERVED', 'fault'],
    ['SIGCHLD', 'ERR_SIGNAL_RESERVED', 'wait'],
    ['SIGCLD', 'ERR_SIGNAL_RESERVED', 'wait'],
    ['SIGUSR1', 'ERR_SIGNAL_RESERVED', 'inspector'],
    [10, 'ERR_SIGNAL_RESERVED', 'takeFromRuntime'],
    ['SIGPROF', 'ERR_SIGNAL_RESERVED', '--cpu-prof'],
    ['sigterm', 'ERR_UNKNOWN_SIGNAL', "did you mean 'SIGTERM'?"],
    ['TERM', 'ERR_UNKNOWN_SIGNAL', "did you mean 'SIGTERM'?"],
    [0, 'ERR_UNKNOWN_SIGNAL', '0'],
    [65, 'ERR_UNKNOWN_SIGNAL', '65'],
    [-1, 'ERR_UNKNOWN_SIGNAL', '-1'],
    [1.5, 'ERR_UNKNOWN_SIGNAL', '1.5'],
    [undefined, 'ERR_INVALID_ARG_TYPE', 'signal'],
    [null, 'ERR_INVALID_ARG_TYPE', 'signal'],
    [15n, 'ERR_INVALID_ARG_TYPE', 'signal'],
    [{}, 'ERR_INVALID_ARG_TYPE', 'signal'],
    [[], 'ERR_INVALID_ARG_VALUE', 'empty'],
  ])('%s: %s', (signal, code, reason) => {
    const before = masks()
    for (const argument of [signal, ['SIGUSR2', signal, 'SIGRTMIN']]) {
      if (Array.isArray(signal) && argument !== signal) continue
      const error = thrown(() => onSignal(argument as Signal, nothing))
      expect([error.code, error.message]).toEqual([code, expect.stringContaining(reason)])
      if (code === 'EINVAL') expect(error).toMatchObject({ syscall: 'sigaction', errno: -22 })
      else expect(error).toBeInstanceOf(TypeError)
    }
    expect(masks()).toEqual(before)
    expect(disposition('SIGUSR2')).toBe('default')
  })

  test.each([
    ['a listener that is none', ['SIGUSR2', undefined]],
    ['a listener that is none', ['SIGUSR2', {}]],
    ['options that are none', ['SIGUSR2', nothing, null]],
    ['options that are none', ['SIGUSR2', nothing, 'once']],
    ['once', ['SIGUSR2', nothing, { once: 1 }]],
    ['keepAlive', ['SIGUSR2', nothing, { keepAlive: 'yes' }]],
    ['identifySender', ['SIGUSR2', nothing, { identifySender: null }]],
    ['takeFromRuntime', ['SIGUSR2', nothing, { takeFromRuntime: 0 }]],
    ['deadline', ['SIGUSR2', nothing, { deadline: 5 }]],
    ['deadline', ['SIGUSR2', nothing, { deadline: null }]],
    ['deadline.ms', ['SIGUSR2', nothing, { deadline: { then: 'kill' } }]],
    ['deadline.ms', ['SIGUSR2', nothing, { deadline: { ms: '5', then: 'kill' } }]],
    ['exit', ['SIGUSR2', nothing, { onSecond: { exit: '1' } }]],
  ])('%s of the wrong type: %j', (_, args) => {
    const before = masks()
    const error = thrown(() => onSignal(...(args as Parameters<typeof onSignal>)))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE')
    expect(masks()).toEqual(before)
  })

  test.each([
    [{ deadline: { ms: -1, then: 'kill' } }, 'ERR_OUT_OF_RANGE'],
    [{ deadline: { ms: 1.5, then: 'kill' } }, 'ERR_OUT_OF_RANGE'],
    [{ deadline: { ms: NaN, then: 'kill' } }, 'ERR_OUT_OF_RANGE'],
    [{ deadline: { ms: 2 ** 31, then: 'kill' } }, 'ERR_OUT_OF_RANGE'],
    [{ deadline: { ms: 1, then: { exit: 256 } } }, 'ERR_OUT_OF_RANGE'],
    [{ deadline: { ms: 1, then: { exit: -1 } } }, 'ERR_OUT_OF_RANGE'],
    [{ deadline: { ms: 1 } }, 'ERR_INVALID_ARG_VALUE'],
    [{ deadline: { ms: 1, then: 'die' } }, 'ERR_INVALID_ARG_VALUE'],
    [{ onSecond: 'kill' }, 'ERR_INVALID_ARG_VALUE'],
    [{ onSecond: null }, 'ERR_INVALID_ARG_VALUE'],
  ])('%j: %s', (options, code) => {
    const before = masks()
    expect(thrown(() => onSignal('SIGUSR2', nothing, options as object)).code).toBe(code)
    expect(masks()).toEqual(before)
  })

  test('the message offers what is allowed', () => {
    const message = (options: object): string => thrown(() => onSignal('SIGUSR2', nothing, options)).message
    expect(message({ onSecond: {} })).toContain("it must be 'default' or { exit: code }")
    expect(message({ deadline: { ms: 1 } })).toContain("it must be 'default', 'kill' or { exit: code }")
  })

  test('Subscription is not made by hand', () => {
    const Made = Subscription as unknown as new (...args: unknown[]) => unknown
    expect(thrown(() => new Made('SIGUSR2', nothing)).code).toBe('ERR_INVALID_ARG_TYPE')
  })

  test('with no descriptor left: EMFILE, nothing is installed, and later it works', async () => {
    const { lines, ending } = await startNode('subscriptions.mjs', {
      args: ['fullTable'],
      descriptors: 64,
    }).report()
    expect(lines).toEqual([
      {
        refused: expect.objectContaining({ name: 'ResourceLimitError', code: 'EMFILE' }) as unknown,
        unchanged: true,
        now: 'default',
      },
      { caught: true, comm: null },
    ])
    expect(ending).toEqual({ code: 0, signal: null })
  })
})

test('takeFromRuntime: the inspector does not start, and does when it is given back', async () => {
  const program = startNode('subscriptions.mjs', { args: ['inspector'], flags: ['--inspect-port=0'] })
  expect(await program.next('the signal')).toBe('caught')
  expect(await program.next('the close')).toEqual({ restored: true })
  expect(program.stderr).toBe('')
  kill(program.pid, 'SIGUSR1')
  await expect.poll(() => program.stderr, { timeout: 30_000 }).toContain('Debugger listening')
})

test.runIf(isRoot)('as another user it works the same [needs root]', async () => {
  const program = startNode('subscriptions.mjs', { args: ['keepAliveOnce'], wrapper: asNobody })
  await program.next('ready')
  kill(program.pid, 'SIGUSR2')
  expect((await program.report()).lines).toEqual(['caught'])
})

test('everything of section 7 is exported', () => {
  const names = ['onSignal', 'Subscription', 'signalEvents', 'waitForSignal', 'disposition', 'setDisposition']
  for (const name of [...names, 'sigprocmask', 'sigpending']) expect(sigkit).toHaveProperty(name)
})
