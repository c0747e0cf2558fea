/** What a signal does to this process, which are held back, and that none of it reaches children. */
import { disposition, onSignal, setDisposition, sigprocmask, type Signal } from 'sigkit'
import * as syscalls from 'sigkit/syscalls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { programPath, startNode } from './helpers/fixture.js'
import { NEEDS_REAL_SIGNALS, signalsHeldBack } from './helpers/needs.js'
import { thrown } from './helpers/thrown.js'

async function run(scenario: string): Promise<unknown[]> {
  const program = startNode('dispositions.mjs', { args: [scenario] })
  const { lines, ending } = await program.report()
  expect(ending, program.stderr).toEqual({ code: 0, signal: null })
  return lines
}

describe('disposition', () => {
  test('of what Node sets up, and of the rest', () => {
    expect(disposition('SIGPIPE')).toBe('ignore')
    expect(disposition('SIGXFSZ')).toBe('ignore')
    expect(disposition('SIGUSR1')).toBe('handler')
    for (const signal of ['SIGUSR2', 'SIGKILL', 'SIGSTOP', 'SIGRTMIN', 64, 'SIGPOLL'] as Signal[]) {
      expect(disposition(signal), String(signal)).toBe('default')
    }
  })

  test('of what we handle', () => {
    const subscription = onSignal(['SIGUSR2', 'SIGRTMIN+4'], () => undefined)
    expect([disposition('SIGUSR2'), disposition('SIGRTMIN+4')]).toEqual(['handler', 'handler'])
    subscription.close()
    expect([disposition('SIGUSR2'), disposition('SIGRTMIN+4')]).toEqual(['default', 'default'])
  })

  test.each([
    [32, 'ERR_SIGNAL_RESERVED'],
    [0, 'ERR_UNKNOWN_SIGNAL'],
    ['sigterm', 'ERR_UNKNOWN_SIGNAL'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
  ])('%s: %s', (signal, code) => {
    expect(thrown(() => disposition(signal as Signal)).code).toBe(code)
  })
})

describe('setDisposition', () => {
  test.each([
    ['SIGUSR2', 'ignore', 'default'],
    ['SIGPIPE', 'default', 'ignore'],
    ['SIGRTMIN+4', 'default', 'default'],
    ['SIGTTOU', 'ignore', 'default'],
  ] as const)('%s: %s, and back to %s', (signal, to, before) => {
    expect(disposition(signal)).toBe(before)
    const held = setDisposition(signal, to)
    expect(disposition(signal)).toBe(to)
    held[Symbol.dispose]()
    expect(disposition(signal)).toBe(before)
  })

  test('one within the other', () => {
    const outer = setDisposition('SIGUSR2', 'ignore')
    const inner = setDisposition('SIGUSR2', 'default')
    inner[Symbol.dispose]()
    expect(disposition('SIGUSR2')).toBe('ignore')
    outer[Symbol.dispose]()
    expect(disposition('SIGUSR2')).toBe('default')
  })

  test('a listener of process.on is deaf meanwhile, and hears again', async () => {
    expect(await run('listener')).toEqual([
      { now: 'ignore', count: 0 },
      { now: 'handler', count: 1, same: true },
    ])
  })

  test('who takes the signal meanwhile keeps it', async () => {
    expect(await run('meanwhile')).toEqual([{ on: 1, ours: 1, installed: true }])
  })

  test('the default action happens, whatever listens', async () => {
    const program = startNode('dispositions.mjs', {
      wrapper: [programPath('parent')],
      args: ['toDefault'],
    })
    expect((await program.report()).lines).toEqual([expect.objectContaining({ signal: 15 })])
  })

  test.each([
    ['SIGKILL', 'EINVAL'],
    ['SIGSTOP', 'EINVAL'],
    [33, 'EINVAL'],
    ['SIGSEGV', 'ERR_SIGNAL_RESERVED'],
    ['SIGCHLD', 'ERR_SIGNAL_RESERVED'],
    ['SIGUSR1', 'ERR_SIGNAL_RESERVED'],
    ['SIGRTMIN', 'ERR_SIGNAL_RESERVED'],
    [64, 'ERR_SIGNAL_RESERVED'],
    ['TERM', 'ERR_UNKNOWN_SIGNAL'],
    [null, 'ERR_INVALID_ARG_TYPE'],
  ])('ignore %s: %s', (signal, code) => {
    const error = thrown(() => setDisposition(signal as Signal, 'ignore'))
    expect(error.code).toBe(code)
    if (signal === 'SIGRTMIN') expect(error.message).toContain('child')
  })

  test.each(['handler', 'Default', undefined, null, 0])('to %s: refused', (to) => {
    expect(thrown(() => setDisposition('SIGUSR2', to as 'default')).code).toBe('ERR_INVALID_ARG_VALUE')
  })

  test('refused while somebody subscribes', () => {
    const subscription = onSignal('SIGUSR2', () => undefined)
    const error = thrown(() => setDisposition('SIGUSR2', 'ignore'))
    expect([error.code, error.message]).toEqual([
      'ERR_SIGNAL_RESERVED',
      expect.stringContaining('subscriptions'),
    ])
    expect(disposition('SIGUSR2')).toBe('handler')
    subscription.close()
    setDisposition('SIGUSR2', 'ignore')[Symbol.dispose]()
    expect(disposition('SIGUSR2')).toBe('default')
  })
})

describe('sigprocmask and sigpending', () => {
  test('block, unblock, set; what is held back is pending, and comes afterwards', async () => {
    expect(await run('masks')).toEqual([
      { old: [], mask: '0000001400000800' },
      { pending: ['SIGUSR2', 'SIGRTMIN+3'], again: ['SIGUSR2', 'SIGRTMIN+3'] },
      { old: ['SIGUSR2', 'SIGRTMIN+1', 'SIGRTMIN+3'] },
      { old: ['SIGUSR2', 'SIGRTMIN+3'], pending: [] },
      { caught: 'SIGUSR2' },
      { caught: 'SIGRTMIN+3' },
    ])
  })

  test('SIGKILL and SIGSTOP are passed over', () => {
    const old = sigprocmask('block', ['SIGKILL', 'SIGSTOP', 'SIGWINCH'])
    onTestFinished(() => {
      sigprocmask('set', old)
    })
    expect(sigprocmask('block', [])).toEqual([...old, 'SIGWINCH'])
  })

  test.each([
    ['hold', [], 'ERR_INVALID_ARG_VALUE'],
    ['toString', [], 'ERR_INVALID_ARG_VALUE'],
    [undefined, [], 'ERR_INVALID_ARG_VALUE'],
    ['block', 'SIGTERM', 'ERR_INVALID_ARG_TYPE'],
    ['block', undefined, 'ERR_INVALID_ARG_TYPE'],
    ['block', ['SIGTREM'], 'ERR_UNKNOWN_SIGNAL'],
    ['block', [33], 'ERR_SIGNAL_RESERVED'],
    ['block', [0], 'ERR_UNKNOWN_SIGNAL'],
    ['block', ['SIGWINCH', null], 'ERR_INVALID_ARG_TYPE'],
  ])('%s, %j: %s', (how, signals, code) => {
    const before = sigprocmask('block', [])
    expect(thrown(() => sigprocmask(how as 'block', signals as Signal[])).code).toBe(code)
    expect(sigprocmask('block', [])).toEqual(before)
  })
})

test.skipIf(signalsHeldBack)(
  `syscalls.sigaction: what was there, exactly, and no policy ${NEEDS_REAL_SIGNALS}`,
  async () => {
    const lines = await run('sigaction')
    expect(lines.slice(0, 4)).toEqual([
      { disposition: 'ignore', flags: expect.any(Number) as number, mask: [] },
      { disposition: 'ignore', flags: expect.any(Number) as number, mask: [] },
      { disposition: 'default', flags: expect.any(Number) as number, mask: [] },
      { disposition: 'ignore', flags: expect.any(Number) as number, mask: [] },
    ])
    const { now, flags, mask } = lines[4] as { now: string; flags: number; mask: number }
    const { SA_SIGINFO, SA_RESTART, SA_ONSTACK, SA_RESETHAND, SA_NODEFER } = syscalls
    const wanted = SA_SIGINFO | SA_RESTART | SA_ONSTACK
    expect([now, flags & wanted, flags & SA_NODEFER, (flags & SA_RESETHAND) >>> 0]).toEqual([
      'handler',
      wanted,
      0,
      0,
    ])
    expect(mask).toBe(60) // all but SIGKILL, SIGSTOP, and the two of libc
    expect(lines[5]).toEqual({ installed: false })
    expect(lines.slice(6)).toEqual(
      [9, 19, 0, 65, 32, -1].map(
        (bad) => expect.objectContaining({ bad, code: 'EINVAL', syscall: 'sigaction' }) as unknown,
      ),
    )
  },
)

test('nothing of it reaches a child of child_process', async () => {
  const clean = { SigBlk: '0000000000000000', SigIgn: '0000000000000000', SigCgt: '0000000000000000' }
  expect(await run('children')).toEqual([[clean, clean, clean]])
})
