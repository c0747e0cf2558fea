/** The pidfd calls of sigkit/syscalls, with every errno that their documentation names. pidfdGetInfo: pidfd-info.test.ts. */
import { closeSync, openSync, readFileSync } from 'node:fs'
import {
  PIDFD_NONBLOCK,
  PIDFD_SIGNAL_PROCESS_GROUP,
  PIDFD_SIGNAL_THREAD,
  PIDFD_SIGNAL_THREAD_GROUP,
  PIDFD_THREAD,
  pidfdOpen,
  pidfdSendSignal,
  processMrelease,
  SI_ASYNCIO,
  SI_KERNEL,
  SI_MESGQ,
  SI_QUEUE,
  SI_TIMER,
  SI_TKILL,
  SI_USER,
} from 'sigkit/syscalls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { Caller } from './helpers/caller.js'
import { startNode, startProgram } from './helpers/fixture.js'
import {
  asNobody,
  canNamespace,
  deniedByInit,
  isRoot,
  NEEDS_NAMESPACE,
  NEEDS_ROOT,
} from './helpers/privilege.js'
import { pendingForProcess, pendingForThread } from './helpers/process-status.js'
import { Receiver } from './helpers/receiver.js'
import { thrown, type Thrown } from './helpers/thrown.js'

const me = { pid: process.pid, uid: process.getuid?.() ?? -1 }

function closedAtTheEnd(fd: number): number {
  onTestFinished(() => {
    closeSync(fd)
  })
  return fd
}

const open = (pid: number, flags?: number): number => closedAtTheEnd(pidfdOpen(pid, flags))

function closedNumber(): number {
  const fd = pidfdOpen(process.pid)
  closeSync(fd)
  return fd
}

function flagsOf(fd: number): number {
  return parseInt(/^flags:\t(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8)
}

async function reaped(): Promise<number> {
  const receiver = await Receiver.start()
  const fd = open(receiver.pid)
  await receiver.program.stop()
  return fd
}

describe('pidfdOpen', () => {
  const refused = (...args: [number, number?]): Thrown => thrown(() => pidfdOpen(...args))

  test('gives a descriptor of that process, close-on-exec', async () => {
    const { pid } = await Receiver.start()
    const fd = open(pid)
    expect(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')).toMatch(new RegExp(`^Pid:\\t${pid}$`, 'm'))
    expect(flagsOf(fd) & 0o2000000).not.toBe(0)
    expect(flagsOf(fd) & PIDFD_NONBLOCK).toBe(0)
  })

  test('PIDFD_NONBLOCK and PIDFD_THREAD', async () => {
    const { tid } = await Receiver.start()
    expect(flagsOf(open(process.pid, PIDFD_NONBLOCK)) & PIDFD_NONBLOCK).toBe(PIDFD_NONBLOCK)
    const fd = open(tid, PIDFD_THREAD | PIDFD_NONBLOCK)
    expect(flagsOf(fd) & (PIDFD_THREAD | PIDFD_NONBLOCK)).toBe(PIDFD_THREAD | PIDFD_NONBLOCK)
    expect(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')).toMatch(new RegExp(`^Pid:\\t${tid}$`, 'm'))
  })

  test('a zombie is there', async () => {
    const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
    expect(open(zombie)).toBeGreaterThan(2)
  })

  test('ESRCH: nobody has the number', () => {
    const error = refused(ABSENT)
    expect(error).toMatchObject({
      name: 'NoSuchProcessError',
      code: 'ESRCH',
      errno: -3,
      syscall: 'pidfd_open',
      pid: ABSENT,
    })
    expect(error.message).toBe(`pidfd_open ESRCH: no such process (pid ${ABSENT})`)
    expect(refused(ABSENT, PIDFD_THREAD).code).toBe('ESRCH')
  })

  test.each([
    [0, 0],
    [-1, 0],
    [-process.pid, 0],
    [-(2 ** 31), 0],
    [process.pid, 1],
    [process.pid, -1],
    [ABSENT, 1], // flags are looked at first
  ])('EINVAL: pid %i, flags %i', (pid, flags) => {
    expect(refused(pid, flags)).toMatchObject({ name: 'SignalError', code: 'EINVAL', errno: -22, pid })
  })

  test('EINVAL, ENOENT since 6.18: a thread id without PIDFD_THREAD', async () => {
    const { tid } = await Receiver.start()
    expect(['EINVAL', 'ENOENT']).toContain(refused(tid).code)
  })

  test('EMFILE, with the limit', async () => {
    const caller = await Caller.start({ descriptors: 48 })
    let answer = await caller.call('sigkit/syscalls', 'pidfdOpen', process.pid)
    for (let opened = 1; answer.error === undefined && opened <= 48; opened++)
      answer = await caller.call('sigkit/syscalls', 'pidfdOpen', process.pid)
    expect(answer.error).toMatchObject({ name: 'ResourceLimitError', code: 'EMFILE', errno: -24 })
    expect(answer.error?.message).toContain('48 may be open')
    // Who is not there needs no descriptor.
    expect((await caller.call('sigkit/syscalls', 'pidfdOpen', ABSENT)).error?.code).toBe('ESRCH')
  })

  test.each([
    ['1', undefined, 'ERR_INVALID_ARG_TYPE'],
    [undefined, undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, undefined, 'ERR_INVALID_ARG_TYPE'],
    [1n, undefined, 'ERR_INVALID_ARG_TYPE'],
    [1.5, undefined, 'ERR_OUT_OF_RANGE'],
    [NaN, undefined, 'ERR_OUT_OF_RANGE'],
    [2 ** 31, undefined, 'ERR_OUT_OF_RANGE'],
    [1, '0', 'ERR_INVALID_ARG_TYPE'],
    [1, null, 'ERR_INVALID_ARG_TYPE'],
    [1, 0.5, 'ERR_OUT_OF_RANGE'],
  ])('%o, %o: %s', (pid, flags, code) => {
    expect(refused(pid as number, flags as number).code).toBe(code)
  })
})

describe('pidfdSendSignal', () => {
  type Arguments = Parameters<typeof pidfdSendSignal>
  const refused = (...args: Arguments): Thrown =>
    thrown(() => {
      pidfdSendSignal(...args)
    })

  test('without info it is as kill, with it as sigqueue', async () => {
    const receiver = await Receiver.start()
    const fd = open(receiver.pid)
    pidfdSendSignal(fd, 'SIGUSR1')
    pidfdSendSignal(fd, 12, null)
    pidfdSendSignal(fd, 34, undefined)
    pidfdSendSignal(fd, 'SIGRTMIN+1', {})
    pidfdSendSignal(fd, 36, { value: 2n ** 64n - 1n })
    pidfdSendSignal(fd, 37, { value: -5 }, 0)
    const queued = { code: SI_QUEUE, ...me, rest: 0 }
    expect(await receiver.drain()).toMatchObject([
      { signo: 10, code: SI_USER, ...me },
      { signo: 12, code: SI_USER, ...me },
      { signo: 34, code: SI_USER, ...me },
      { signo: 35, ...queued, value: 0n },
      { signo: 36, ...queued, value: 2n ** 64n - 1n, int: -1 },
      { signo: 37, ...queued, value: 2n ** 64n - 5n, int: -5 },
    ])
  })

  test("libc's own signals go too", async () => {
    const receiver = await Receiver.start()
    pidfdSendSignal(open(receiver.pid), 33)
    expect(await receiver.drain()).toMatchObject([{ signo: 33 }])
  })

  test('0 probes', async () => {
    const receiver = await Receiver.start()
    const fd = open(receiver.pid)
    pidfdSendSignal(fd, 0)
    pidfdSendSignal(fd, 0, { value: 1 })
    expect(await receiver.drain()).toEqual([])
  })

  test('PIDFD_SIGNAL_THREAD, THREAD_GROUP and PROCESS_GROUP choose who gets it', async () => {
    const receiver = await Receiver.start({ detached: true })
    const [whole, thread] = [open(receiver.pid), open(receiver.tid, PIDFD_THREAD)]
    pidfdSendSignal(whole, 1, null, PIDFD_SIGNAL_THREAD)
    expect(pendingForThread(receiver.pid)).toEqual([1])
    pidfdSendSignal(whole, 2, null, PIDFD_SIGNAL_THREAD_GROUP)
    pidfdSendSignal(whole, 3, null, PIDFD_SIGNAL_PROCESS_GROUP)
    pidfdSendSignal(thread, 10)
    expect(pendingForThread(receiver.pid, receiver.tid)).toEqual([10])
    pidfdSendSignal(thread, 12, null, PIDFD_SIGNAL_THREAD_GROUP)
    expect(pendingForProcess(receiver.pid)).toEqual([2, 3, 12])
    pidfdSendSignal(whole, 35, { value: 9 }, PIDFD_SIGNAL_PROCESS_GROUP)
    expect((await receiver.drain()).at(-1)).toMatchObject({ signo: 35, code: SI_QUEUE, value: 9n })
  })

  test('a descriptor of a directory of /proc works too', async () => {
    const receiver = await Receiver.start()
    pidfdSendSignal(closedAtTheEnd(openSync(`/proc/${receiver.pid}`, 'r')), 'SIGUSR1')
    expect(await receiver.drain()).toMatchObject([{ signo: 10 }])
  })

  test.each([SI_QUEUE, SI_TIMER, SI_MESGQ, SI_ASYNCIO, -60, -(2 ** 31)])(
    'a negative code is what it says: %i',
    async (code) => {
      const receiver = await Receiver.start()
      pidfdSendSignal(open(receiver.pid), 'SIGRTMIN', { code, value: 3 })
      expect(await receiver.drain()).toMatchObject([{ signo: 34, code, value: 3n }])
    },
  )

  test.each([SI_USER, SI_TKILL, SI_KERNEL, 1, 2 ** 31 - 1])(
    'EPERM: a forged code, %i, for another process; nothing arrives',
    async (code) => {
      const receiver = await Receiver.start()
      const fd = open(receiver.pid)
      expect(refused(fd, 'SIGRTMIN', { code })).toMatchObject({
        name: 'PermissionDeniedError',
        code: 'EPERM',
        errno: -1,
        syscall: 'pidfd_send_signal',
        signal: 'SIGRTMIN',
      })
      expect(await receiver.drain()).toEqual([])
    },
  )

  test('any code goes to oneself', () => {
    for (const code of [SI_USER, SI_TKILL, SI_KERNEL]) pidfdSendSignal(open(process.pid), 'SIGURG', { code })
  })

  test('EBADF: no descriptor, or not a pidfd', () => {
    const file = closedAtTheEnd(openSync(import.meta.filename, 'r'))
    const directory = closedAtTheEnd(openSync('/tmp', 'r'))
    for (const fd of [closedNumber(), file, directory, -1, 999_999]) {
      const error = refused(fd, 'SIGTERM')
      expect(error).toMatchObject({ name: 'SignalError', code: 'EBADF', errno: -9, signal: 'SIGTERM' })
      expect(error.message).toContain(`fd ${fd}`)
      expect(error).not.toHaveProperty('pid')
    }
  })

  test.each([65, 999, -1, 2 ** 31 - 1, -(2 ** 31)])('EINVAL: signal %i', async (signal) => {
    const fd = open((await Receiver.start()).pid)
    expect(refused(fd, signal)).toMatchObject({ code: 'EINVAL', errno: -22 })
    expect(refused(fd, signal, {})).toMatchObject({ code: 'EINVAL' })
  })

  test.each([8, -1, PIDFD_SIGNAL_THREAD | PIDFD_SIGNAL_PROCESS_GROUP, 7])(
    'EINVAL: flags %i',
    async (flags) => {
      const receiver = await Receiver.start()
      expect(refused(open(receiver.pid), 'SIGUSR1', null, flags).code).toBe('EINVAL')
      expect(await receiver.drain()).toEqual([])
    },
  )

  test.runIf(canNamespace)(
    `EINVAL: the process lives in a pid namespace above ${NEEDS_NAMESPACE}`,
    async () => {
      expect(await startNode('handed-down.mjs').next('what it can tell')).toMatchObject({ send: 'EINVAL' })
    },
  )

  test('ESRCH: gone, and PROCESS_GROUP on what leads no group', async () => {
    const fd = await reaped()
    expect(refused(fd, 'SIGTERM')).toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH' })
    expect(refused(fd, 0).code).toBe('ESRCH')
    expect(refused(fd, 34, { value: 1 }).code).toBe('ESRCH')
    const receiver = await Receiver.start()
    const member = open(receiver.pid)
    expect(refused(member, 'SIGUSR1', null, PIDFD_SIGNAL_PROCESS_GROUP).code).toBe('ESRCH')
    expect(await receiver.drain()).toEqual([])
  })

  test('EAGAIN: the queue of the receiver is full', async () => {
    const receiver = await Receiver.start({ sigpending: 0 })
    expect(refused(open(receiver.pid), 'SIGRTMIN', { value: 1 })).toMatchObject({
      name: 'ResourceLimitError',
      code: 'EAGAIN',
      errno: -11,
    })
  })

  test.runIf(deniedByInit)('EPERM: another user [needs PID 1 of another user]', async () => {
    const caller = await Caller.start({ wrapper: asNobody })
    const { value: fd } = await caller.call('sigkit/syscalls', 'pidfdOpen', 1)
    const denied = { name: 'PermissionDeniedError', code: 'EPERM', errno: -1, syscall: 'pidfd_send_signal' }
    expect((await caller.call('sigkit/syscalls', 'pidfdSendSignal', fd, 'SIGURG')).error).toMatchObject(
      denied,
    )
    expect((await caller.call('sigkit/syscalls', 'pidfdSendSignal', fd, 0)).error).toMatchObject(denied)
  })

  test.each([
    ['3', 15, undefined, 0, 'ERR_INVALID_ARG_TYPE'],
    [undefined, 15, undefined, 0, 'ERR_INVALID_ARG_TYPE'],
    [0.5, 15, undefined, 0, 'ERR_OUT_OF_RANGE'],
    [2 ** 31, 15, undefined, 0, 'ERR_OUT_OF_RANGE'],
    [3, 'TERM', undefined, 0, 'ERR_UNKNOWN_SIGNAL'],
    [3, undefined, undefined, 0, 'ERR_INVALID_ARG_TYPE'],
    [3, 15n, undefined, 0, 'ERR_INVALID_ARG_TYPE'],
    [3, 15, 7, 0, 'ERR_INVALID_ARG_TYPE'],
    [3, 15, { value: '7' }, 0, 'ERR_INVALID_ARG_TYPE'],
    [3, 15, { value: 0.5 }, 0, 'ERR_OUT_OF_RANGE'],
    [3, 15, { code: '1' }, 0, 'ERR_INVALID_ARG_TYPE'],
    [3, 15, { code: 2 ** 31 }, 0, 'ERR_OUT_OF_RANGE'],
    [3, 15, undefined, '0', 'ERR_INVALID_ARG_TYPE'],
    [3, 15, undefined, null, 'ERR_INVALID_ARG_TYPE'],
    [3, 15, undefined, 0.5, 'ERR_OUT_OF_RANGE'],
  ])('bad arguments %#: %o, %o, %o, %o', (fd, signal, info, flags, code) => {
    expect(refused(...([fd, signal, info, flags] as Arguments)).code).toBe(code)
  })
})

describe('processMrelease', () => {
  const refused = (...args: Parameters<typeof processMrelease>): Thrown =>
    thrown(() => {
      processMrelease(...args)
    })

  test('frees a process that is being killed; once it has ended: ESRCH', async () => {
    const report = await startNode('mrelease.mjs').next('what came of it')
    expect(report).toEqual({ dying: null, ended: 'ESRCH', exit: [null, 'SIGKILL'] })
  })

  test('EINVAL: it is not dying; or flags', async () => {
    const receiver = await Receiver.start()
    const fd = open(receiver.pid)
    expect(refused(fd)).toMatchObject({
      name: 'SignalError',
      code: 'EINVAL',
      errno: -22,
      syscall: 'process_mrelease',
    })
    expect(refused(fd, 1).code).toBe('EINVAL')
    expect(refused(fd, -1).code).toBe('EINVAL')
    expect(await receiver.drain()).toEqual([])
  })

  test('ESRCH: a zombie, and a process that is gone', async () => {
    const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
    expect(refused(open(zombie))).toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH', errno: -3 })
    expect(refused(await reaped()).code).toBe('ESRCH')
  })

  test('EBADF: no descriptor, or not a pidfd', () => {
    const file = closedAtTheEnd(openSync(import.meta.filename, 'r'))
    for (const fd of [closedNumber(), file, -1, 999_999]) {
      const error = refused(fd)
      expect(error).toMatchObject({ name: 'SignalError', code: 'EBADF', errno: -9 })
      expect(error.message).toContain(`fd ${fd}`)
    }
  })

  test.runIf(isRoot)(`a process of another user is not for us to free ${NEEDS_ROOT}`, async () => {
    const { pid } = await Receiver.start()
    const caller = await Caller.start({ wrapper: asNobody })
    const { value: fd } = await caller.call('sigkit/syscalls', 'pidfdOpen', pid)
    const { error } = await caller.call('sigkit/syscalls', 'processMrelease', fd)
    expect(['EPERM', 'EINVAL']).toContain(error?.code)
  })

  test.each([
    ['3', undefined, 'ERR_INVALID_ARG_TYPE'],
    [undefined, undefined, 'ERR_INVALID_ARG_TYPE'],
    [0.5, undefined, 'ERR_OUT_OF_RANGE'],
    [3, '0', 'ERR_INVALID_ARG_TYPE'],
    [3, null, 'ERR_INVALID_ARG_TYPE'],
    [3, 2 ** 31, 'ERR_OUT_OF_RANGE'],
  ])('%o, %o: %s', (fd, flags, code) => {
    expect(refused(fd as number, flags as number).code).toBe(code)
  })
})
