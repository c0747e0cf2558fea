/** Sending through a handle: process, thread and group, with and without a value. Recycled numbers: reuse.test.ts. */
import { PidFd, type Signal } from 'sigkit'
import { pidfdOpen, SI_QUEUE, SI_USER } from 'sigkit/syscalls'
import { describe, expect, test } from 'vitest'
import { startNode, startProgram } from './helpers/fixture.js'
import { asNobody, isRoot, NEEDS_ROOT, NOBODY } from './helpers/privilege.js'
import { pendingForProcess, pendingForThread } from './helpers/process-status.js'
import type { Program } from './helpers/program.js'
import { Receiver } from './helpers/receiver.js'
import { thrown } from './helpers/thrown.js'

const SIGUSR1 = 10
const SIGUSR2 = 12

const me = { pid: process.pid, uid: process.getuid?.() ?? -1 }

async function goneHandle(): Promise<PidFd> {
  const receiver = await Receiver.start()
  const handle = PidFd.open(receiver.pid)
  handle.send('SIGKILL')
  await receiver.program.ended()
  return handle
}

describe('process scope', () => {
  test('sends as kill does, to that process', async () => {
    const [receiver, other] = [await Receiver.start(), await Receiver.start()]
    using handle = PidFd.open(receiver.pid)
    handle.send('SIGUSR1')
    expect(handle.trySend('SIGUSR2')).toBeUndefined()
    handle.send(34, { scope: 'process' })
    handle.send('SIGTERM', {})
    handle.send('SIGHUP', { scope: undefined, value: undefined })
    expect(pendingForThread(receiver.pid)).toEqual([])
    const received = await receiver.drain()
    expect(received.map(({ signo }) => signo)).toEqual([1, SIGUSR1, SIGUSR2, 15, 34])
    for (const one of received) expect(one).toMatchObject({ code: SI_USER, ...me })
    expect(await other.drain()).toEqual([])
  })

  test('a handle that was received sends as well', async () => {
    const receiver = await Receiver.start()
    using handle = PidFd.fromFd(pidfdOpen(receiver.pid))
    handle.send('SIGUSR1')
    expect(await receiver.drain()).toMatchObject([{ signo: SIGUSR1, code: SI_USER, ...me }])
  })

  test('ends a process for real', async () => {
    const receiver = await Receiver.start()
    using handle = PidFd.open(receiver.pid)
    handle.send('SIGKILL')
    expect(await receiver.program.ended()).toEqual({ code: null, signal: 'SIGKILL' })
  })

  test('0 probes: it succeeds and nothing arrives, in every scope', async () => {
    const receiver = await Receiver.start({ detached: true })
    using handle = PidFd.open(receiver.pid)
    for (const scope of ['process', 'thread', 'group'] as const) {
      handle.send(0, { scope })
      expect(handle.trySend(0, { scope })).toBeUndefined()
    }
    expect(await receiver.drain()).toEqual([])
  })

  test('a zombie accepts signals and probes', async () => {
    const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
    using handle = PidFd.open(zombie)
    handle.send(0)
    handle.send('SIGKILL')
    expect(handle.trySend('SIGTERM')).toBeUndefined()
    expect(handle.state()).toBe('zombie')
  })
})

describe('a value', () => {
  test.each([
    [0, 0n],
    [1, 1n],
    [-1, 2n ** 64n - 1n],
    [Number.MAX_SAFE_INTEGER, 2n ** 53n - 1n],
    [Number.MIN_SAFE_INTEGER, 2n ** 64n - 2n ** 53n + 1n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
    [-(2n ** 63n), 2n ** 63n],
    [2n ** 63n - 1n, 2n ** 63n - 1n],
    [0x0123_4567_89ab_cdefn, 0x0123_4567_89ab_cdefn],
  ])('%s arrives as %s, all 64 bits, with the rest of the union zero', async (value, received) => {
    const receiver = await Receiver.start()
    using handle = PidFd.open(receiver.pid)
    handle.send('SIGRTMIN+1', { value })
    expect(handle.trySend('SIGRTMIN+1', { value })).toBeUndefined()
    const int = Number(BigInt.asIntN(32, received))
    const expected = { signo: 35, code: SI_QUEUE, ...me, value: received, int, rest: 0 }
    expect(await receiver.drain()).toEqual([expected, expected])
  })

  test('goes with thread and group scope too', async () => {
    const receiver = await Receiver.start({ detached: true })
    using handle = PidFd.open(receiver.pid)
    handle.send('SIGRTMIN+1', { scope: 'thread', value: 5 })
    expect(pendingForThread(receiver.pid)).toEqual([35])
    handle.send('SIGRTMIN+2', { scope: 'group', value: 6n })
    expect(pendingForProcess(receiver.pid)).toEqual([36])
    expect(await receiver.drain()).toMatchObject([
      { signo: 35, code: SI_QUEUE, value: 5n },
      { signo: 36, code: SI_QUEUE, value: 6n },
    ])
  })

  test('EAGAIN when the queue of the receiver is full', async () => {
    const receiver = await Receiver.start({ sigpending: 0 })
    using handle = PidFd.open(receiver.pid)
    const error = thrown(() => {
      handle.send('SIGRTMIN+2', { value: 1 })
    })
    expect(error).toMatchObject({
      name: 'ResourceLimitError',
      code: 'EAGAIN',
      syscall: 'pidfd_send_signal',
      pid: receiver.pid,
      signal: 'SIGRTMIN+2',
    })
    expect(error.message).toContain('RLIMIT_SIGPENDING')
    expect(handle.trySend('SIGRTMIN+2', { value: 1 })).toBe('EAGAIN')
  })
})

describe('thread scope', () => {
  async function startThreads(): Promise<{ program: Program; tids: number[] }> {
    const program = startProgram('threads', ['3'])
    const { tids } = await program.next<{ tids: number[] }>('threads that wait')
    return { program, tids }
  }

  test('a handle on a thread hits that very thread, by default and by name', async () => {
    const { program, tids } = await startThreads()
    for (const tid of [...tids, ...[...tids].reverse()]) {
      using handle = PidFd.open(tid, { thread: true })
      handle.send('SIGUSR1')
      expect(await program.next('the signal')).toMatchObject({ tid, signo: SIGUSR1 })
      expect(handle.trySend('SIGRTMIN+3', { scope: 'thread', value: tid })).toBeUndefined()
      expect(await program.next('the value')).toEqual({ tid, signo: 37, code: SI_QUEUE, value: String(tid) })
    }
  })

  test('on a process it is the main thread, and nobody else may take the signal', async () => {
    const { program } = await startThreads()
    using handle = PidFd.open(program.pid)
    // The other threads would take at once what is sent to the process.
    handle.send('SIGUSR1', { scope: 'thread' })
    expect(pendingForThread(program.pid)).toEqual([SIGUSR1])
    handle.send('SIGUSR2')
    expect(await program.next('the signal for the process')).toMatchObject({ signo: SIGUSR2, code: SI_USER })
    expect(pendingForThread(program.pid)).toEqual([SIGUSR1])
  })

  test('a handle on a thread reaches the whole process with process scope', async () => {
    const receiver = await Receiver.start()
    using handle = PidFd.open(receiver.tid, { thread: true })
    handle.send('SIGUSR1')
    handle.send('SIGUSR2', { scope: 'process' })
    expect(pendingForThread(receiver.pid, receiver.tid)).toEqual([SIGUSR1])
    expect(pendingForProcess(receiver.pid)).toEqual([SIGUSR2])
  })

  test('group scope on it is ERR_INVALID_ARG_VALUE, also when its process leads the group', async () => {
    const receiver = await Receiver.start({ detached: true })
    using handle = PidFd.open(receiver.tid, { thread: true })
    expect(
      thrown(() => {
        handle.send('SIGUSR1', { scope: 'group' })
      }),
    ).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' })
    expect(await receiver.drain()).toEqual([])
  })
})

describe('group scope', () => {
  interface Group {
    program: Program
    pgid: number
    members: number[]
  }

  async function startGroup(...uids: number[]): Promise<Group> {
    const program = startProgram('group', uids.map(String))
    return { program, ...(await program.next<Omit<Group, 'program'>>('a group')) }
  }

  async function end({ program }: Group, member: number): Promise<void> {
    process.kill(member, 'SIGKILL')
    program.write(`reap ${member}`)
    expect(await program.next('the reap')).toEqual({ reaped: member })
  }

  test('reaches every member, and nobody else', async () => {
    const group = await startGroup(me.uid, me.uid, me.uid)
    const outsider = await Receiver.start()
    using leader = PidFd.open(group.pgid)
    leader.send('SIGUSR1', { scope: 'group' })
    expect(leader.trySend('SIGUSR2', { scope: 'group' })).toBeUndefined()
    expect(group.members.map(pendingForProcess)).toEqual([
      [SIGUSR1, SIGUSR2],
      [SIGUSR1, SIGUSR2],
      [SIGUSR1, SIGUSR2],
    ])
    expect(await outsider.drain()).toEqual([])
  })

  test('through a handle on the first thread of the leader as well', async () => {
    const group = await startGroup(me.uid, me.uid)
    using thread = PidFd.open(group.pgid, { thread: true })
    thread.send('SIGUSR1', { scope: 'group' })
    expect(group.members.map(pendingForProcess)).toEqual([[SIGUSR1], [SIGUSR1]])
  })

  test('after the leader was reaped it reaches the members that live, and ESRCH when none does', async () => {
    const group = await startGroup(me.uid, me.uid, me.uid)
    const [leader = 0, second = 0, third = 0] = group.members
    using handle = PidFd.open(leader)
    await end(group, leader)
    expect(handle.state()).toBe('gone')
    handle.send('SIGUSR1', { scope: 'group' })
    expect([second, third].map(pendingForProcess)).toEqual([[SIGUSR1], [SIGUSR1]])
    // The leader itself is gone, whatever its group does.
    expect(handle.trySend('SIGUSR2')).toBe('ESRCH')
    await end(group, second)
    expect(handle.trySend('SIGUSR2', { scope: 'group' })).toBeUndefined()
    expect(pendingForProcess(third)).toEqual([SIGUSR1, SIGUSR2])
    await end(group, third)
    expect(handle.trySend('SIGUSR1', { scope: 'group' })).toBe('ESRCH')
    expect(
      thrown(() => {
        handle.send('SIGUSR1', { scope: 'group' })
      }),
    ).toMatchObject({
      name: 'NoSuchProcessError',
      code: 'ESRCH',
      syscall: 'pidfd_send_signal',
      pid: leader,
      signal: 'SIGUSR1',
      reused: false,
    })
  })

  test('on a process that leads its group no longer: ERR_INVALID_ARG_VALUE, and who stayed gets nothing', async () => {
    const sibling = startProgram('join-group', ['0'])
    await sibling.next('a group of its own')
    const program = startProgram('join-group', [String(sibling.pid), 'behind'])
    const { behind } = await program.next<{ behind: number }>('the one that stayed')
    using handle = PidFd.open(program.pid)
    const error = thrown(() => {
      handle.send('SIGUSR1', { scope: 'group' })
    })
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' })
    expect(pendingForProcess(behind)).toEqual([])
  })

  test('on a process that leads no group: ERR_INVALID_ARG_VALUE, and nothing is sent', async () => {
    const group = await startGroup(me.uid, me.uid)
    const [, member = 0] = group.members
    using handle = PidFd.open(member)
    for (const call of [
      () => {
        handle.send('SIGUSR1', { scope: 'group' })
      },
      () => handle.trySend('SIGUSR1', { scope: 'group' }),
    ]) {
      const error = thrown(call)
      expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' })
      expect(error.message).toContain(`process ${member} does not lead its process group`)
    }
    expect(group.members.map(pendingForProcess)).toEqual([[], []])
  })

  test('on a process that led no group and is gone: ESRCH', async () => {
    const handle = await goneHandle()
    expect(handle.trySend('SIGUSR1', { scope: 'group' })).toBe('ESRCH')
    handle.close()
  })

  test.runIf(isRoot)(`succeeds when one member may be signalled, else EPERM ${NEEDS_ROOT}`, async () => {
    const mixed = await startGroup(0, NOBODY, 0)
    const closed = await startGroup(0, 0)
    expect(await sendAsNobody(mixed.pgid, 'SIGUSR1', 'group')).toEqual({
      value: null,
      tried: null,
      state: 'alive',
    })
    expect(mixed.members.map(pendingForProcess)).toEqual([[], [SIGUSR1], []])
    expect(await sendAsNobody(closed.pgid, 'SIGUSR1', 'group')).toMatchObject({
      error: { name: 'PermissionDeniedError', code: 'EPERM' },
      tried: 'EPERM',
    })
    expect(closed.members.map(pendingForProcess)).toEqual([[], []])
  })
})

interface Sent {
  value?: null
  error?: object
  tried: string | null
  state: string
}

async function sendAsNobody(pid: number, signal: Signal, scope: string): Promise<Sent> {
  return startNode('handle-sender.mjs', {
    wrapper: asNobody,
    args: [String(pid), String(signal), scope],
  }).next<Sent>('what came of it')
}

describe('EPERM', () => {
  test.runIf(isRoot)(`opening needs no permission, sending does ${NEEDS_ROOT}`, async () => {
    const receiver = await Receiver.start()
    for (const signal of ['SIGUSR1', 'SIGKILL', '0']) {
      expect(await sendAsNobody(receiver.pid, signal as Signal, 'process')).toMatchObject({
        error: {
          name: 'PermissionDeniedError',
          code: 'EPERM',
          errno: -1,
          syscall: 'pidfd_send_signal',
          pid: receiver.pid,
        },
        tried: 'EPERM',
        state: 'alive',
      })
    }
    expect(await receiver.drain()).toEqual([])
  })
})

describe('the process is gone', () => {
  test('NoSuchProcessError, in process and thread scope, with and without a value', async () => {
    const handle = await goneHandle()
    for (const scope of ['process', 'thread'] as const) {
      for (const value of [undefined, 7]) {
        expect(
          thrown(() => {
            handle.send('SIGTERM', { scope, value })
          }),
        ).toMatchObject({
          name: 'NoSuchProcessError',
          code: 'ESRCH',
          errno: -3,
          syscall: 'pidfd_send_signal',
          pid: handle.pid,
          signal: 'SIGTERM',
        })
        expect(handle.trySend('SIGTERM', { scope, value })).toBe('ESRCH')
      }
    }
    const message = `pidfd_send_signal ESRCH: no such process (pid ${handle.pid}, SIGTERM)`
    expect(
      thrown(() => {
        handle.send('SIGTERM')
      }).message,
    ).toBe(message)
    expect(handle.trySend(0)).toBe('ESRCH')
    handle.close()
  })

  test('a thread is gone with its process', async () => {
    const receiver = await Receiver.start()
    using handle = PidFd.open(receiver.tid, { thread: true })
    handle.send('SIGKILL')
    await receiver.program.ended()
    for (const scope of ['process', 'thread'] as const) expect(handle.trySend(0, { scope })).toBe('ESRCH')
  })
})

describe('bad arguments: nothing is sent', () => {
  test.each([
    ['TERM', undefined, 'ERR_UNKNOWN_SIGNAL'],
    [65, undefined, 'ERR_UNKNOWN_SIGNAL'],
    [-1, undefined, 'ERR_UNKNOWN_SIGNAL'],
    [33, undefined, 'ERR_SIGNAL_RESERVED'],
    [undefined, undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, undefined, 'ERR_INVALID_ARG_TYPE'],
    [10n, undefined, 'ERR_INVALID_ARG_TYPE'],
    ['SIGUSR1', null, 'ERR_INVALID_ARG_TYPE'],
    ['SIGUSR1', 'group', 'ERR_INVALID_ARG_TYPE'],
    ['SIGUSR1', { scope: 'session' }, 'ERR_INVALID_ARG_VALUE'],
    ['SIGUSR1', { scope: null }, 'ERR_INVALID_ARG_VALUE'],
    ['SIGUSR1', { scope: 1 }, 'ERR_INVALID_ARG_VALUE'],
    ['SIGUSR1', { value: null }, 'ERR_INVALID_ARG_TYPE'],
    ['SIGUSR1', { value: '1' }, 'ERR_INVALID_ARG_TYPE'],
    ['SIGUSR1', { value: 0.5 }, 'ERR_OUT_OF_RANGE'],
    ['SIGUSR1', { value: NaN }, 'ERR_OUT_OF_RANGE'],
    ['SIGUSR1', { value: 2 ** 53 }, 'ERR_OUT_OF_RANGE'],
    ['SIGUSR1', { value: 2n ** 64n }, 'ERR_OUT_OF_RANGE'],
    ['SIGUSR1', { value: -(2n ** 63n) - 1n }, 'ERR_OUT_OF_RANGE'],
  ])('%s, %o: %s', async (signal, options, code) => {
    const receiver = await Receiver.start()
    using handle = PidFd.open(receiver.pid)
    const send = (verb: 'send' | 'trySend') => (): unknown =>
      handle[verb](signal as Signal, options as { scope: 'group' } | undefined)
    for (const verb of ['send', 'trySend'] as const) expect(thrown(send(verb)).code).toBe(code)
    expect(await receiver.drain()).toEqual([])
  })
})
