/** Every errno of every sending verb, each reached for real. */
import { kill, killpg, sigqueue, tgkill, tryKill } from 'sigkit'
import { SI_USER } from 'sigkit/syscalls'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { Caller, type Answer } from './helpers/caller.js'
import { fixturePath, programPath, startProgram } from './helpers/fixture.js'
import {
  asNobody,
  canNamespace,
  deniedByInit,
  inNamespace,
  isRoot,
  NEEDS_NAMESPACE,
  NEEDS_ROOT,
  NOBODY,
} from './helpers/privilege.js'
import { pendingForProcess } from './helpers/process-status.js'
import { Receiver } from './helpers/receiver.js'
import { thrown } from './helpers/thrown.js'

const SIGUSR1 = 10

describe('ESRCH', () => {
  test.each([
    [
      'kill',
      () => {
        kill(ABSENT)
      },
      { syscall: 'kill', pid: ABSENT, signal: 'SIGTERM' },
    ],
    [
      'kill of a group',
      () => {
        kill(-ABSENT, 'SIGINT')
      },
      { syscall: 'kill', pid: -ABSENT, signal: 'SIGINT', info: { pgid: ABSENT } },
    ],
    [
      'killpg',
      () => {
        killpg(ABSENT)
      },
      { syscall: 'killpg', pid: ABSENT, signal: 'SIGTERM', info: { pgid: ABSENT } },
    ],
    [
      'tgkill',
      () => {
        tgkill(ABSENT, ABSENT, 'SIGHUP')
      },
      { syscall: 'tgkill', pid: ABSENT, signal: 'SIGHUP', info: { tid: ABSENT } },
    ],
    [
      'sigqueue',
      () => {
        sigqueue(ABSENT, 'SIGRTMIN+1', 1)
      },
      { syscall: 'sigqueue', pid: ABSENT, signal: 'SIGRTMIN+1' },
    ],
  ] as const)('%s', (_name, call, expected) => {
    expect(thrown(call)).toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH', errno: -3, ...expected })
  })

  test('tgkill: the thread of another process', async () => {
    const receiver = await Receiver.start()
    const error = thrown(() => {
      tgkill(receiver.pid, process.pid, 'SIGUSR1')
    })
    expect(error).toMatchObject({ code: 'ESRCH', pid: receiver.pid, info: { tid: process.pid } })
  })

  test('a process that ended and was waited for', async () => {
    const program = startProgram('constants')
    await program.ended()
    expect(tryKill(program.pid, 0)).toBe('ESRCH')
  })

  test.runIf(canNamespace)(`killAll where there is nobody else ${NEEDS_NAMESPACE}`, async () => {
    const caller = await Caller.start({ wrapper: inNamespace, detached: true })
    expect(caller.pid).toBe(1)
    const { error } = await caller.call('sigkit', 'killAll', 'SIGUSR1')
    expect(error).toMatchObject({
      name: 'NoSuchProcessError',
      code: 'ESRCH',
      syscall: 'kill',
      pid: -1,
      signal: 'SIGUSR1',
    })
  })
})

describe('EPERM', () => {
  const denied = (syscall: string, more: object = {}): Answer['error'] =>
    expect.objectContaining({
      name: 'PermissionDeniedError',
      code: 'EPERM',
      errno: -1,
      syscall,
      ...more,
    }) as Answer['error']

  test.runIf(deniedByInit)(
    'each verb, for a process of another user [needs PID 1 of another user]',
    async () => {
      const caller = await Caller.start({ wrapper: asNobody })
      // Not SIGCONT: within a session anybody may send it, and PID 1 may be of ours.
      const fields = { pid: 1, signal: 'SIGURG' }
      expect((await caller.call('sigkit', 'kill', 1, 'SIGURG')).error).toEqual(denied('kill', fields))
      expect((await caller.call('sigkit', 'kill', 1, 0)).error).toEqual(denied('kill', { pid: 1 }))
      expect((await caller.call('sigkit', 'tgkill', 1, 1, 'SIGURG')).error).toEqual(denied('tgkill', fields))
      expect((await caller.call('sigkit', 'sigqueue', 1, 'SIGURG', 5)).error).toEqual(
        denied('sigqueue', fields),
      )
      expect(await caller.call('sigkit', 'tryKill', 1, 0)).toEqual({ value: 'EPERM' })
    },
  )

  test.runIf(isRoot)(`SIGCONT within a session is allowed to anybody ${NEEDS_ROOT}`, async () => {
    const receiver = await Receiver.start()
    const caller = await Caller.start({ wrapper: asNobody })
    expect(await caller.call('sigkit', 'tryKill', receiver.pid, 'SIGCONT')).toEqual({ value: null })
    expect(await caller.call('sigkit', 'tryKill', receiver.pid, 'SIGURG')).toEqual({ value: 'EPERM' })
    const outside = await Receiver.start({ detached: true })
    expect(await caller.call('sigkit', 'tryKill', outside.pid, 'SIGCONT')).toEqual({ value: 'EPERM' })
  })

  test.runIf(isRoot)(`nothing arrived ${NEEDS_ROOT}`, async () => {
    const receiver = await Receiver.start()
    const caller = await Caller.start({ wrapper: asNobody })
    expect((await caller.call('sigkit', 'kill', receiver.pid, 'SIGUSR1')).error).toEqual(denied('kill'))
    expect((await caller.call('sigkit', 'sigqueue', receiver.pid, 'SIGRTMIN', 1)).error).toEqual(
      denied('sigqueue'),
    )
    expect(await receiver.drain()).toEqual([])
  })

  test.runIf(isRoot)(`a group is denied when no member may be signalled ${NEEDS_ROOT}`, async () => {
    const group = await startProgram('group', ['0', '0']).next<{ pgid: number; members: number[] }>('group')
    const caller = await Caller.start({ wrapper: asNobody })
    const info = { pgid: group.pgid }
    expect((await caller.call('sigkit', 'killpg', group.pgid, 'SIGUSR1')).error).toEqual(
      denied('killpg', { info }),
    )
    expect((await caller.call('sigkit', 'kill', -group.pgid, 'SIGUSR1')).error).toEqual(
      denied('kill', { info }),
    )
    expect(group.members.map(pendingForProcess)).toEqual([[], []])
  })

  test.runIf(isRoot)(`a group succeeds when one member may be signalled ${NEEDS_ROOT}`, async () => {
    const group = await startProgram('group', ['0', String(NOBODY), '0']).next<{
      pgid: number
      members: number[]
    }>('group')
    const caller = await Caller.start({ wrapper: asNobody })
    expect(await caller.call('sigkit', 'killpg', group.pgid, 'SIGUSR1')).toEqual({ value: null })
    expect(await caller.call('sigkit', 'kill', -group.pgid, 'SIGUSR1')).toEqual({ value: null })
    expect(group.members.map(pendingForProcess)).toEqual([[], [SIGUSR1], []])
  })
})

describe('EAGAIN: the queue of the receiver is full', () => {
  test('sigqueue and tgkill of a real-time signal say so', async () => {
    const receiver = await Receiver.start({ sigpending: 0 })
    const limited = {
      name: 'ResourceLimitError',
      code: 'EAGAIN',
      errno: -11,
      pid: receiver.pid,
      signal: 'SIGRTMIN+2',
    }
    const queue = thrown(() => {
      sigqueue(receiver.pid, 'SIGRTMIN+2', 1)
    })
    expect(queue).toMatchObject({ ...limited, syscall: 'sigqueue' })
    expect(queue.message).toContain('RLIMIT_SIGPENDING')
    const thread = thrown(() => {
      tgkill(receiver.pid, receiver.pid, 'SIGRTMIN+2')
    })
    expect(thread).toMatchObject({ ...limited, syscall: 'tgkill' })
    expect(await receiver.drain()).toEqual([])
  })

  test('kill of a real-time signal succeeds, once, and loses its siginfo', async () => {
    const receiver = await Receiver.start({ sigpending: 0 })
    kill(receiver.pid, 'SIGRTMIN+2')
    kill(receiver.pid, 'SIGRTMIN+2')
    expect(await receiver.drain()).toMatchObject([{ signo: 36, code: SI_USER, pid: 0, uid: 0 }])
  })

  test('sigqueue of a standard signal succeeds and loses its value', async () => {
    const receiver = await Receiver.start({ sigpending: 0 })
    sigqueue(receiver.pid, 'SIGUSR1', 77)
    expect(await receiver.drain()).toMatchObject([{ signo: SIGUSR1, code: SI_USER, pid: 0, value: 0n }])
  })

  test('raise of a real-time signal that the thread blocks', async () => {
    const caller = await Caller.start({
      wrapper: [programPath('parent'), '--sigpending', '0'],
      flags: ['--import', fixturePath('block-all.mjs')],
    })
    const { error } = await caller.call('sigkit', 'raise', 'SIGRTMIN+2')
    expect(error).toMatchObject({
      name: 'ResourceLimitError',
      code: 'EAGAIN',
      syscall: 'raise',
      signal: 'SIGRTMIN+2',
    })
    expect((await caller.call('sigkit', 'raise', 'SIGUSR2')).error).toBeUndefined()
  })
})
