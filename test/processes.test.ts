/**
 * The list of processes against /proc itself and against ps, in a pid namespace with a thousand odd processes
 * (test/fixtures/odd-crowd.c): names with parentheses, newlines and bytes that are no UTF-8, 10 kB of arguments, other
 * users, zombies, stopped ones, whatever breaks parsers.
 */
import { copyFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  findProcesses,
  getProcess,
  listProcesses,
  PidFd,
  ProcessRef,
  type Field,
  type ProcessEntry,
} from 'sigkit'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { plainEnvironment, programPath, startProgram } from './helpers/fixture.js'
import { sanitized } from './helpers/load.js'
import { OwnChild } from './helpers/own-child.js'
import { inOwnProcess } from './helpers/own-process.js'
import {
  canNamespace,
  hasKernelThreads,
  inNamespace,
  isRoot,
  NEEDS_NAMESPACE,
  NEEDS_ROOT,
} from './helpers/privilege.js'
import { Program } from './helpers/program.js'
import { temporaryDirectory } from './helpers/temporary-directory.js'
import { thrown } from './helpers/thrown.js'

const crowd = { count: 1000, users: isRoot ? [1, 12345, 65534] : [] }

interface Mismatch {
  pid: number
  field: string
  got: unknown
  wanted: unknown
}

describe.runIf(canNamespace)(`a thousand odd processes ${NEEDS_NAMESPACE}`, () => {
  test('every field is what /proc says, byte for byte', async () => {
    const report = await inOwnProcess(
      async (inside, { count, users }: typeof crowd) => {
        const { listProcesses: list, getProcess: get, signalName } = inside.sigkit
        const child = inside.spawn(inside.programPath('odd-crowd'), [count, ...users].map(String), {
          stdio: ['pipe', 'pipe', 'inherit'],
          env: inside.plainEnvironment,
        })
        let line = ''
        child.stdout.on('data', (text: Buffer) => (line += text.toString()))
        await inside.until(() => line.endsWith('\n'), 'the crowd')
        const { pids, alive } = JSON.parse(line) as { pids: number[]; alive: number }

        /** The other way round: our text as bytes. */
        const bytes = (value: string): string =>
          Array.from(value)
            .map((char) => {
              const point = char.codePointAt(0) ?? 0
              return point >= 0xdc80 && point <= 0xdcff
                ? String.fromCharCode(point - 0xdc00)
                : Buffer.from(char).toString('latin1')
            })
            .join('')
        const read = (path: string): string => inside.readFileSync(path, 'latin1')
        const mismatches: Mismatch[] = []
        const entries = await list()
        const check = (entry: ProcessEntry): void => {
          const { pid } = entry
          const differ = (field: string, got: unknown, wanted: unknown): void => {
            if (JSON.stringify(got) !== JSON.stringify(wanted)) mismatches.push({ pid, field, got, wanted })
          }
          const stat = read(`/proc/${pid}/stat`)
          const status = read(`/proc/${pid}/status`)
          const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
          const of = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? ''
          const masked = (...names: string[]): string[] => {
            const mask = names.reduce((bits, name) => bits | BigInt(`0x${of(name)}`), 0n)
            const numbers = Array.from({ length: 64 }, (_, index) => index + 1)
            return numbers
              .filter(
                (number) => ((mask >> BigInt(number - 1)) & 1n) === 1n && number !== 32 && number !== 33,
              )
              .map((number) => signalName(number))
          }
          differ('comm', bytes(entry.comm), stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')))
          differ('state', entry.state, rest[0])
          differ('ppid', entry.ppid, Number(rest[1]))
          differ('pgid', entry.pgid, Number(rest[2]))
          differ('sid', entry.sid, Number(rest[3]))
          differ('threads', entry.threads, Number(rest[17]))
          differ('uid', entry.uid, Number(of('Uid').split('\t')[1]))
          differ('pending', entry.signals?.pending, masked('SigPnd', 'ShdPnd'))
          differ('blocked', entry.signals?.blocked, masked('SigBlk'))
          differ('ignored', entry.signals?.ignored, masked('SigIgn'))
          differ('caught', entry.signals?.caught, masked('SigCgt'))
          const line = /^0::(.*)$/m.exec(read(`/proc/${pid}/cgroup`))?.[1]
          differ('cgroup', entry.cgroup === undefined ? undefined : bytes(entry.cgroup), line)
          if (entry.state !== 'Z') {
            const joined = entry.argv?.map((one) => `${bytes(one)}\0`).join('')
            differ('argv', joined, read(`/proc/${pid}/cmdline`))
          } else {
            differ('argv', entry.argv, undefined)
            differ('exe', entry.exe, undefined)
          }
        }
        const here = entries.filter(({ pid }) => pids.includes(pid))
        for (const entry of here) check(entry)
        // As ps has it, which sees the same and itself.
        const ps = String(
          inside.spawnSync('ps', ['-eo', 'pid,ppid,pgid,sid,tty,nlwp,euid,stat'], {
            env: inside.plainEnvironment,
          }).stdout,
        )
        const rows = ps.trim().split('\n').slice(1)
        const shown = new Map(
          rows.map((row) => {
            const [pid, ...cells] = row.trim().split(/\s+/)
            return [Number(pid), cells.join(' ').replace(/ (\S)\S*$/, ' $1')]
          }),
        )
        for (const { pid, ppid, pgid, sid, tty, threads, uid, state } of here) {
          const wanted = shown.get(pid)
          const got = [ppid, pgid, sid, tty ?? '?', threads, uid, state].join(' ')
          if (got !== wanted) mismatches.push({ pid, field: 'ps', got, wanted })
        }
        const started = here.map(({ startTime }) => startTime)
        const one = get(pids[0] ?? 0)
        return {
          alive,
          listed: here.length,
          mismatches: mismatches.slice(0, 20),
          states: [...new Set(here.map(({ state }) => state))].sort(),
          users: [...new Set(here.map(({ user, uid }) => `${uid} ${user}`))].sort(),
          threads: Math.max(...here.map(({ threads }) => threads)),
          longest: Math.max(...here.map(({ argv }) => argv?.[4]?.length ?? 0)),
          titles: [...new Set(here.map(({ argv }) => argv?.[0]))].sort(),
          exes: [...new Set(here.map(({ exe }) => exe?.split('/').at(-1)))],
          comms: [...new Set(here.map(({ comm }) => comm))].sort(),
          ages: [Math.min(...started) - Date.now(), Math.max(...started) - Date.now()],
          sameAlone: JSON.stringify(one) === JSON.stringify(entries.find(({ pid }) => pid === pids[0])),
        }
      },
      crowd,
      { wrapper: inNamespace, detached: true },
    )
    expect(report.mismatches).toEqual([])
    expect(report).toMatchObject({ alive: crowd.count, listed: crowd.count, threads: 4, longest: 10_239 })
    expect(report.states).toEqual(['S', 'T', 'Z'])
    expect(report.sameAlone).toBe(true)
    expect(report.exes).toEqual(expect.arrayContaining(['odd-crowd']))
    expect(report.titles).toContain('odd: working')
    expect(report.comms).toEqual(
      expect.arrayContaining([
        '',
        ' sp ace ',
        ') R 1 1 1 1 1 1',
        'a)b(c',
        'new\nline',
        'odd-crowd',
        '\u001b[31mred',
        'ééééééé\udcc3',
        '€😀',
        '\udcff\udcfe\udc80',
      ]),
    )
    if (isRoot) expect(report.users).toEqual(['0 root', '1 daemon', '12345 undefined', '65534 nobody'])
    const [oldest = 0, youngest = 0] = report.ages
    expect(oldest).toBeGreaterThan(-120_000)
    expect(youngest).toBeLessThan(1000)
  })
})

test.runIf(canNamespace)(
  `a process in its last moment is gone, and has no parent 0 and no group -1 ${NEEDS_NAMESPACE}`,
  async () => {
    const report = await inOwnProcess(
      async ({ sigkit, spawn, once, programPath: path, plainEnvironment: env }) => {
        const dying = spawn(path('alternating'), ['20000'], { stdio: ['pipe', 'pipe', 'inherit'], env })
        await once(dying.stdout, 'data')
        const wrong: unknown[] = []
        let seen = 0
        const end = performance.now() + 2000
        while (performance.now() < end) {
          for (const entry of await sigkit.listProcesses({ fields: ['ppid', 'pgid', 'sid', 'threads'] })) {
            if (entry.pid !== 20_000) continue
            seen++
            if (entry.ppid !== dying.pid || entry.pgid !== 1 || entry.sid !== 1 || entry.threads !== 1)
              wrong.push(entry)
          }
        }
        return { seen: seen > 0, wrong: wrong.slice(0, 3) }
      },
      null,
      { wrapper: inNamespace, detached: true },
    )
    expect(report).toEqual({ seen: true, wrong: [] })
  },
)

describe('listProcesses', () => {
  test('has this process, with the same identity as a handle on it', async () => {
    const own = (await listProcesses()).find(({ pid }) => pid === process.pid)
    expect(own).toMatchObject({
      ppid: process.ppid,
      argv: expect.arrayContaining([]) as string[],
      uid: process.geteuid?.(),
      exe: process.execPath,
    })
    expect(own?.identity.equals(ProcessRef.of(process.pid))).toBe(true)
    expect(own?.identity.toString()).toBe(ProcessRef.of(process.pid).toString())
    expect(own?.rss).toBeGreaterThan(1 << 20)
    expect(own?.cpuTime).toBeGreaterThan(0)
    using handle = PidFd.open(process.pid)
    expect(own?.startTime).toBe(handle.info().startTime)
  })

  test('reads only the fields that are asked for, and pid', async () => {
    const fields = async (...wanted: Field[]): Promise<string[]> => {
      const own = (await listProcesses({ fields: wanted })).find(({ pid }) => pid === process.pid)
      return Object.keys(own ?? {}).sort()
    }
    expect(await fields()).toEqual(['pid'])
    expect(await fields('comm')).toEqual(['comm', 'pid'])
    expect(await fields('identity', 'pid')).toEqual(['identity', 'pid'])
    expect(await fields('argv', 'uid')).toEqual(['argv', 'pid', 'uid'])
    expect(await fields('user', 'exe', 'signals')).toEqual(['exe', 'pid', 'signals', 'user'])
  })

  test.runIf(hasKernelThreads)(
    'kernel threads have no arguments and no program, and are no error [needs the initial pid namespace]',
    async () => {
      const threads = (await listProcesses()).filter(({ pid, ppid }) => pid === 2 || ppid === 2)
      expect(threads.length).toBeGreaterThan(5)
      for (const entry of threads)
        expect(entry).toMatchObject({ argv: [], uid: 0, tty: null, rss: 0, pgid: 0 })
      for (const entry of threads) expect(entry).not.toHaveProperty('exe')
    },
  )

  test.each([
    [null, 'ERR_INVALID_ARG_TYPE'],
    ['comm', 'ERR_INVALID_ARG_TYPE'],
    [{ fields: 'comm' }, 'ERR_INVALID_ARG_TYPE'],
    [{ fields: null }, 'ERR_INVALID_ARG_TYPE'],
    [{ fields: ['command'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ fields: [1] }, 'ERR_INVALID_ARG_VALUE'],
  ])('rejects bad options: %j', async (options, code) => {
    await expect(listProcesses(options as never)).rejects.toMatchObject({ name: 'TypeError', code })
  })

  test('does not keep the JavaScript thread from its work', async () => {
    let turns = 0
    let done = false
    const count = (): void => {
      turns++
      if (!done) setImmediate(count)
    }
    setImmediate(count)
    await listProcesses()
    done = true
    expect(turns).toBeGreaterThan(0)
  })
})

test.each([
  ['no pidfds', ['pidfd_open=ENOSYS', 'pidfd_send_signal=ENOSYS'], '@', false],
  ['pidfds forbidden by death', ['pidfd_open=TRAP'], '@', false],
  ['no PIDFD_GET_INFO', ['ioctl=ENOTTY'], ':', true],
  ['PIDFD_GET_INFO forbidden by death', ['ioctl=TRAP'], ':', true],
])('with %s everything is found all the same', async (_name, rules, separator, raceFree) => {
  const report = await inOwnProcess(
    async ({ sigkit, spawn, once, programPath: path, plainEnvironment: env }) => {
      const child = spawn(path('ends'), ['exit', '0'], { stdio: ['pipe', 'pipe', 'inherit'], env })
      await once(child.stdout, 'data')
      const listed = (await sigkit.listProcesses()).find(({ pid }) => pid === child.pid)
      const found = await sigkit.findProcesses({ name: 'ends', parent: process.pid })
      const exited = once(child, 'exit')
      found[0]?.pidfd.send('SIGKILL')
      const [, signal] = (await exited) as [null, string]
      return {
        identity: listed?.identity.toString().slice(String(child.pid).length, String(child.pid).length + 1),
        cgroup: typeof listed?.cgroup,
        same: listed !== undefined && found[0]?.pidfd.identity.equals(listed.identity),
        raceFree: found.map(({ pidfd }) => pidfd.raceFree),
        signal,
        gone: listed && sigkit.getProcess(listed) === undefined,
      }
    },
    null,
    { wrapper: [programPath('seccomp'), ...rules, '--'] },
  )
  const cgroup = typeof getProcess(process.pid)?.cgroup
  expect(report).toEqual({
    ...{ identity: separator, cgroup, same: true, raceFree: [raceFree], signal: 'SIGKILL', gone: true },
  })
})

describe('getProcess', () => {
  test('takes every kind of target', async () => {
    const { child, pid, handle } = await OwnChild.start('exit', '0')
    const entry = getProcess(pid)
    expect(entry).toMatchObject({ pid, ppid: process.pid, comm: 'ends' })
    for (const target of [child, handle, ProcessRef.of(pid), { pid }, entry ?? pid])
      expect(getProcess(target)).toEqual({ ...entry, state: expect.stringMatching(/[RS]/) as string })
  })

  test('is undefined for what is not there', async () => {
    expect(getProcess(ABSENT)).toBeUndefined()
    const own = await OwnChild.start('exit', '0')
    const entry = getProcess(own.pid)
    own.end()
    await own.nodeExit
    for (const target of [own.child, own.handle, own.pid, entry ?? 0])
      expect(getProcess(target)).toBeUndefined()
  })

  test('a thread is no process', async () => {
    const program = startProgram('threads', ['2'])
    const { tids } = await program.next<{ tids: number[] }>('the threads')
    const other = tids.find((tid) => tid !== program.pid) ?? 0
    expect(getProcess(program.pid)).toMatchObject({ threads: 3 })
    expect(getProcess(other)).toBeUndefined()
    using handle = PidFd.open(other, { thread: true })
    expect(thrown(() => getProcess(handle))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  })

  test('a zombie has a state, and neither arguments nor a program any more', async () => {
    const own = await OwnChild.start('exit', '0')
    own.becomeZombie()
    const entry = getProcess(own.pid)
    expect(entry).toMatchObject({ state: 'Z', comm: 'ends', rss: 0, threads: 1 })
    expect(entry).not.toHaveProperty('argv')
    expect(entry).not.toHaveProperty('exe')
  })

  test('a process whose main thread has ended has its program and its arguments', async () => {
    const program = startProgram('leaderless', ['listen'])
    await program.next('the end of the main thread')
    const path = programPath('leaderless')
    const text = { exe: path, argv: [path, 'listen'] }
    const { pid } = program
    expect(getProcess(pid)).toMatchObject({ state: 'Z', threads: 2, comm: 'leaderless', ...text })
    for (const field of ['exe', 'argv'] as const) {
      const listed = (await listProcesses({ fields: [field] })).find((entry) => entry.pid === pid)
      expect(listed).toEqual({ pid, [field]: text[field] })
    }
    using matches = await findProcesses({ exe: path, environ: { PATH: true }, parent: process.pid })
    expect(matches.map((match) => match.pid)).toEqual([pid])
  })

  test.each([
    ['two hundred million empty arguments', 200_000_000, [], 1 << 20, 0],
    ['one argument of 12 MiB', 12 << 20, ['x'], 1, 8 << 20],
    ['one of 12 MiB that is no UTF-8', 12 << 20, ['\u{e9}'], 1, 8 << 20],
  ])('%s: no more than execve takes', async (_name, size, fill, count, length) => {
    const program = startProgram('huge-arguments', [String(size), ...fill])
    const { unsupported } = await program.next<{ unsupported?: boolean }>('the arguments')
    if (unsupported === true) return
    const argv = getProcess(program.pid)?.argv
    expect(argv?.length).toBe(count)
    expect(argv?.at(-1)?.length).toBe(length)
    const listed = (await listProcesses({ fields: ['argv'] })).find(({ pid }) => pid === program.pid)
    expect(listed?.argv?.length).toBe(count)
    using matches = await findProcesses({ environ: { NONE: true }, parent: process.pid })
    expect(matches.map(({ pid }) => pid)).not.toContain(program.pid)
  })

  test('a program that was deleted keeps its path, and one that is called so its name', async () => {
    const directory = temporaryDirectory()
    for (const name of ['upgraded', 'odd (deleted)']) {
      const path = join(directory, name)
      copyFileSync(programPath('ends'), path)
      const program = new Program([path, 'exit', '0'], { env: plainEnvironment })
      await program.next('ready')
      expect(getProcess(program.pid)?.exe).toBe(path)
      rmSync(path)
      expect(readlinkSync(`/proc/${program.pid}/exe`)).toBe(`${path} (deleted)`)
      expect(getProcess(program.pid)?.exe).toBe(path)
      // Somebody else's file in its place changes nothing.
      writeFileSync(`${path} (deleted)`, '')
      expect(getProcess(program.pid)?.exe).toBe(path)
    }
  })

  // UBSan needs a descriptor of its own to look at an object.
  test.skipIf(sanitized)(
    'a shortage of descriptors is an error, and no lie [needs a build without sanitizers]',
    async () => {
      const errors = await inOwnProcess(
        async ({ sigkit, caught, fillTable }) => {
          const { closeSync } = process.getBuiltinModule('node:fs')
          await sigkit.listProcesses() // what is read once has been read
          sigkit.children(process.pid)
          const taken = fillTable()
          const calls = {
            list: () => sigkit.listProcesses(),
            get: () => sigkit.getProcess(process.ppid),
            children: () => sigkit.children(process.ppid),
            find: () => sigkit.findProcesses({ name: 'x' }),
            port: () => sigkit.findProcesses({ port: 80 }),
          }
          const told: Record<string, string> = {}
          for (const [name, call] of Object.entries(calls)) {
            const { name: kind, code } = await caught(call)
            told[name] = `${kind} ${code}`
          }
          for (const fd of taken) closeSync(fd)
          return told
        },
        null,
        { descriptors: 100 },
      )
      const emfile = 'ResourceLimitError EMFILE'
      expect(errors).toEqual({ list: emfile, get: emfile, children: emfile, find: emfile, port: emfile })
    },
  )

  test.each([
    ['12', 'ERR_INVALID_ARG_TYPE'],
    [0, 'ERR_OUT_OF_RANGE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [1.5, 'ERR_OUT_OF_RANGE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    [{}, 'ERR_INVALID_ARG_TYPE'],
  ])('refuses a bad target: %j', (target, code) => {
    expect(thrown(() => getProcess(target as never))).toMatchObject({ code })
  })

  test.runIf(isRoot)(`what another user may not see is absent ${NEEDS_ROOT}`, async () => {
    const entry = await inOwnProcess(({ sigkit }, pid: number) => {
      process.setgroups?.([])
      process.setgid?.(65534)
      process.setuid?.(65534)
      return sigkit.getProcess(pid)
    }, process.pid)
    expect(entry).toMatchObject({
      pid: process.pid,
      comm: getProcess(process.pid)?.comm,
      uid: 0,
      user: 'root',
    })
    expect(entry).not.toHaveProperty('exe')
  })
})
