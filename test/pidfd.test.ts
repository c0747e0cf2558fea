/** The handle itself: opening on every kind of target, what it says of itself, and its end. Sending: pidfd-send.test.ts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { PidFd, ProcessRef, type Target } from 'sigkit'
import { PIDFD_THREAD, pidfdOpen } from 'sigkit/syscalls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { within } from './helpers/deadline.js'
import { plainEnvironment, programPath, startNode, startProgram } from './helpers/fixture.js'
import { Receiver } from './helpers/receiver.js'
import { thrown } from './helpers/thrown.js'

async function rejection(call: () => Promise<unknown>, what: string): Promise<unknown> {
  return within(
    (async () => call())().then(
      () => {
        throw new Error(`${what}: resolved`)
      },
      (error: unknown) => error,
    ),
    what,
  )
}

function isOpen(fd: number): boolean {
  return existsSync(`/proc/self/fd/${fd}`)
}

function isCloseOnExec(fd: number): boolean {
  const flags = /^flags:\t(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]
  return (parseInt(flags ?? '0', 8) & 0o2000000) !== 0
}

/** Which process a pidfd is on. */
function pidOf(fd: number): number {
  return Number(/^Pid:\t(-?\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1])
}

describe('open', () => {
  const targets: [string, (pid: number) => Target][] = [
    ['a number', (pid) => pid],
    ['an object with a pid', (pid) => ({ pid })],
    ['a PidFd', (pid) => PidFd.open(pid)],
    ['a ProcessRef', (pid) => ProcessRef.of(pid)],
    ['a parsed ProcessRef', (pid) => ProcessRef.parse(ProcessRef.of(pid).toString())],
    ['the identity of a PidFd', (pid) => PidFd.open(pid).identity],
  ]

  test.each(targets)('on %s', async (_name, target) => {
    const { pid } = await Receiver.start()
    using handle = PidFd.open(target(pid))
    expect(handle).toBeInstanceOf(PidFd)
    expect(handle).toMatchObject({ pid, raceFree: true, closed: false })
    expect(pidOf(handle.fd)).toBe(pid)
    expect(isCloseOnExec(handle.fd)).toBe(true)
    expect(handle.state()).toBe('alive')
  })

  test('on a ChildProcess, in the turn that spawned it, also one that ends at once', async () => {
    const child = spawn('true', { stdio: 'ignore', env: plainEnvironment })
    using handle = PidFd.open(child)
    expect(handle).toMatchObject({ pid: child.pid, raceFree: true })
    const ends = Promise.all([once(child, 'exit'), handle.exited()])
    const [event, exit] = await within(ends, 'the end of true')
    expect(event).toEqual([0, null])
    expect(exit).toMatchObject({ pid: child.pid, code: 0, signal: null, known: true })
  })

  test('on this process, and on PID 1', () => {
    using self = PidFd.open(process.pid)
    using first = PidFd.open(1, {})
    using second = PidFd.open(1, { thread: undefined })
    expect([self.pid, first.pid, second.pid]).toEqual([process.pid, 1, 1])
  })

  test('a PidFd is duplicated: each closes its own descriptor', async () => {
    const receiver = await Receiver.start()
    const first = PidFd.open(receiver.pid)
    const second = PidFd.open(first)
    expect(second.fd).not.toBe(first.fd)
    first.close()
    expect(second.closed).toBe(false)
    second.send('SIGUSR1')
    expect(await receiver.drain()).toMatchObject([{ signo: 10 }])
    second.close()
  })

  test('a zombie is there', async () => {
    const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
    using handle = PidFd.open(zombie)
    expect(handle.state()).toBe('zombie')
  })

  test('a child of this process does not inherit the descriptor', async () => {
    const { pid } = await Receiver.start()
    using handle = PidFd.open(pid)
    const received = pidfdOpen(pid)
    using owned = PidFd.fromFd(received)
    const { pid: child } = await Receiver.start()
    const inherited = readdirSync(`/proc/${child}/fd`).map(Number)
    expect(inherited).not.toContain(handle.fd)
    expect(inherited).not.toContain(owned.fd)
  })
})

describe('open fails', () => {
  test('ESRCH: nobody has the number', () => {
    for (const target of [ABSENT, { pid: ABSENT }]) {
      const error = thrown(() => PidFd.open(target))
      expect(error).toMatchObject({
        name: 'NoSuchProcessError',
        code: 'ESRCH',
        errno: -3,
        syscall: 'pidfd_open',
        pid: ABSENT,
        reused: false,
        reaped: false,
      })
      expect(error.message).toBe(`pidfd_open ESRCH: no such process (pid ${ABSENT})`)
    }
  })

  test('a thread id: NoSuchProcessError names its process', async () => {
    const { pid, tid } = await Receiver.start()
    const error = thrown(() => PidFd.open(tid))
    expect(error).toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH', pid: tid })
    expect(error.message).toContain(`process ${pid}`)
    expect(error.message).toContain('thread: true')
  })

  test('a ChildProcess that is over was ours and is gone', async () => {
    for (const command of ['true', 'false']) {
      const child = spawn(command, { stdio: 'ignore', env: plainEnvironment })
      await within(once(child, 'exit'), `the end of ${command}`)
      expect(thrown(() => PidFd.open(child))).toMatchObject({
        name: 'NoSuchProcessError',
        code: 'ESRCH',
        pid: child.pid,
        reaped: true,
      })
    }
    const killed = spawn(programPath('receiver'), {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: plainEnvironment,
    })
    killed.kill('SIGKILL')
    await within(once(killed, 'exit'), 'the end by SIGKILL')
    expect(thrown(() => PidFd.open(killed))).toMatchObject({ name: 'NoSuchProcessError', reaped: true })
  })

  test('through a handle from before, however it was opened: was ours and is gone', async () => {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'], env: plainEnvironment })
    const first = PidFd.open(child)
    const handles = [first, PidFd.open(child.pid ?? 0), PidFd.open(first), PidFd.open(ProcessRef.of(child))]
    child.stdin.end()
    await within(once(child, 'exit'), 'the end of cat')
    for (const handle of handles) {
      expect(
        thrown(() => {
          handle.send(0)
        }),
      ).toMatchObject({ code: 'ESRCH', reaped: true })
      expect(thrown(() => handle.info())).toMatchObject({ code: 'ESRCH', reaped: true })
      handle.close()
    }
  })

  test('a ChildProcess that did not start is a TypeError', async () => {
    const child = spawn('/nonexistent/program')
    const failed = once(child, 'error')
    expect(child.pid).toBeUndefined()
    const error = thrown(() => PidFd.open(child))
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    expect(error.message).toContain('did not start')
    await within(failed, 'the error of a program that is not there')
    expect(thrown(() => PidFd.open({ pid: undefined }))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  })

  test('a closed PidFd', () => {
    const handle = PidFd.open(process.pid)
    handle.close()
    expect(thrown(() => PidFd.open(handle))).toMatchObject({ code: 'ERR_PIDFD_CLOSED' })
  })

  test.each([
    ['123', 'ERR_INVALID_ARG_TYPE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    [1n, 'ERR_INVALID_ARG_TYPE'],
    [true, 'ERR_INVALID_ARG_TYPE'],
    [() => 1, 'ERR_INVALID_ARG_TYPE'],
    [Symbol('1'), 'ERR_INVALID_ARG_TYPE'],
    [{}, 'ERR_INVALID_ARG_TYPE'],
    [[1], 'ERR_INVALID_ARG_TYPE'],
    [{ pid: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ pid: null }, 'ERR_INVALID_ARG_TYPE'],
    [{ pid: 0 }, 'ERR_OUT_OF_RANGE'],
    [0, 'ERR_OUT_OF_RANGE'],
    [-0, 'ERR_OUT_OF_RANGE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [-process.pid, 'ERR_OUT_OF_RANGE'],
    [1.5, 'ERR_OUT_OF_RANGE'],
    [NaN, 'ERR_OUT_OF_RANGE'],
    [Infinity, 'ERR_OUT_OF_RANGE'],
    [2 ** 31, 'ERR_OUT_OF_RANGE'],
    [2 ** 32 + process.pid, 'ERR_OUT_OF_RANGE'],
  ])('%o: %s', (target, code) => {
    const error = thrown(() => PidFd.open(target as Target))
    expect(error).toBeInstanceOf(code === 'ERR_OUT_OF_RANGE' ? RangeError : TypeError)
    expect(error.code).toBe(code)
  })

  test.each([[null], ['thread'], [true], [{ thread: 1 }], [{ thread: null }], [{ thread: 'true' }]])(
    'options %o: ERR_INVALID_ARG_TYPE',
    (options) => {
      const error = thrown(() => PidFd.open(process.pid, options as unknown as { thread: boolean }))
      expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    },
  )
})

describe('a handle on a thread', () => {
  test('has the thread id as its pid', async () => {
    const { tid } = await Receiver.start()
    using handle = PidFd.open(tid, { thread: true })
    expect(handle).toMatchObject({ pid: tid, raceFree: true, closed: false })
    expect(handle.state()).toBe('alive')
    using duplicate = PidFd.open(handle)
    expect(duplicate.pid).toBe(tid)
    using received = PidFd.fromFd(pidfdOpen(tid, PIDFD_THREAD))
    expect(received.pid).toBe(tid)
  })

  test('knows its process', async () => {
    const { pid, tid } = await Receiver.start()
    using handle = PidFd.open(tid, { thread: true })
    expect(handle.info()).toMatchObject({ pid: tid, tgid: pid, ppid: process.pid })
  })

  test.each(['exited', 'status'] as const)('%s is ERR_INVALID_ARG_VALUE', async (question) => {
    const { tid } = await Receiver.start()
    using handle = PidFd.open(tid, { thread: true })
    using duplicate = PidFd.open(handle)
    using received = PidFd.fromFd(pidfdOpen(tid, PIDFD_THREAD))
    using leader = PidFd.open(process.pid, { thread: true })
    for (const one of [handle, duplicate, received, leader]) {
      const error = await rejection(() => one[question]({ timeout: 0 }), `${question} of a thread`)
      expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' })
    }
  })

  test('of a process, however that is named: on its first thread', async () => {
    const { program } = await Receiver.start()
    const child = spawn(programPath('receiver'), {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: plainEnvironment,
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    for (const target of [program, child, PidFd.open(program.pid), ProcessRef.of(program.pid)]) {
      using handle = PidFd.open(target, { thread: true })
      expect(handle.pid).toBe(target.pid)
      const flags = /^flags:\t(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${handle.fd}`, 'utf8'))?.[1]
      expect(parseInt(flags ?? '0', 8) & PIDFD_THREAD).toBe(PIDFD_THREAD)
      const error = await rejection(() => handle.exited({ timeout: 0 }), 'exited of a thread')
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    }
  })

  test('ESRCH for a thread that is not there', () => {
    expect(thrown(() => PidFd.open(ABSENT, { thread: true }))).toMatchObject({
      name: 'NoSuchProcessError',
      code: 'ESRCH',
    })
  })
})

describe('no file descriptor left', () => {
  interface Outcome {
    value?: string
    error?: { name: string; code: string; message: string; syscall: string }
  }
  interface Report extends Record<string, Outcome | object> {
    features: { full: Outcome; later: Outcome }
    last: Record<string, Outcome | object | string | boolean>
  }

  const LIMIT = 64
  const full = { error: expect.objectContaining({ name: 'ResourceLimitError', code: 'EMFILE' }) as object }

  async function run(probed: 'before' | 'never'): Promise<{ report: Report; pid: number }> {
    const { pid, tid } = await Receiver.start()
    const ids = [pid, ABSENT, tid].map(String)
    const program = startNode('full-table.mjs', { args: [probed, ...ids], descriptors: LIMIT })
    return { report: await program.next<Report>('the report of a full table'), pid }
  }

  test.each(['before', 'never'] as const)(
    'EMFILE with the limit in the message, features probed %s',
    async (probed) => {
      const { report, pid } = await run(probed)
      for (const call of ['open', 'liveness', 'ref', 'writePidFile']) {
        expect(report[call], call).toEqual(full)
        expect((report[call] as Outcome).error?.message).toBe(
          `pidfd_open EMFILE: too many open files (pid ${pid}); ${LIMIT} may be open in this process (RLIMIT_NOFILE)`,
        )
      }
      expect(report.waitAny).toEqual(full)
      expect(report.last.again).toEqual(full)
      expect(report.features.full).toEqual(probed === 'before' ? { value: '[object Object]' } : full)
      expect(report.features.later).toEqual({ value: 'true' })
    },
  )

  test.each(['before', 'never'] as const)(
    'an absent number is ESRCH all the same, probed %s',
    async (probed) => {
      const { report } = await run(probed)
      expect(report.absent).toMatchObject({ error: { name: 'NoSuchProcessError', code: 'ESRCH' } })
      expect(report.livenessOfAbsent).toEqual({ value: 'gone' })
    },
  )

  test('the last one makes a handle that sends and looks, and a wait that says what it lacks', async () => {
    const { last } = (await run('never')).report
    expect(last).toMatchObject({ raceFree: true, state: 'alive', waiting: full })
    expect(last.exited).toEqual({ error: { name: 'WaitTimeoutError', code: 'ERR_WAIT_TIMEOUT' } })
  })

  test('a living process is never called reused for want of a descriptor', async () => {
    const { last } = (await run('before')).report
    expect(last.byStartTime).toEqual({ open: full, liveness: full })
  })

  test('info and identity say what they lack', async () => {
    const { last } = (await run('before')).report
    expect(last.info).toEqual(full)
    expect(last.identity).toEqual(full)
  })
})

describe('fromFd', () => {
  test('takes over a pidfd', async () => {
    const { pid } = await Receiver.start()
    const fd = pidfdOpen(pid)
    const handle = PidFd.fromFd(fd)
    expect(handle).toMatchObject({ pid, fd, raceFree: true, closed: false })
    expect(handle.identity.equals(ProcessRef.of(pid))).toBe(true)
    expect(handle.state()).toBe('alive')
    handle.close()
    expect(isOpen(fd)).toBe(false)
  })

  test('waits as any other', async () => {
    const receiver = await Receiver.start()
    using handle = PidFd.fromFd(pidfdOpen(receiver.pid))
    const exit = handle.exited()
    handle.send('SIGKILL')
    expect(await within(exit, 'the exit')).toMatchObject({
      pid: receiver.pid,
      signal: 'SIGKILL',
      known: true,
    })
  })

  test('one whose process is gone has no pid, and is gone', async () => {
    const receiver = await Receiver.start()
    const fd = pidfdOpen(receiver.pid)
    process.kill(receiver.pid, 'SIGKILL')
    await receiver.program.ended()
    using handle = PidFd.fromFd(fd)
    expect(handle.pid).toBeNaN()
    expect(handle.state()).toBe('gone')
    expect(handle.trySend('SIGTERM')).toBe('ESRCH')
    const error = thrown(() => {
      handle.send('SIGTERM')
    })
    expect(error).toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH', reused: false })
    expect(thrown(() => handle.info())).toMatchObject({ name: 'NoSuchProcessError' })
    expect(await handle.exited()).toMatchObject({ signal: 'SIGKILL', known: true })
    // There is no number to write down.
    expect(thrown(() => handle.identity)).toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH' })
  })

  test('EBADF: what is no pidfd is left alone', async () => {
    const { pid } = await Receiver.start()
    const directory = openSync(`/proc/${pid}`, 'r')
    const file = openSync(import.meta.filename, 'r')
    for (const fd of [directory, file, 0, 999_999, -1]) {
      const error = thrown(() => PidFd.fromFd(fd))
      expect(error).toMatchObject({ name: 'SignalError', code: 'EBADF', errno: -9 })
      expect(error.message).toContain(`fd ${fd}`)
    }
    expect([isOpen(directory), isOpen(file), isOpen(0)]).toEqual([true, true, true])
    closeSync(directory)
    closeSync(file)
    for (const fd of [directory, file]) expect(thrown(() => PidFd.fromFd(fd)).code).toBe('EBADF')
  })

  test.each([
    ['3', 'ERR_INVALID_ARG_TYPE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    [3n, 'ERR_INVALID_ARG_TYPE'],
    [1.5, 'ERR_OUT_OF_RANGE'],
    [NaN, 'ERR_OUT_OF_RANGE'],
    [2 ** 32, 'ERR_OUT_OF_RANGE'],
  ])('%o: %s', (fd, code) => {
    expect(thrown(() => PidFd.fromFd(fd as number)).code).toBe(code)
  })

  test('a descriptor that a handle owns already has no second owner', async () => {
    const [receiver, other] = [await Receiver.start(), await Receiver.start()]
    const first = PidFd.open(receiver.pid)
    const { fd } = first
    let second: PidFd | undefined
    try {
      second = PidFd.fromFd(fd)
    } catch {
      return // Refused: nothing can go wrong.
    } finally {
      first.close()
    }
    // The number goes to a handle on somebody else.
    using third = PidFd.open(other.pid)
    expect(third.fd).toBe(fd)
    second.trySend('SIGUSR1')
    expect(await other.drain()).toEqual([])
  })
})

describe('the end of a handle', () => {
  const closed = { name: 'Error', code: 'ERR_PIDFD_CLOSED' }

  test('close closes the descriptor, once, and leaves the process alone', async () => {
    const receiver = await Receiver.start()
    const handle = PidFd.open(receiver.pid)
    const { fd } = handle
    expect(fstatSync(fd)).toBeDefined()
    handle.close()
    expect(handle).toMatchObject({ closed: true, fd: -1, pid: receiver.pid })
    expect(isOpen(fd)).toBe(false)
    // Somebody else's descriptor now: a second close must not touch it.
    const file = openSync(import.meta.filename, 'r')
    expect(file).toBe(fd)
    handle.close()
    handle[Symbol.dispose]()
    expect(isOpen(file)).toBe(true)
    closeSync(file)
    expect(await receiver.drain()).toEqual([])
  })

  test('using closes it at the end of the block', () => {
    let kept: PidFd | undefined
    let descriptor = -1
    {
      using handle = PidFd.open(process.pid)
      kept = handle
      descriptor = handle.fd
      expect(isOpen(descriptor)).toBe(true)
    }
    expect(kept.closed).toBe(true)
    expect(isOpen(descriptor)).toBe(false)
  })

  test('a closed handle says so, whatever it is asked', async () => {
    const receiver = await Receiver.start()
    const handle = PidFd.open(receiver.pid)
    handle.close()
    for (const call of [
      () => {
        handle.send('SIGUSR1')
      },
      () => handle.trySend('SIGUSR1'),
      () => handle.trySend('SIGUSR1', { scope: 'group' }),
      () => handle.state(),
      () => handle.info(),
      () => handle.identity,
      () => ProcessRef.of(handle),
    ]) {
      const error = thrown(call)
      expect(error).toMatchObject(closed)
      expect(error.message).toBe('The PidFd is closed')
    }
    expect(await rejection(() => handle.exited(), 'exited of a closed handle')).toMatchObject(closed)
    expect(await rejection(() => handle.status({ timeout: 0 }), 'status of a closed handle')).toMatchObject(
      closed,
    )
    expect(handle.ref()).toBe(handle)
    expect(handle.unref()).toBe(handle)
    expect(await receiver.drain()).toEqual([])
  })

  test('close during waits rejects each of them; another handle goes on', async () => {
    const receiver = await Receiver.start()
    const handle = PidFd.open(receiver.pid)
    using other = PidFd.open(receiver.pid)
    const exit = other.exited()
    const waits = [handle.exited(), handle.exited({ timeout: 60_000 }), handle.status(), handle.status()]
    const errors = Promise.all(waits.map((wait) => rejection(() => wait, 'the wait to be rejected')))
    // The answers are asked for; only then the handle goes.
    await new Promise(setImmediate)
    handle.close()
    expect(await errors).toEqual(waits.map(() => expect.objectContaining(closed) as object))
    other.send('SIGKILL')
    expect(await within(exit, 'the exit')).toMatchObject({ signal: 'SIGKILL' })
  })

  test('close in the turn of the wait rejects it as well', async () => {
    const receiver = await Receiver.start()
    const handle = PidFd.open(receiver.pid)
    const wait = handle.exited()
    handle.close()
    expect(await rejection(() => wait, 'the wait to be rejected')).toMatchObject(closed)
  })

  test('closing many in any order closes each once', async () => {
    const receiver = await Receiver.start()
    const before = readdirSync('/proc/self/fd').length
    const handles = Array.from({ length: 100 }, () => PidFd.open(receiver.pid))
    expect(new Set(handles.map(({ fd }) => fd)).size).toBe(100)
    for (const handle of [...handles].sort((a, b) => (a.fd % 7) - (b.fd % 7))) handle.close()
    for (const handle of handles) handle.close()
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })

  test('failures leave no descriptor behind', async () => {
    const { pid, tid } = await Receiver.start()
    const other = ProcessRef.parse(`${pid}:1`)
    const child = spawn('true', { stdio: 'ignore', env: plainEnvironment })
    await within(once(child, 'exit'), 'the end of true')
    const before = readdirSync('/proc/self/fd').length
    for (let round = 0; round < 20; round++) {
      for (const target of [other, tid, ABSENT, child, ProcessRef.parse(`${pid}@1`)])
        expect(thrown(() => PidFd.open(target)).name).toBe('NoSuchProcessError')
      expect(thrown(() => ProcessRef.of(other)).name).toBe('NoSuchProcessError')
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })
})

test('state() under a flood of signals: the poll that a signal interrupts is asked again', async () => {
  const { errors, signals } = await startNode('flooded.mjs').next<{ errors: string[]; signals: boolean }>()
  expect({ errors, signals }).toEqual({ errors: [], signals: true })
})
