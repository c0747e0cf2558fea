/** waitpid, waitid and wait4 as the manual says, case by case, each in a process of its own. */
import { signals } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { canDump, NEEDS_CORE_DUMPS } from './helpers/core-dumps.js'
import { NEEDS_REAL_SIGNALS, signalsHeldBack } from './helpers/needs.js'
import { inOwnProcess, resultOf, startOwnProcess, type Inside } from './helpers/own-process.js'

const CODES = [0, 1, 42, 255]

const ending = signals.filter(
  ({ defaultAction, reserved }) => !reserved && (defaultAction === 'terminate' || defaultAction === 'core'),
)

const usage = expect.objectContaining({ maxRSS: expect.any(Number) as number }) as object

describe('an end', () => {
  test('each exit code', async () => {
    const told = await inOwnProcess(async ({ syscalls: s, adopt }, codes: number[]) => {
      const statuses: unknown[][] = []
      for (const code of codes) {
        const { pids, end } = await adopt(3, 'exit', code)
        end()
        const [first = 0, second = 0, third = 0] = pids
        statuses.push(pids, [s.waitpid(first), s.wait4(second), s.waitid(s.P_PID, third, s.WEXITED)])
      }
      return statuses
    }, CODES)
    for (const [index, code] of CODES.entries()) {
      const [pids = [], statuses] = told.slice(2 * index)
      const exited = { event: 'exited', code, signal: null, coreDumped: false }
      expect(statuses, `exit code ${code}`).toEqual([
        { pid: pids[0], ...exited },
        { pid: pids[1], ...exited, rusage: usage },
        { pid: pids[2], ...exited, rusage: usage },
      ])
    }
  })

  test('each signal that ends a process', async () => {
    const numbers = ending.map(({ number }) => number)
    const told = await inOwnProcess(async ({ syscalls: s, adopt }, all: number[]) => {
      const statuses: unknown[][] = []
      for (const number of all) {
        const { pids, end } = await adopt(3, 'signal', number)
        end()
        const [first = 0, second = 0, third = 0] = pids
        statuses.push([s.waitpid(first), s.wait4(second), s.waitid(s.P_PID, third, s.WEXITED)])
      }
      return statuses
    }, numbers)
    expect(told).toHaveLength(ending.length)
    for (const [index, { name, defaultAction }] of ending.entries()) {
      const core = canDump && defaultAction === 'core'
      const killed = { event: 'killed', code: null, signal: name, coreDumped: core }
      expect(told[index], String(name)).toEqual([
        expect.objectContaining(killed),
        expect.objectContaining(killed),
        expect.objectContaining(killed),
      ])
    }
  })

  test.runIf(canDump)(`SIGSEGV leaves a core, SIGKILL does not ${NEEDS_CORE_DUMPS}`, async () => {
    const cores = await inOwnProcess(async ({ syscalls: s, adopt }) => {
      const dumped: unknown[] = []
      for (const number of [11, 9]) {
        const { pids, end } = await adopt(2, 'signal', number)
        end()
        const [first = 0, second = 0] = pids
        dumped.push(s.waitpid(first)?.coreDumped, s.waitid(s.P_PID, second, s.WEXITED)?.coreDumped)
      }
      return dumped
    }, null)
    expect(cores).toEqual([true, true, false, false])
  })

  test('WNOHANG: null while it lives', async () => {
    const told = await inOwnProcess(async ({ syscalls: s, adopt, sigkit }) => {
      const { pids, end } = await adopt(1, 'exit', 7)
      const [pid = 0] = pids
      const fd = s.pidfdOpen(pid)
      const all = s.WNOHANG | s.WEXITED | s.WSTOPPED | s.WCONTINUED
      const living = [
        s.waitpid(pid, s.WNOHANG),
        s.waitpid(-1, s.WNOHANG),
        s.waitpid(pid, s.WNOHANG | s.WUNTRACED | s.WCONTINUED | s.__WALL),
        s.wait4(pid, s.WNOHANG),
        s.waitid(s.P_PID, pid, all),
        s.waitid(s.P_PIDFD, fd, all),
        s.waitid(s.P_ALL, 0, all),
      ]
      end()
      await sigkit.PidFd.open(pid).exited()
      return [living, s.waitpid(pid, s.WNOHANG)?.code]
    }, null)
    expect(told).toEqual([[null, null, null, null, null, null, null], 7])
  })

  test('WNOWAIT: the same news again and again, until it is taken', async () => {
    const { pid, peeks, taken, after } = await inOwnProcess(async ({ syscalls: s, adopt, caught }) => {
      const { pids, end } = await adopt(1, 'exit', 7)
      const [pid = 0] = pids
      end()
      const flags = s.WEXITED | s.WNOWAIT
      const fd = s.pidfdOpen(pid)
      const peeks = [
        s.waitid(s.P_PID, pid, flags),
        s.waitid(s.P_PID, pid, flags | s.WNOHANG),
        s.waitid(s.P_ALL, 0, flags),
        s.waitid(s.P_ALL, 0, flags),
        s.waitid(s.P_PIDFD, fd, flags),
        s.waitid(s.P_PGID, pid, flags),
      ]
      const taken = s.waitid(s.P_ALL, 0, s.WEXITED)
      return { pid, peeks, taken, after: await caught(() => s.waitid(s.P_PID, pid, flags)) }
    }, null)
    const status = { pid, event: 'exited', code: 7, signal: null, coreDumped: false, rusage: usage }
    expect(peeks).toEqual(Array.from({ length: 6 }, () => status))
    expect(taken).toEqual(status)
    expect(after).toMatchObject({ name: 'NoChildError', code: 'ECHILD' })
  })
})

describe('whom', () => {
  test('waitpid: a pid, a group, any, any of the own group', async () => {
    const { group, pids, told } = await inOwnProcess(async ({ syscalls: s, adopt, caught }) => {
      const { pids, end } = await adopt(4, 'exit', 7)
      end()
      const [leader = 0, , , last = 0] = pids
      // None of them is in this process's own group.
      const own = await caught(() => s.waitpid(0))
      const pid = s.waitpid(last)?.pid
      const group = [s.waitpid(-leader)?.pid, s.waitpid(-leader)?.pid]
      const any = s.waitpid(-1)?.pid
      const none = await caught(() => s.waitpid(-leader))
      return { group: [...group, any], pids, told: [own.code, pid === last, none.code] }
    }, null)
    expect(told).toEqual(['ECHILD', true, 'ECHILD'])
    expect(group.sort()).toEqual(pids.slice(0, 3).sort())
  })

  test('waitid: P_PID, P_PGID, P_PIDFD, P_ALL', async () => {
    const { pids, waited, none } = await inOwnProcess(async ({ syscalls: s, adopt, caught }) => {
      const { pids, end } = await adopt(4, 'exit', 7)
      const [leader = 0, , third = 0, last = 0] = pids
      const fd = s.pidfdOpen(third)
      end()
      const waited = [
        s.waitid(s.P_PID, last, s.WEXITED)?.pid,
        s.waitid(s.P_PIDFD, fd, s.WEXITED)?.pid,
        s.waitid(s.P_PGID, leader, s.WEXITED)?.pid,
        s.waitid(s.P_ALL, 12345, s.WEXITED)?.pid,
      ]
      const calls = [
        () => s.waitid(s.P_PID, last, s.WEXITED),
        () => s.waitid(s.P_PIDFD, fd, s.WEXITED),
        () => s.waitid(s.P_PGID, leader, s.WEXITED),
        () => s.waitid(s.P_PGID, 0, s.WEXITED),
        () => s.waitid(s.P_ALL, 0, s.WEXITED),
      ]
      const none: unknown[] = []
      for (const call of calls) none.push((await caught(call)).code)
      return { pids, waited, none }
    }, null)
    expect(waited.slice(0, 2)).toEqual([pids[3], pids[2]])
    expect(waited.slice(2).sort()).toEqual(pids.slice(0, 2).sort())
    expect(none).toEqual(['ECHILD', 'ECHILD', 'ECHILD', 'ECHILD', 'ECHILD'])
  })

  test('a Worker may wait for a child of another thread', async () => {
    const code = await inOwnProcess(async ({ adopt, startWorker, once, within }) => {
      const { pids, end } = await adopt(1, 'exit', 7)
      end()
      const worker = startWorker(({ syscalls, data, port }) => {
        port.postMessage(syscalls.waitpid(data)?.code)
      }, pids[0] ?? 0)
      const [told] = (await within(once(worker, 'message'), 'the word of the Worker')) as [number]
      return told
    }, null)
    expect(code).toBe(7)
  })

  test('a child that sends no SIGCHLD is seen with __WALL only', async () => {
    const program = startOwnProcess(async ({ syscalls: s, load, caught }) => {
      load('native-parent.so', 'SIGKIT_TEST_NATIVE', 'clone 7')
      const hidden = [
        (await caught(() => s.waitpid(-1))).code,
        (await caught(() => s.waitid(s.P_ALL, 0, s.WEXITED))).code,
      ]
      return [...hidden, s.waitpid(-1, s.__WALL)?.code]
    }, null)
    await program.next('the child')
    expect(await resultOf(program)).toEqual(['ECHILD', 'ECHILD', 7])
  })
})

describe('stop and continue', () => {
  const stopping = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const

  test.each(stopping)('%s, by waitpid and wait4', async (signal) => {
    const { pid, sequence } = await inOwnProcess(async ({ syscalls: s, adopt }, name: string) => {
      const { pids, end } = await adopt(1, 'exit', 7)
      const [pid = 0] = pids
      const sequence: unknown[] = []
      for (const call of [s.waitpid, s.wait4]) {
        process.kill(pid, name)
        sequence.push(call(pid, s.WUNTRACED))
        // Told once; and only to who asked for it.
        sequence.push(call(pid, s.WUNTRACED | s.WNOHANG))
        process.kill(pid, 'SIGCONT')
        sequence.push(call(pid, s.WCONTINUED))
        sequence.push(call(pid, s.WUNTRACED | s.WCONTINUED | s.WNOHANG))
      }
      end()
      sequence.push(s.waitpid(pid, s.WUNTRACED | s.WCONTINUED))
      return { pid, sequence }
    }, signal)
    const stopped = { pid, event: 'stopped', code: null, signal, coreDumped: false }
    const continued = { pid, event: 'continued', code: null, signal: 'SIGCONT', coreDumped: false }
    expect(sequence).toEqual([
      ...[stopped, null, continued, null],
      ...[{ ...stopped, rusage: usage }, null, { ...continued, rusage: usage }, null],
      { pid, event: 'exited', code: 7, signal: null, coreDumped: false },
    ])
  })

  test.each(['P_PID', 'P_PGID', 'P_PIDFD', 'P_ALL'] as const)('by waitid(%s)', async (kind) => {
    const { pid, sequence } = await inOwnProcess(
      async ({ syscalls: s, adopt }, idtype: 'P_PID' | 'P_PGID' | 'P_PIDFD' | 'P_ALL') => {
        const { pids, end } = await adopt(1, 'exit', 7)
        const [pid = 0] = pids
        const id = idtype === 'P_PIDFD' ? s.pidfdOpen(pid) : pid
        const ask = (flags: number): unknown => s.waitid(s[idtype], id, flags)
        const sequence: unknown[] = []
        process.kill(pid, 'SIGSTOP')
        sequence.push(ask(s.WSTOPPED | s.WNOWAIT), ask(s.WSTOPPED | s.WNOWAIT))
        sequence.push(ask(s.WEXITED | s.WCONTINUED | s.WNOHANG))
        sequence.push(ask(s.WSTOPPED), ask(s.WSTOPPED | s.WNOHANG))
        process.kill(pid, 'SIGCONT')
        sequence.push(ask(s.WCONTINUED | s.WNOWAIT), ask(s.WCONTINUED), ask(s.WCONTINUED | s.WNOHANG))
        // A stop that SIGCONT overtakes is not told any more.
        process.kill(pid, 'SIGSTOP')
        sequence.push(ask(s.WSTOPPED | s.WNOWAIT))
        process.kill(pid, 'SIGCONT')
        sequence.push(ask(s.WSTOPPED | s.WCONTINUED))
        end()
        sequence.push(ask(s.WEXITED | s.WSTOPPED | s.WCONTINUED))
        return { pid, sequence }
      },
      kind,
    )
    const rest = { pid, code: null, coreDumped: false, rusage: usage }
    const stopped = { ...rest, event: 'stopped', signal: 'SIGSTOP' }
    const continued = { ...rest, event: 'continued', signal: 'SIGCONT' }
    expect(sequence).toEqual([
      ...[stopped, stopped, null, stopped, null],
      ...[continued, continued, null],
      ...[stopped, continued],
      { ...rest, event: 'exited', code: 7, signal: null },
    ])
  })

  test('a traced child stops before any signal, and tells without being asked', async () => {
    const { pid, told } = await inOwnProcess(async ({ syscalls: s, adopt }) => {
      const { pids, end } = await adopt(1, 'traced', 10)
      const [pid = 0] = pids
      end()
      const peeked = s.waitid(s.P_PID, pid, s.WSTOPPED | s.WNOWAIT)
      const stopped = s.waitpid(pid)
      process.kill(pid, 'SIGKILL')
      return { pid, told: [peeked, stopped, s.waitpid(pid)] }
    }, null)
    const stopped = { pid, event: 'stopped', code: null, signal: 'SIGUSR1', coreDumped: false }
    expect(told).toEqual([
      { ...stopped, rusage: usage },
      stopped,
      { pid, event: 'killed', code: null, signal: 'SIGKILL', coreDumped: false },
    ])
  })
})

describe('errors', () => {
  type Syscalls = Inside['syscalls']
  const cases: [what: string, call: (s: Syscalls, child: number, fd: number) => unknown, expected: object][] =
    [
      ['no child', (s) => s.waitpid(1), { name: 'NoChildError', code: 'ECHILD', syscall: 'waitpid', pid: 1 }],
      ['ourselves', (s) => s.waitpid(process.pid), { code: 'ECHILD' }],
      [
        'no child, wait4',
        (s) => s.wait4(1),
        { name: 'NoChildError', code: 'ECHILD', syscall: 'wait4', pid: 1 },
      ],
      [
        'no child, waitid',
        (s) => s.waitid(s.P_PID, 1, s.WEXITED),
        { name: 'NoChildError', code: 'ECHILD', syscall: 'waitid', pid: 1, reapedElsewhere: false },
      ],
      [
        'a pidfd of no child',
        (s) => s.waitid(s.P_PIDFD, s.pidfdOpen(process.ppid), s.WEXITED),
        { name: 'NoChildError' },
      ],
      [
        'none of WEXITED, WSTOPPED, WCONTINUED',
        (s, child) => s.waitid(s.P_PID, child, s.WNOHANG),
        { name: 'SignalError', code: 'EINVAL', syscall: 'waitid' },
      ],
      [
        'an unknown flag, waitid',
        (s, child) => s.waitid(s.P_PID, child, s.WEXITED | 0x100),
        { code: 'EINVAL' },
      ],
      ['an unknown flag, waitpid', (s, child) => s.waitpid(child, 0x100), { code: 'EINVAL' }],
      ['WEXITED for waitpid', (s, child) => s.waitpid(child, s.WEXITED), { code: 'EINVAL' }],
      ['an unknown idtype', (s, child) => s.waitid(9, child, s.WEXITED), { code: 'EINVAL' }],
      ['P_PID 0', (s) => s.waitid(s.P_PID, 0, s.WEXITED), { code: 'EINVAL' }],
      ['P_PIDFD, a negative number', (s) => s.waitid(s.P_PIDFD, -1, s.WEXITED), { code: 'EINVAL' }],
      ['P_PIDFD, no open descriptor', (s) => s.waitid(s.P_PIDFD, 9999, s.WEXITED), { code: 'EBADF' }],
      ['P_PIDFD, not a pidfd', (s) => s.waitid(s.P_PIDFD, 1, s.WEXITED), { code: 'EBADF' }],
      [
        'waitpid(-2147483648)',
        (s) => s.waitpid(-2147483648),
        { name: 'NoSuchProcessError', code: 'ESRCH', syscall: 'waitpid' },
      ],
      [
        'a PIDFD_NONBLOCK pidfd of a living child',
        (s, _child, fd) => s.waitid(s.P_PIDFD, fd, s.WEXITED),
        { name: 'ResourceLimitError', code: 'EAGAIN', syscall: 'waitid' },
      ],
      ['a bad pid', (s) => s.waitpid(1.5), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }],
      [
        'a bad flag',
        (s, child) => s.wait4(child, 'x' as unknown as number),
        { code: 'ERR_INVALID_ARG_TYPE' },
      ],
      ['a bad id', (s) => s.waitid(1, null as unknown as number, 4), { code: 'ERR_INVALID_ARG_TYPE' }],
    ]

  test('of every kind', async () => {
    const sources = cases.map(([, call]) => String(call))
    const told = await inOwnProcess(async ({ syscalls: s, adopt, caught }, bodies: string[]) => {
      const { pids } = await adopt(1, 'exit', 7)
      const [child = 0] = pids
      const fd = s.pidfdOpen(child, s.PIDFD_NONBLOCK)
      const errors = []
      for (const source of bodies) {
        const body = (0, eval)(`(${source})`) as (s: Syscalls, child: number, fd: number) => unknown
        errors.push(await caught(() => body(s, child, fd)))
      }
      return errors
    }, sources)
    for (const [index, [what, , expected]] of cases.entries()) {
      expect(told[index], what).toMatchObject(expected)
    }
  })

  test('waitid names what it was asked for: a pid, a group or a descriptor', async () => {
    const told = await inOwnProcess(async ({ syscalls: s, caught }) => {
      const calls = [
        () => s.waitid(s.P_PID, 1, s.WEXITED),
        () => s.waitid(s.P_PGID, 77, s.WEXITED),
        () => s.waitid(s.P_PIDFD, 9999, s.WEXITED),
        () => s.waitid(s.P_ALL, 0, s.WEXITED),
      ]
      const errors = []
      for (const call of calls) errors.push(await caught(call))
      return errors.map(({ message, pid }) => [message, pid ?? null])
    }, null)
    const named = told.map(([message, pid]) => [/\((.*)\)/.exec(String(message))?.[1], pid])
    expect(named).toEqual([
      ['pid 1', 1],
      ['pgid 77', -77],
      ['fd 9999', null],
      ['pid -1', -1],
    ])
  })
})

test.skipIf(signalsHeldBack).each(['waitpid', 'wait4', 'waitid'] as const)(
  `%s blocks the thread until the child ends, through EINTR ${NEEDS_REAL_SIGNALS}`,
  async (call) => {
    const SIGUSR2 = 12
    const program = startOwnProcess(async ({ syscalls: s, adopt, load, say }, name: string) => {
      const { pids } = await adopt(1, 'exit', 7)
      const [pid = 0] = pids
      load('native-parent.so', 'SIGKIT_TEST_NATIVE', 'interrupt 12')
      let turns = 0
      setInterval(() => turns++, 1)
      say({ pid })
      const told =
        name === 'waitid'
          ? s.waitid(s.P_PID, pid, s.WEXITED)
          : name === 'wait4'
            ? s.wait4(pid)
            : s.waitpid(pid)
      return { signal: told?.signal, turns }
    }, call)
    const { pid } = await program.next<{ pid: number }>('the wait')
    for (let round = 0; round < 3; round++) {
      process.kill(program.pid, SIGUSR2)
      expect(await program.next('the interruption')).toEqual({ interrupted: SIGUSR2 })
    }
    process.kill(pid, 'SIGKILL')
    expect(await resultOf(program)).toEqual({ signal: 'SIGKILL', turns: 0 })
  },
)

test('rusage: a child that burnt 200 ms of CPU and 64 MiB', async () => {
  const { told, names, plain } = await inOwnProcess(async ({ syscalls: s, adopt }) => {
    const { pids, end } = await adopt(3, 'burn', 200)
    const [first = 0, second = 0, third = 0] = pids
    end()
    const peeked = s.waitid(s.P_PID, second, s.WEXITED | s.WNOWAIT)?.rusage
    const told = [s.wait4(first)?.rusage, peeked, s.waitid(s.P_PID, second, s.WEXITED)?.rusage]
    return { told, names: Object.keys(process.resourceUsage()), plain: s.waitpid(third) }
  }, null)
  for (const rusage of told) {
    expect(Object.keys(rusage ?? {})).toEqual(names)
    const { userCPUTime = 0, systemCPUTime = 0, maxRSS = 0, minorPageFault = 0 } = rusage ?? {}
    expect(userCPUTime + systemCPUTime).toBeGreaterThan(190_000)
    expect(userCPUTime + systemCPUTime).toBeLessThan(2_000_000)
    expect(maxRSS).toBeGreaterThan(64 * 1024)
    expect(maxRSS).toBeLessThan(80 * 1024)
    expect(minorPageFault).toBeGreaterThan(30)
  }
  expect(plain).not.toHaveProperty('rusage')
})

test('SIGCHLD ignored: the wait blocks until the child is gone, and has nothing to tell', async () => {
  const told = await inOwnProcess(async ({ syscalls: s, adopt, load, caught, stateOf }) => {
    const { pids, end } = await adopt(2, 'exit', 7)
    const [first = 0, second = 0] = pids
    const fd = s.pidfdOpen(second)
    load('take-child.so', 'SIGKIT_TEST_TAKE', 'ignore')
    end()
    const byPid = await caught(() => s.waitpid(first))
    const byPidfd = await caught(() => s.waitid(s.P_PIDFD, fd, s.WEXITED))
    return [byPid.code, stateOf(first), byPidfd.code, stateOf(second)]
  }, null)
  expect(told).toEqual(['ECHILD', 'gone', 'ECHILD', 'gone'])
})

test("the documented trap: waitpid(-1) takes libuv's child, whose 'exit' never comes", async () => {
  const { stolen, pid, events } = await inOwnProcess(
    async ({ syscalls: s, spawn, once, programPath, within }) => {
      const start = (code: string): ReturnType<typeof spawn> =>
        spawn(programPath('ends'), ['exit', code], { stdio: ['pipe', 'ignore', 'inherit'] })
      const events: unknown[] = []
      const victim = start('7')
      victim.on('exit', (code) => events.push(['victim', code]))
      victim.stdin?.end()
      // It hears of the end in this very turn, before libuv.
      ;(victim.stdin as unknown as { _handle: { close(): void } | null })._handle?.close()
      const stolen = s.waitpid(-1)
      // One that ends later, by which libuv looks at all that it has.
      const later = start('8')
      later.stdin?.end()
      const [code] = (await within(once(later, 'exit'), 'the exit of the later child')) as [number]
      events.push(['later', code])
      return { stolen, pid: victim.pid, events }
    },
    null,
  )
  expect(stolen).toEqual({ pid, event: 'exited', code: 7, signal: null, coreDumped: false })
  expect(events).toEqual([['later', 8]])
})
