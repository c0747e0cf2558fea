/** findProcesses: every criterion, against pgrep in a crowd, and while a number changes hands. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename } from 'node:path'
import { findProcesses, getProcess, PidFd, ProcessRef, type ProcessQuery } from 'sigkit'
import { getpgrp } from 'sigkit/syscalls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { blockUntil } from './helpers/deadline.js'
import { plainEnvironment, programPath, startProgram } from './helpers/fixture.js'
import { sanitized } from './helpers/load.js'
import { OwnChild } from './helpers/own-child.js'
import { inOwnProcess } from './helpers/own-process.js'
import {
  asNobody,
  canNamespace,
  inNamespace,
  isRoot,
  NEEDS_NAMESPACE,
  NEEDS_ROOT,
} from './helpers/privilege.js'
import { stateOf } from './helpers/process-status.js'
import { Program } from './helpers/program.js'

/** The pids that match; their handles are closed. */
async function find(query: ProcessQuery): Promise<number[]> {
  using matches = await findProcesses(query)
  return matches.map(({ pid }) => pid)
}

function countPidfds(): number {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return '' // the descriptor of the listing itself
    }
  })
  return links.filter((link) => link === 'anon_inode:[pidfd]').length
}

/** A sleeper with a word of its own among its arguments. */
let words = 0
async function startSleeper({
  env = {},
  detached = false,
}: { env?: NodeJS.ProcessEnv; detached?: boolean } = {}): Promise<{ pid: number; word: string }> {
  const word = `word-${process.pid}-${words++}`
  const command = ['sh', '-c', `trap : USR1; echo '"ready"'; read line; exit # ${word}`]
  const program = new Program(command, { env: { ...plainEnvironment, ...env }, detached })
  await program.next('the sleeper')
  return { pid: program.pid, word }
}

describe('a criterion', () => {
  test('name: a part of the comm, of the base name of the executable, or of that of argv[0]', async () => {
    const { pid, handle } = await OwnChild.start('exit', '0')
    handle.close()
    const parent = process.pid
    expect(await find({ name: 'ends', parent })).toEqual([pid])
    expect(await find({ name: 'end', parent })).toEqual([pid])
    expect(await find({ name: 'fixtures', parent })).toEqual([]) // the directory is no name
    expect(await find({ name: 'end', exact: true, parent })).toEqual([])
    expect(await find({ name: 'ends', exact: true, parent })).toEqual([pid])
    expect(await find({ name: /^EN/i, parent })).toEqual([pid])
    expect(await find({ name: /end/, exact: true, parent })).toEqual([])
    expect(await find({ name: /end|ends/, exact: true, parent })).toEqual([pid])
    expect(await find({ name: basename(readlinkSync(`/proc/${pid}/exe`)), exact: true, parent })).toEqual([
      pid,
    ])
    const long = spawn(programPath('ends'), ['exit', '0'], {
      argv0: '/bin/a-name-of-more-than-fifteen-bytes',
      stdio: ['pipe', 'ignore', 'inherit'],
      env: plainEnvironment,
    })
    onTestFinished(() => {
      long.kill('SIGKILL')
    })
    await once(long, 'spawn')
    expect(await find({ name: 'a-name-of-more-than-fifteen-bytes', exact: true })).toEqual([long.pid])
    expect(await find({ name: 'more-than-fifteen', parent })).toEqual([long.pid])
  })

  test('cmdline: a part of the arguments joined by spaces', async () => {
    const { pid, word } = await startSleeper()
    const script = getProcess(pid)?.argv?.[2] ?? ''
    expect(await find({ cmdline: word })).toEqual([pid])
    expect(await find({ cmdline: `sh -c ${script}`, exact: true })).toEqual([pid])
    expect(await find({ cmdline: word, exact: true })).toEqual([])
    expect(await find({ cmdline: new RegExp(`^sh .*${word}$`) })).toEqual([pid])
    expect(await find({ cmdline: new RegExp(word), exact: true })).toEqual([])
  })

  test('a pattern with the flags g or y is asked from the start each time, and keeps its place', async () => {
    const { pid, word } = await startSleeper()
    for (const flags of ['g', 'y', 'gy']) {
      const cmdline = new RegExp(`sh.*${word}`, flags)
      cmdline.lastIndex = 3
      for (let i = 0; i < 3; i++) expect(await find({ cmdline }), flags).toEqual([pid])
      expect(cmdline.lastIndex).toBe(3)
    }
    expect(await find({ cmdline: new RegExp(word, 'y') })).toEqual([]) // not at the beginning
  })

  test('exe: the path of the program, or its base name', async () => {
    const { pid } = await OwnChild.start('exit', '0')
    const exe = readlinkSync(`/proc/${pid}/exe`)
    const parent = process.pid
    expect(await find({ exe, parent })).toEqual([pid])
    expect(await find({ exe: 'ends', parent })).toEqual([pid])
    expect(await find({ exe: 'end', parent })).toEqual([])
    expect(await find({ exe: exe.slice(1), parent })).toEqual([])
  })

  test('user: name, uid, or uid as text', async () => {
    const { pid, word } = await startSleeper()
    const { uid = -1, user } = getProcess(pid) ?? {}
    for (const one of [uid, String(uid), user]) {
      if (one !== undefined) expect(await find({ cmdline: word, user: one })).toEqual([pid])
    }
    expect(await find({ cmdline: word, user: uid + 1 })).toEqual([])
    expect(await find({ cmdline: word, user: 'no-such-user' })).toEqual([])
  })

  test('parent: any kind of target, and nobody where it is gone', async () => {
    const { pid, word } = await startSleeper()
    using handle = PidFd.open(process.pid)
    for (const parent of [process.pid, process, ProcessRef.of(process.pid), handle])
      expect(await find({ cmdline: word, parent })).toEqual([pid])
    expect(await find({ parent: pid })).toEqual([])
    expect(await find({ parent: ABSENT })).toEqual([])
  })

  test('pgid, sid', async () => {
    const led = await startSleeper({ detached: true })
    const other = await startSleeper()
    expect(await find({ pgid: led.pid })).toEqual([led.pid])
    expect(await find({ sid: led.pid })).toEqual([led.pid])
    expect(await find({ pgid: getpgrp(), cmdline: other.word })).toEqual([other.pid])
  })

  test('state: any of the letters', async () => {
    const own = await OwnChild.start('exit', '0')
    const parent = process.pid
    expect(await find({ state: 'SR', parent, name: 'ends' })).toEqual([own.pid])
    const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
    expect(await find({ state: 'Z', name: 'zombie' })).toContain(zombie)
    const stopped = await startSleeper()
    process.kill(stopped.pid, 'SIGSTOP')
    const stopping = { state: 'Tt', cmdline: stopped.word }
    while ((await find(stopping)).length === 0);
    expect(await find(stopping)).toEqual([stopped.pid])
    expect(await find({ state: 'ZT', parent, cmdline: stopped.word })).toEqual([stopped.pid])
    expect(await find({ state: 'RSD', cmdline: stopped.word })).toEqual([])
  })

  test('olderThan, newerThan: the age in ms', async () => {
    const { word, pid } = await startSleeper()
    expect(await find({ cmdline: word, newerThan: 60_000 })).toEqual([pid])
    expect(await find({ cmdline: word, olderThan: 60_000 })).toEqual([])
    while ((await find({ cmdline: word, olderThan: 50 })).length === 0);
    expect(await find({ cmdline: word, newerThan: 50 })).toEqual([])
    expect(await find({ cmdline: word, newerThan: 0 })).toEqual([])
  })

  test('cgroup: in it, or below', async () => {
    const { word, pid } = await startSleeper()
    const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1]
    if (path === undefined) return // no cgroup v2 here
    expect(await find({ cmdline: word, cgroup: path })).toEqual([pid])
    expect(await find({ cmdline: word, cgroup: '/' })).toEqual([pid])
    expect(await find({ cmdline: word, cgroup: `${path}/` })).toEqual([pid])
    expect(await find({ cmdline: word, cgroup: `${path}x` })).toEqual([])
    expect(await find({ cmdline: word, cgroup: `${path === '/' ? '' : path}/below` })).toEqual([])
  })

  test('environ: a value, or any', async () => {
    const { word, pid } = await startSleeper({ env: { SIGKIT_A: '1', SIGKIT_B: '' } })
    const cmdline = word
    expect(await find({ environ: { SIGKIT_A: '1' } })).toEqual([pid])
    expect(await find({ cmdline, environ: { SIGKIT_A: true, SIGKIT_B: '' } })).toEqual([pid])
    expect(await find({ cmdline, environ: { SIGKIT_A: '' } })).toEqual([])
    expect(await find({ cmdline, environ: { SIGKIT_A: '1', SIGKIT_C: true } })).toEqual([])
    expect(await find({ cmdline, environ: { SIGKIT_: true } })).toEqual([])
  })

  test('hasHandler', async () => {
    const { word, pid } = await startSleeper()
    expect(await find({ cmdline: word, hasHandler: 'SIGUSR1' })).toEqual([pid])
    expect(await find({ cmdline: word, hasHandler: 10 })).toEqual([pid])
    expect(await find({ cmdline: word, hasHandler: 'SIGUSR2' })).toEqual([])
  })

  test('tty', async () => {
    const word = `word-${process.pid}-tty`
    const command = ['script', '-qfec', `sh -c 'tty; read line # ${word}'`, '/dev/null']
    const program = new Program(command, { env: plainEnvironment })
    const found = async (): Promise<{ pid: number; tty: string | null } | undefined> => {
      using matches = await findProcesses({ cmdline: new RegExp(`^sh -c tty.*${word}`), exact: true })
      return matches[0]
    }
    let match = await found()
    while (match === undefined) match = await found()
    const tty = readlinkSync(`/proc/${match.pid}/fd/0`)
    expect(match.tty).toBe(tty.slice('/dev/'.length))
    expect(await find({ tty: match.tty ?? '' })).toContain(match.pid)
    expect(await find({ tty, cmdline: word })).toContain(match.pid)
    expect(await find({ tty: 'tty63' })).toEqual([])
    program.endInput()
  })

  test('all of them must hold', async () => {
    const { word, pid } = await startSleeper()
    blockUntil(() => stateOf(pid) === 'S', 'the sleeper to be asleep')
    expect(await find({ cmdline: word, name: 'sh', user: getProcess(pid)?.uid, state: 'S' })).toEqual([pid])
    expect(await find({ cmdline: word, name: 'node' })).toEqual([])
  })
})

describe('port', () => {
  interface Held {
    port: number
    holders: number[]
    unsupported?: boolean
  }
  const hold = (kind: string): Promise<Held> =>
    startProgram('holds-port', [kind]).next<Held>(`a ${kind} port`)

  test.each(['tcp4', 'tcp6', 'udp4', 'udp6', 'mptcp'])('%s: every holder of the socket', async (kind) => {
    const { port, holders, unsupported } = await hold(kind)
    if (unsupported === true) return
    const [right, wrong] = kind.startsWith('udp') ? (['udp', 'tcp'] as const) : (['tcp', 'udp'] as const)
    expect(await find({ port: { port, protocol: right } })).toEqual(holders)
    expect(await find({ port })).toEqual(holders)
    expect(await find({ port: { port, protocol: wrong } })).toEqual([])
    expect(await find({ port, parent: holders[0] ?? 0 })).toEqual(holders.slice(1))
  })

  test('a connection is no listener', async () => {
    const { port } = await hold('connected')
    expect(await find({ port: { port, protocol: 'tcp' } })).toEqual([])
  })

  test('the own process, where it is asked for', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    expect(await find({ port })).toEqual([])
    expect(await find({ port, includeSelf: true })).toEqual([process.pid])
    server.close()
    await once(server, 'close')
    expect(await find({ port, includeSelf: true })).toEqual([])
  })

  test.skipIf(sanitized)(
    'without netlink, through /proc/net [needs a build without sanitizers]',
    async () => {
      for (const kind of ['tcp4', 'tcp6', 'udp4', 'udp6', 'connected']) {
        const { port, holders } = await hold(kind)
        const found = await inOwnProcess(
          async ({ sigkit }, number: number) =>
            (await sigkit.findProcesses({ port: number })).map(({ pid }) => pid),
          port,
          { wrapper: ['env', `LD_PRELOAD=${programPath('no-netlink.so')}`] },
        )
        expect(found, kind).toEqual(kind === 'connected' ? [] : holders)
      }
    },
  )

  test.skipIf(sanitized)(
    'without netlink, among so many that the kernel gives the list in pieces [needs a build without sanitizers]',
    async () => {
      const found = await inOwnProcess(
        async ({ sigkit, once }) => {
          const { createServer } = process.getBuiltinModule('node:net')
          const servers = Array.from({ length: 200 }, () => createServer().listen(0, '127.0.0.1'))
          await Promise.all(servers.map((server) => once(server, 'listening')))
          const ports = servers.map((server) => (server.address() as { port: number }).port)
          const holders = []
          for (const port of ports.filter((_, index) => index % 10 === 0))
            holders.push((await sigkit.findProcesses({ port, includeSelf: true })).map(({ pid }) => pid))
          return holders.filter(([pid]) => pid === process.pid).length
        },
        null,
        { wrapper: ['env', `LD_PRELOAD=${programPath('no-netlink.so')}`] },
      )
      expect(found).toBe(20)
    },
  )

  const withNetlink = (mode: string): readonly string[] => [
    'env',
    `LD_PRELOAD=${programPath('odd-netlink.so')}`,
    `SIGKIT_NETLINK=${mode}`,
  ]

  test.skipIf(sanitized).each(['unhandled', 'silent', 'interrupted', 'truncated', 'stray'])(
    'netlink that is %s loses no socket [needs a build without sanitizers]',
    async (mode) => {
      // A request that is lost takes seconds.
      for (const kind of mode === 'silent' ? ['udp4'] : ['udp4', 'udp6', 'tcp4']) {
        const { port, holders } = await hold(kind)
        const protocol = kind === 'tcp4' ? 'tcp' : 'udp'
        const found = await inOwnProcess(
          async ({ sigkit }, wanted: { port: number; protocol: 'tcp' | 'udp' }) =>
            (await sigkit.findProcesses({ port: wanted })).map(({ pid }) => pid),
          { port, protocol },
          { wrapper: withNetlink(mode) },
        )
        expect(found, kind).toEqual(holders)
      }
    },
  )

  test.skipIf(sanitized)(
    'neither netlink nor /proc/net: an error, and not nobody [needs a build without sanitizers]',
    async () => {
      const error = await inOwnProcess(
        async ({ sigkit, caught }) => {
          const { name, code } = await caught(() => sigkit.findProcesses({ port: 80 }))
          return { name, code }
        },
        null,
        { wrapper: withNetlink('refused') },
      )
      expect(error).toMatchObject({ code: 'EACCES' })
    },
  )

  test('a process whose main thread has ended holds what it held', async () => {
    const program = startProgram('leaderless', ['listen'])
    const { port } = await program.next<{ port: number }>('the end of the main thread')
    expect(await find({ port })).toEqual([program.pid])
    expect(await find({ port, parent: process.pid })).toEqual([program.pid])
  })

  test.runIf(isRoot)(`sockets that are not shown to us have no holders ${NEEDS_ROOT}`, async () => {
    const { port } = await hold('tcp4')
    const found = await inOwnProcess(
      async ({ sigkit }, number: number) => (await sigkit.findProcesses({ port: number })).length,
      port,
      { wrapper: asNobody },
    )
    expect(found).toBe(0)
  })
})

describe('the result', () => {
  test('is an array of entries with handles, and disposing closes them', async () => {
    const { child, pid, handle } = await OwnChild.start('exit', '0')
    handle.close()
    const before = countPidfds()
    const matches = await findProcesses({ name: 'ends', parent: process.pid })
    expect(Array.isArray(matches)).toBe(true)
    expect(matches).toHaveLength(1)
    const [match] = matches
    expect(match).toMatchObject({ ...getProcess(pid), state: expect.any(String) as string })
    expect(match?.pidfd).toBeInstanceOf(PidFd)
    expect(match?.pidfd.pid).toBe(pid)
    expect(match?.pidfd.identity.equals(match.identity)).toBe(true)
    expect(matches.executables).toEqual([readlinkSync(`/proc/${pid}/exe`)])
    expect(countPidfds()).toBe(before + 1)
    matches[Symbol.dispose]()
    matches[Symbol.dispose]()
    expect(match?.pidfd.closed).toBe(true)
    expect(countPidfds()).toBe(before)
    expect(child.exitCode).toBeNull()
  })

  test('each match can be disposed of alone', async () => {
    const { word } = await startSleeper()
    const [match] = await findProcesses({ cmdline: word })
    match?.[Symbol.dispose]()
    expect(match?.pidfd.closed).toBe(true)
  })

  test('a match is a target that means its handle', async () => {
    const { word, pid } = await startSleeper()
    using matches = await findProcesses({ cmdline: word })
    const [match] = matches
    expect(match && getProcess(match)?.pid).toBe(pid)
    match?.pidfd.close()
    expect(() => match && getProcess(match)).toThrow(
      expect.objectContaining({ code: 'ERR_PIDFD_CLOSED' }) as Error,
    )
  })

  test('names every program that a name takes', async () => {
    const own = await OwnChild.start('exit', '0')
    const { pid } = await startSleeper()
    const matches = await findProcesses({ name: /^(ends|sh)$/, parent: process.pid })
    expect(matches.map((match) => match.pid).sort()).toEqual([own.pid, pid].sort())
    expect(matches.executables).toHaveLength(2)
    expect(new Set(matches.executables)).toEqual(new Set(matches.map(({ exe }) => exe)))
    matches[Symbol.dispose]()
  })

  test('never has the own process or an ancestor, unless it is asked for the own one', async () => {
    const all = { olderThan: 0 }
    const without = await find(all)
    const withSelf = await find({ ...all, includeSelf: true })
    expect(without).not.toContain(process.pid)
    expect(withSelf).toContain(process.pid)
    const found = await findProcesses({ parent: process.ppid, includeSelf: true })
    expect(found.map(({ pid }) => pid)).toContain(process.pid)
    found[Symbol.dispose]()
    for (let pid = process.ppid; pid > 0; pid = getProcess(pid)?.ppid ?? 0) {
      expect(without).not.toContain(pid)
      expect(withSelf).not.toContain(pid)
    }
  })

  test('a shortage of descriptors is an error, and leaves none behind', async () => {
    const report = await inOwnProcess(
      async ({
        sigkit,
        spawn: start,
        until,
        programPath: path,
        plainEnvironment: env,
        countPidfds: open,
        caught,
      }) => {
        const crowd = start(path('odd-crowd'), ['200'], { stdio: ['pipe', 'pipe', 'inherit'], env })
        let line = ''
        crowd.stdout.on('data', (text: Buffer) => (line += text.toString()))
        await until(() => line.endsWith('\n'), 'the crowd')
        const before = open()
        const query = { parent: crowd.pid ?? 0 }
        const error = await caught(() => sigkit.findProcesses(query))
        const after = open()
        const one = (await sigkit.findProcesses({ ...query, state: 'T', olderThan: 0, cmdline: '--one 14 ' }))
          .length
        return { error, leaked: after - before, one }
      },
      null,
      { descriptors: 80 },
    )
    expect(report.error).toMatchObject({ name: 'ResourceLimitError', code: 'EMFILE' })
    expect(report.leaked).toBe(0)
    expect(report.one).toBeGreaterThan(5)
  })
})

describe('a query that would match everything, or that nobody meant', () => {
  const TYPE = 'ERR_INVALID_ARG_TYPE'
  const VALUE = 'ERR_INVALID_ARG_VALUE'
  const RANGE = 'ERR_OUT_OF_RANGE'
  test.each<[unknown, string]>([
    [undefined, TYPE],
    [null, TYPE],
    ['node', TYPE],
    [[], TYPE],
    [{}, VALUE],
    [{ name: undefined }, VALUE],
    [{ exact: true }, VALUE],
    [{ includeSelf: true }, VALUE],
    [{ nmae: 'node' }, VALUE],
    [{ name: 'node', toString: 1 }, VALUE],
    [{ name: '' }, VALUE],
    [{ name: new RegExp('') }, VALUE],
    [{ name: null }, TYPE],
    [{ name: 1 }, TYPE],
    [{ name: 'x', exact: 1 }, TYPE],
    [{ name: 'x', includeSelf: 'yes' }, TYPE],
    [{ cmdline: '' }, VALUE],
    [{ exe: '' }, VALUE],
    [{ exe: /x/ }, TYPE],
    [{ user: '' }, VALUE],
    [{ user: -1 }, RANGE],
    [{ user: 1.5 }, RANGE],
    [{ user: null }, TYPE],
    [{ parent: 0 }, RANGE],
    [{ parent: '1' }, TYPE],
    [{ parent: null }, TYPE],
    [{ pgid: -1 }, RANGE],
    [{ pgid: '5' }, TYPE],
    [{ sid: -1 }, RANGE],
    [{ sid: NaN }, RANGE],
    [{ tty: '' }, VALUE],
    [{ tty: null }, TYPE],
    [{ port: 0 }, RANGE],
    [{ port: 65_536 }, RANGE],
    [{ port: '80' }, TYPE],
    [{ port: { port: 80 } }, VALUE],
    [{ port: { port: 80, protocol: 'sctp' } }, VALUE],
    [{ port: { port: '80', protocol: 'tcp' } }, TYPE],
    [{ state: '' }, VALUE],
    [{ state: 'z' }, VALUE],
    [{ olderThan: -1 }, RANGE],
    [{ olderThan: NaN }, RANGE],
    [{ newerThan: '5' }, TYPE],
    [{ cgroup: '' }, VALUE],
    [{ cgroup: 'system.slice' }, VALUE],
    [{ environ: {} }, VALUE],
    [{ environ: { '': true } }, VALUE],
    [{ environ: { A: false } }, TYPE],
    [{ environ: [] }, TYPE],
    [{ hasHandler: 'TERM' }, 'ERR_UNKNOWN_SIGNAL'],
    [{ hasHandler: 0 }, 'ERR_UNKNOWN_SIGNAL'],
    [{ hasHandler: 33 }, 'ERR_SIGNAL_RESERVED'],
  ])('%j is refused', async (query, code) => {
    const before = countPidfds()
    await expect(findProcesses(query as ProcessQuery)).rejects.toMatchObject({ code })
    expect(countPidfds()).toBe(before)
  })
})

describe.runIf(canNamespace)(`against pgrep, among a thousand odd processes ${NEEDS_NAMESPACE}`, () => {
  test('the same processes match', async () => {
    const differences = await inOwnProcess(
      async (
        { sigkit, spawn: start, spawnSync, until, programPath: path, plainEnvironment: env },
        users: number[],
      ) => {
        const args = ['1000', ...users.map(String)]
        const crowd = start(path('odd-crowd'), args, { stdio: ['pipe', 'pipe', 'inherit'], env })
        let line = ''
        crowd.stdout.on('data', (text: Buffer) => (line += text.toString()))
        await until(() => line.endsWith('\n'), 'the crowd')
        const { pids } = JSON.parse(line) as { pids: number[] }
        const session = pids.find((pid) => sigkit.getProcess(pid)?.sid === pid) ?? 0
        const numbers = (list: number[]): string => list.sort((a, b) => a - b).join(' ')
        const pgrep = (...how: string[]): string => {
          const lines = String(spawnSync('pgrep', how, { env }).stdout).trim()
          return numbers(
            lines
              .split('\n')
              .map(Number)
              .filter((pid) => pid > 1),
          )
        }
        const parent = crowd.pid ?? 0
        const cases: [Parameters<typeof sigkit.findProcesses>[0], string[]][] = [
          [{ parent }, ['-P', String(parent)]],
          [{ parent, state: 'Z' }, ['-P', String(parent), '-r', 'Z']],
          [{ parent, state: 'TZ' }, ['-P', String(parent), '-r', 'T,Z']],
          [{ sid: session }, ['-s', String(session)]],
          [{ pgid: session }, ['-g', String(session)]],
          [{ cmdline: 'aaaaaaaaaaaa' }, ['-f', 'aaaaaaaaaaaa']],
          [{ cmdline: 'odd: working' }, ['-f', 'odd: working']],
          [{ cmdline: /^odd: working$/ }, ['-f', '^odd: working$']],
          [{ parent, name: 'a)b(c' }, ['-P', String(parent), 'a\\)b\\(c']],
          [{ parent, name: ' sp ace ', exact: true }, ['-P', String(parent), '-x', ' sp ace ']],
          [{ parent, name: ') R 1' }, ['-P', String(parent), '\\) R 1']],
          [{ parent, name: '€😀', exact: true }, ['-P', String(parent), '-x', '€😀']],
          ...users.map((user): [Parameters<typeof sigkit.findProcesses>[0], string[]] => [
            { parent, user },
            ['-P', String(parent), '-u', String(user)],
          ]),
        ]
        const found: unknown[] = []
        for (const [query, how] of cases) {
          const matches = await sigkit.findProcesses(query)
          const got = numbers(matches.map(({ pid }) => pid))
          matches[Symbol.dispose]()
          const wanted = pgrep(...how)
          if (got !== wanted || got === '') found.push({ query, got, wanted })
        }
        return found
      },
      isRoot ? [1, 12_345, 65_534] : [],
      { wrapper: inNamespace, detached: true },
    )
    expect(differences).toEqual([])
  })
})

describe.runIf(canNamespace)(`while a number changes hands ${NEEDS_NAMESPACE}`, () => {
  interface Report {
    matches: number
    sent: number
    lives: number
    victims: number
    strangers: number
  }

  test('what is signalled through a match is what matched', async () => {
    const report = await inOwnProcess(
      async ({
        sigkit,
        spawn: start,
        once: wait,
        programPath: path,
        plainEnvironment: env,
      }): Promise<Report> => {
        const alternating = start(path('alternating'), ['20000'], { stdio: ['pipe', 'pipe', 'inherit'], env })
        await wait(alternating.stdout, 'data')
        let matches = 0
        let sent = 0
        const end = performance.now() + 3000
        while (performance.now() < end || (sent < 50 && performance.now() < end + 20_000)) {
          const found = await sigkit.findProcesses({ name: 'victim', exact: true })
          for (const { pidfd, comm, identity } of found) {
            if (comm !== 'victim') throw new Error(`matched ${comm}`)
            if (!pidfd.identity.equals(identity))
              throw new Error('a handle on another one than what was read')
            matches++
            if (pidfd.trySend('SIGUSR1') === undefined) sent++
          }
          found[Symbol.dispose]()
        }
        alternating.stdin.end()
        const [line] = (await wait(alternating.stdout, 'data')) as [Buffer]
        return {
          matches,
          sent,
          ...(JSON.parse(String(line)) as Pick<Report, 'lives' | 'victims' | 'strangers'>),
        }
      },
      null,
      { wrapper: inNamespace, detached: true },
    )
    expect(report.lives).toBeGreaterThan(100)
    expect(report.victims).toBeGreaterThan(0)
    expect(report.strangers).toBe(0)
  })

  test('a stranger that has the number since the search is not reached', async () => {
    const report = await inOwnProcess(
      async ({ sigkit, spawn: start, once: wait, programPath: path, plainEnvironment: env }) => {
        const holder = start(path('as-pid'), ['20000'], { stdio: ['pipe', 'pipe', 'inherit'], env })
        await wait(holder.stdout, 'data')
        const found = await sigkit.findProcesses({ parent: holder })
        // A line of input: it is killed and reaped, and another one gets its number.
        holder.stdin.write('next\n')
        await wait(holder.stdout, 'data')
        const outcomes = found.map((match) => {
          const before = sigkit.getProcess(20_000)
          let error: unknown
          try {
            match.pidfd.send('SIGKILL')
          } catch (thrown) {
            const { name, reused } = thrown as { name: string; reused: boolean }
            error = { name, reused }
          }
          const after = sigkit.getProcess(20_000)
          return {
            error,
            trySend: match.pidfd.trySend('SIGKILL'),
            asTarget: sigkit.liveness(match.identity),
            lives: after?.state !== 'Z' && before !== undefined && after?.identity.equals(before.identity),
          }
        })
        holder.stdin.end()
        return outcomes
      },
      null,
      { wrapper: inNamespace, detached: true },
    )
    expect(report).toEqual([
      {
        error: { name: 'NoSuchProcessError', reused: true },
        trySend: 'ESRCH',
        asTarget: 'reused',
        lives: true,
      },
    ])
  })
})

test.runIf(isRoot)(`what /proc hides does not match, and is no error ${NEEDS_ROOT}`, async () => {
  const hidden = async (how: string): Promise<{ listed: number[]; byUser: number; partial: unknown }> =>
    inOwnProcess(
      async ({ sigkit }) => {
        const entries = await sigkit.listProcesses()
        const root = await sigkit.findProcesses({ user: 0, includeSelf: true })
        return {
          listed: entries.map(({ pid }) => pid),
          byUser: root.length,
          partial: Object.keys(entries.find(({ pid }) => pid === 1) ?? {}),
          tree: sigkit.formatTree(entries).length,
        }
      },
      null,
      {
        wrapper: [
          ...inNamespace,
          ...['sh', '-c', `mount -o remount,hidepid=${how} /proc && "$@"; exit $?`, 'sh', ...asNobody],
        ],
        detached: true,
      },
    )
  const invisible = await hidden('2')
  expect(invisible.listed).not.toContain(1)
  expect(invisible.listed).toHaveLength(1)
  expect(invisible.byUser).toBe(0)
  const visible = await hidden('1')
  expect(visible.listed).toContain(1)
  expect(visible.partial).toEqual(['pid', 'uid', 'user', 'identity'])
})
