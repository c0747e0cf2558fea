/** The exact calls: what the kernel answers, in its own order of precedence, and what they deliver. */
import * as sigkit from 'sigkit'
import * as syscalls from 'sigkit/syscalls'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { Caller } from './helpers/caller.js'
import { fixturePath, programPath } from './helpers/fixture.js'
import { asNobody, deniedByInit } from './helpers/privilege.js'
import { pendingForProcess, pendingForThread } from './helpers/process-status.js'
import { Receiver } from './helpers/receiver.js'
import { thrown } from './helpers/thrown.js'

const INT_MIN = -(2 ** 31)
const self = process.pid

describe('precedence', () => {
  test.each([
    [
      'kill: ESRCH before EINVAL',
      () => {
        syscalls.kill(ABSENT, 999)
      },
      'ESRCH',
    ],
    [
      'kill: EINVAL',
      () => {
        syscalls.kill(self, 999)
      },
      'EINVAL',
    ],
    [
      'kill: EINVAL of a negative signal',
      () => {
        syscalls.kill(self, -1)
      },
      'EINVAL',
    ],
    [
      'kill: EINVAL of 65',
      () => {
        syscalls.kill(self, 65)
      },
      'EINVAL',
    ],
    [
      'kill: ESRCH of INT_MIN',
      () => {
        syscalls.kill(INT_MIN, 0)
      },
      'ESRCH',
    ],
    [
      'kill: ESRCH of an empty group',
      () => {
        syscalls.kill(-ABSENT, 0)
      },
      'ESRCH',
    ],
    [
      'killpg: EINVAL of -1',
      () => {
        syscalls.killpg(-1, 0)
      },
      'EINVAL',
    ],
    [
      'killpg: EINVAL of INT_MIN',
      () => {
        syscalls.killpg(INT_MIN, 0)
      },
      'EINVAL',
    ],
    [
      'killpg: ESRCH before EINVAL',
      () => {
        syscalls.killpg(ABSENT, 999)
      },
      'ESRCH',
    ],
    [
      'tgkill: EINVAL of a pid that is not positive',
      () => {
        syscalls.tgkill(0, self, 0)
      },
      'EINVAL',
    ],
    [
      'tgkill: EINVAL of a tid that is not positive',
      () => {
        syscalls.tgkill(self, -1, 0)
      },
      'EINVAL',
    ],
    [
      'tgkill: ESRCH before EINVAL',
      () => {
        syscalls.tgkill(ABSENT, ABSENT, 999)
      },
      'ESRCH',
    ],
    [
      'tgkill: EINVAL',
      () => {
        syscalls.tgkill(self, self, 999)
      },
      'EINVAL',
    ],
    [
      'raise: EINVAL',
      () => {
        syscalls.raise(999)
      },
      'EINVAL',
    ],
    [
      'raise: EINVAL of a negative signal',
      () => {
        syscalls.raise(-1)
      },
      'EINVAL',
    ],
    [
      'sigqueue: ESRCH before EINVAL',
      () => {
        syscalls.sigqueue(ABSENT, 999, 1)
      },
      'ESRCH',
    ],
    [
      'sigqueue: EINVAL',
      () => {
        syscalls.sigqueue(self, 999, 1)
      },
      'EINVAL',
    ],
    [
      'sigqueue: ESRCH of 0',
      () => {
        syscalls.sigqueue(0, 0, 1)
      },
      'ESRCH',
    ],
    [
      'rtTgsigqueueinfo: EINVAL of a tid that is not positive',
      () => {
        syscalls.rtTgsigqueueinfo(self, 0, 34, {})
      },
      'EINVAL',
    ],
    [
      'rtTgsigqueueinfo: ESRCH',
      () => {
        syscalls.rtTgsigqueueinfo(ABSENT, ABSENT, 34, {})
      },
      'ESRCH',
    ],
    [
      'rtTgsigqueueinfo: EINVAL',
      () => {
        syscalls.rtTgsigqueueinfo(self, self, 999, {})
      },
      'EINVAL',
    ],
  ])('%s', (_name, call, code) => {
    const error = thrown(call)
    expect(error).toBeInstanceOf(sigkit.SignalError)
    expect(error.code).toBe(code)
  })

  test.runIf(deniedByInit)('EINVAL before EPERM [needs PID 1 of another user]', async () => {
    const caller = await Caller.start({ wrapper: asNobody })
    const code = async (name: string, ...args: unknown[]): Promise<string | undefined> =>
      (await caller.call('sigkit/syscalls', name, ...args)).error?.code
    expect(await code('kill', 1, 999)).toBe('EINVAL')
    expect(await code('kill', 1, 0)).toBe('EPERM')
    expect(await code('kill', 1, 23)).toBe('EPERM')
    expect(await code('tgkill', 1, 1, 999)).toBe('EINVAL')
    expect(await code('tgkill', 1, 1, 0)).toBe('EPERM')
    expect(await code('sigqueue', 1, 999, 0)).toBe('EINVAL')
    expect(await code('sigqueue', 1, 0, 0)).toBe('EPERM')
    expect(await code('rtTgsigqueueinfo', 1, 1, 0, {})).toBe('EPERM')
  })
})

describe('delivery', () => {
  test('every call sends, by number and by name', async () => {
    const receiver = await Receiver.start({ detached: true })
    syscalls.kill(receiver.pid, 1)
    syscalls.kill(-receiver.pid, 'SIGINT')
    syscalls.killpg(receiver.pid, 'SIGQUIT')
    syscalls.tgkill(receiver.pid, receiver.pid, 10)
    syscalls.sigqueue(receiver.pid, 'SIGRTMIN', 2n ** 64n - 1n)
    syscalls.rtTgsigqueueinfo(receiver.pid, receiver.pid, 'SIGRTMIN+1', { value: -2 })
    const { SI_QUEUE, SI_TKILL, SI_USER } = syscalls
    // What is pending for the thread comes before what is pending for the process.
    const received = (await receiver.drain()).sort((a, b) => a.signo - b.signo)
    expect(received.map(({ signo, code }) => [signo, code])).toEqual([
      [1, SI_USER],
      [2, SI_USER],
      [3, SI_USER],
      [10, SI_TKILL],
      [34, SI_QUEUE],
      [35, SI_QUEUE],
    ])
    expect(received.slice(4).map(({ value }) => value)).toEqual([2n ** 64n - 1n, 2n ** 64n - 2n])
  })

  test.each([32, 33])('the reserved signal %i is sent, and only here', async (number) => {
    const receiver = await Receiver.start()
    expect(
      thrown(() => {
        sigkit.kill(receiver.pid, number)
      }).code,
    ).toBe('ERR_SIGNAL_RESERVED')
    expect(await receiver.drain()).toEqual([])
    syscalls.kill(receiver.pid, number)
    expect(await receiver.drain()).toMatchObject([{ signo: number }])
  })

  test('raise has run its course when it returns: the own thread', async () => {
    const caller = await Caller.start({ flags: ['--import', fixturePath('block-all.mjs')] })
    expect(await caller.call('sigkit/syscalls', 'raise', 'SIGRTMIN+4')).toEqual({ value: null })
    expect(pendingForThread(caller.pid)).toEqual([38])
    expect(pendingForProcess(caller.pid)).toEqual([])
  })
})

describe('rtTgsigqueueinfo', () => {
  test.each([-1, -2, -3, -4, -5, -60, INT_MIN])('accepts the code %i for another process', async (code) => {
    const receiver = await Receiver.start()
    syscalls.rtTgsigqueueinfo(receiver.pid, receiver.pid, 'SIGRTMIN', { code, value: 5 })
    expect(await receiver.drain()).toMatchObject([{ signo: 34, code, pid: self, value: 5n, rest: 0 }])
  })

  test.each([0, 1, 128, 2 ** 31 - 1, -6])('refuses the code %i for another process: EPERM', async (code) => {
    const receiver = await Receiver.start()
    const error = thrown(() => {
      syscalls.rtTgsigqueueinfo(receiver.pid, receiver.pid, 'SIGRTMIN', { code })
    })
    expect(error).toMatchObject({ code: 'EPERM', syscall: 'rt_tgsigqueueinfo', info: { tid: receiver.pid } })
    expect(await receiver.drain()).toEqual([])
  })

  test('has SI_QUEUE and the value 0 by default', async () => {
    const receiver = await Receiver.start()
    syscalls.rtTgsigqueueinfo(receiver.pid, receiver.pid, 'SIGRTMIN', {})
    expect(await receiver.drain()).toMatchObject([{ code: syscalls.SI_QUEUE, value: 0n }])
  })

  test.each([syscalls.SI_USER, syscalls.SI_KERNEL, syscalls.SI_TKILL])(
    'sends the code %i to itself',
    async (code) => {
      const caller = await Caller.start()
      await caller.listen('SIGUSR2')
      caller.ask('sigkit/syscalls', 'rtTgsigqueueinfo', caller.pid, caller.pid, 'SIGUSR2', { code })
      const lines = [await caller.program.next('its answer'), await caller.program.next('its signal')]
      expect(lines).toContainEqual({ value: null })
      expect(lines).toContainEqual({ received: 'SIGUSR2' })
    },
  )

  test('reaches one thread', async () => {
    const receiver = await Receiver.start()
    syscalls.rtTgsigqueueinfo(receiver.pid, receiver.tid, 'SIGUSR1', { value: 1 })
    expect(pendingForThread(receiver.pid, receiver.tid)).toEqual([10])
    expect(pendingForThread(receiver.pid)).toEqual([])
  })

  test('says when the queue is full: EAGAIN', async () => {
    const receiver = await Receiver.start({ sigpending: 0 })
    const error = thrown(() => {
      syscalls.rtTgsigqueueinfo(receiver.pid, receiver.pid, 'SIGRTMIN', {})
    })
    expect(error).toMatchObject({ name: 'ResourceLimitError', code: 'EAGAIN' })
  })

  test('raise and tgkill of a blocked real-time signal with a full queue are EAGAIN too', async () => {
    const caller = await Caller.start({
      wrapper: [programPath('parent'), '--sigpending', '0'],
      flags: ['--import', fixturePath('block-all.mjs')],
    })
    expect((await caller.call('sigkit/syscalls', 'raise', 40)).error?.code).toBe('EAGAIN')
    expect((await caller.call('sigkit/syscalls', 'tgkill', caller.pid, caller.pid, 40)).error?.code).toBe(
      'EAGAIN',
    )
    expect((await caller.call('sigkit/syscalls', 'kill', caller.pid, 40)).error).toBeUndefined()
  })
})
