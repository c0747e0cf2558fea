/** Entries as values: printed, copied, frozen, cloned, sent as JSON; and queries that ask for more than they show. */
import { inspect } from 'node:util'
import {
  children,
  findProcesses,
  getProcess,
  liveness,
  PidFd,
  type ProcessEntry,
  type ProcessQuery,
} from 'sigkit'
import { describe, expect, test } from 'vitest'
import { blockUntil } from './helpers/deadline.js'
import { OwnChild } from './helpers/own-child.js'
import { inOwnProcess } from './helpers/own-process.js'
import { programPath } from './helpers/fixture.js'
import { sanitized } from './helpers/load.js'
import { asNobody, inNamespace, isRoot, NEEDS_ROOT } from './helpers/privilege.js'
import { stateOf } from './helpers/process-status.js'
import { thrown } from './helpers/thrown.js'

const LATER = ['exe', 'argv', 'user', 'cgroup', 'signals'] as const

/** A new entry of a child, of which nothing has been used. */
function childEntry(child: number): ProcessEntry {
  return children(process.pid).find(({ pid }) => pid === child) ?? expect.unreachable()
}

describe('an entry of children', () => {
  test('is printed with its values', async () => {
    const { pid } = await OwnChild.start('exit', '0')
    const entry = childEntry(pid)
    expect(inspect({ entry })).not.toMatch(/Getter|Setter|inspect/)
    expect(inspect(childEntry(pid), { depth: 1 })).toContain("argv: [ '")
    expect(Object.getOwnPropertySymbols(entry)).toEqual([])
  })

  test('of a zombie has no field that it has no value for', async () => {
    const own = await OwnChild.start('exit', '0')
    own.becomeZombie()
    const whole = getProcess(own.pid) ?? expect.unreachable()
    expect(whole).toMatchObject({ state: 'Z' })
    expect(Object.keys({ ...childEntry(own.pid) }).sort()).toEqual(Object.keys(whole).sort())
    expect(Object.keys(structuredClone(childEntry(own.pid))).sort()).toEqual(Object.keys(whole).sort())
    expect('exe' in childEntry(own.pid)).toBe(false)
    expect(Object.keys(childEntry(own.pid)).sort()).toEqual(Object.keys(whole).sort())
  })

  test('can be copied, sent and cloned unread', async () => {
    const { pid } = await OwnChild.start('exit', '0')
    blockUntil(() => stateOf(pid) === 'S', `${pid} to sleep: what is read of it then stays the same`)
    const whole = getProcess(pid) ?? expect.unreachable()
    for (const copy of [
      { ...childEntry(pid) },
      Object.assign({}, childEntry(pid)),
      JSON.parse(JSON.stringify(childEntry(pid))) as ProcessEntry,
      structuredClone(childEntry(pid)),
    ]) {
      for (const field of LATER) expect([field, copy[field]]).toEqual([field, whole[field]])
      expect(Object.keys(copy).sort()).toEqual(Object.keys(whole).sort())
    }
    expect(childEntry(pid)).toStrictEqual({ ...whole, ...childEntry(pid) })
  })

  test.each(['freeze', 'seal', 'preventExtensions'] as const)('can be given to Object.%s', async (how) => {
    const own = await OwnChild.start('exit', '0')
    const whole = getProcess(own.pid)
    const entry = childEntry(own.pid)
    ;(Object[how] as (entry: ProcessEntry) => unknown)(entry)
    expect(entry.argv).toEqual(whole?.argv)
    expect({ ...entry }).toMatchObject({ exe: whole?.exe, signals: whole?.signals })
    expect(inspect(entry)).toContain('comm')
    const assign = (): void => void (entry.exe = 'mine')
    if (how === 'freeze') expect(assign).toThrow(TypeError)
    else assign()
    expect(entry.exe).toBe(how === 'freeze' ? whole?.exe : 'mine')
  })

  test('is not changed through what inherits from it', async () => {
    const { pid } = await OwnChild.start('exit', '0')
    const entry = childEntry(pid)
    const heir = Object.create(entry) as ProcessEntry
    expect(heir.argv).toHaveLength(3)
    expect(Object.keys(heir)).toEqual([])
    const other = Object.create(childEntry(pid)) as ProcessEntry
    other.exe = 'mine'
    expect(Object.keys(other)).toEqual(['exe'])
    expect(other.exe).toBe('mine')
  })

  test('says when there is no descriptor to read it with', async () => {
    const report = await inOwnProcess(
      async ({ sigkit, caught, fillTable }) => {
        const { closeSync } = process.getBuiltinModule('node:fs')
        const util = process.getBuiltinModule('node:util')
        const [entry, printed] = [sigkit.children(process.ppid)[0], sigkit.children(process.ppid)[0]]
        const taken = fillTable()
        const error = await caught(() => entry?.argv)
        const text = util.inspect(printed)
        for (const fd of taken) closeSync(fd)
        return { error, text, later: entry?.argv?.length ?? 0 }
      },
      null,
      { descriptors: 80 },
    )
    expect(report.error).toMatchObject({ name: 'ResourceLimitError', code: 'EMFILE' })
    expect(report.text).toContain('[Getter/Setter]')
    expect(report.later).toBeGreaterThan(0)
  })
})

describe('an entry that was sent, as a target', () => {
  test('is still that process', async () => {
    const { pid } = await OwnChild.start('exit', '0')
    const sent = JSON.parse(JSON.stringify(getProcess(pid))) as { pid: number; identity: string }
    expect(liveness(sent)).toBe('alive')
    const another = { ...sent, identity: sent.identity.replace(/[:@]\d+/, (text) => `${text.charAt(0)}1`) }
    expect(liveness(another)).toBe('reused')
    expect(getProcess(another)).toBeUndefined()
    expect(thrown(() => PidFd.open(another))).toMatchObject({ code: 'ESRCH', reused: true })
    expect(thrown(() => liveness({ ...sent, pid: process.pid }))).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringContaining('target.identity') as string,
    })
  })

  test('that lost its identity by cloning is refused', async () => {
    const { pid } = await OwnChild.start('exit', '0')
    const error = thrown(() => liveness(structuredClone(getProcess(pid) ?? 0)))
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    expect(error.message).toContain('identity.toString()')
  })

  test('a field of that name that is no reference is not meant', () => {
    expect(liveness({ pid: process.pid, identity: 'worker-1' } as { pid: number })).toBe('alive')
    expect(liveness({ pid: process.pid, identity: null } as { pid: number })).toBe('alive')
  })
})

test('a PidFd says what it is', () => {
  const handle = PidFd.open(process.pid)
  const { fd, raceFree } = handle
  const identity = handle.identity.toString()
  expect(JSON.parse(JSON.stringify({ handle }))).toEqual({
    handle: { pid: process.pid, fd, raceFree, closed: false, identity },
  })
  expect(inspect(handle)).toBe(
    `PidFd { pid: ${process.pid}, fd: ${fd}, raceFree: ${raceFree}, closed: false }`,
  )
  expect(inspect([[[handle]]])).not.toContain('raceFree')
  handle.close()
  expect(JSON.parse(JSON.stringify(handle))).toEqual({ pid: process.pid, fd: -1, raceFree, closed: true })
  expect(inspect(handle)).toContain('closed: true')
})

describe('a query', () => {
  const refused = async (query: unknown): Promise<unknown> =>
    findProcesses(query as ProcessQuery).then(
      (matches) => {
        matches[Symbol.dispose]()
        return 'accepted'
      },
      (error: unknown) => error,
    )

  test.each<[string, unknown]>([
    ['an inherited criterion', Object.assign(Object.create({ user: 'x' }) as object, { name: 'node' })],
    [
      'a class',
      new (class {
        name = 'node'
        get user(): string {
          return this.name
        }
      })(),
    ],
    ['an inherited variable', { environ: Object.assign(Object.create({ A: 'x' }) as object, { B: true }) }],
  ])('with %s is refused', async (_, query) => {
    expect(await refused(query)).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringContaining('{ ...') as string,
    })
  })

  test('with a criterion that is not enumerable, or no string, is not without it', async () => {
    const hidden = Object.defineProperty({ name: 'node' }, 'user', { value: 'nobody-has-this-name' })
    using matches = await findProcesses({ ...hidden, parent: process.pid })
    expect(matches.length).toBeGreaterThanOrEqual(0)
    using none = await findProcesses(hidden)
    expect(none).toHaveLength(0)
    expect(await refused({ name: 'node', [Symbol('user')]: 'x' })).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    })
  })

  test('is read once', async () => {
    const reads: string[] = []
    const counted = new Proxy<ProcessQuery>(
      { parent: process.pid, port: 1, environ: { A: 'x' }, exact: true, includeSelf: false, name: 'x' },
      {
        get(target, key): unknown {
          reads.push(String(key))
          return Reflect.get(target, key)
        },
      },
    )
    using none = await findProcesses(counted)
    expect(none).toHaveLength(0)
    expect(reads.sort()).toEqual(['environ', 'exact', 'includeSelf', 'name', 'parent', 'port'])
  })

  test('without a prototype is one', async () => {
    const query = Object.assign(Object.create(null) as object, { parent: process.pid, name: 'no-such-name' })
    using none = await findProcesses(query)
    expect(none).toHaveLength(0)
  })

  test.each<[unknown, string, string]>([
    [{ parent: null }, 'ERR_INVALID_ARG_TYPE', '"query.parent"'],
    [{ parent: 0 }, 'ERR_OUT_OF_RANGE', '"query.parent"'],
    [{ parent: {} }, 'ERR_INVALID_ARG_TYPE', '"query.parent.pid"'],
    [{ tty: '/dev/' }, 'ERR_INVALID_ARG_VALUE', '"query.tty"'],
    [{ newerThan: Infinity }, 'ERR_OUT_OF_RANGE', '"query.newerThan"'],
  ])('%j is refused by name', async (query, code, name) => {
    expect(await refused(query)).toMatchObject({ code, message: expect.stringContaining(name) as string })
  })
})

test.skipIf(sanitized)(
  'an age is right while the clock is slewed [needs a build without sanitizers]',
  async () => {
    const report = await inOwnProcess(
      async ({ sigkit, spawn, once, pause, plainEnvironment: env }) => {
        sigkit.getProcess(process.pid) // the time of the boot is known from here on
        const child = spawn('sh', ['-c', 'echo ready; read line'], {
          stdio: ['pipe', 'pipe', 'inherit'],
          env,
        })
        await once(child.stdout, 'data')
        const ready = performance.now()
        const date = Date.now()
        await pause(600)
        const age = performance.now() - ready // it is older than that
        const query = { parent: process.pid, name: 'sh' }
        const newer = await sigkit.findProcesses({ ...query, newerThan: age })
        const older = await sigkit.findProcesses({ ...query, olderThan: age })
        child.stdin.end()
        return { slow: Date.now() - date < age * 0.75, newer: newer.length, older: older.length }
      },
      null,
      { wrapper: ['env', `LD_PRELOAD=${programPath('slow-clock.so')}`] },
    )
    expect(report).toEqual({ slow: true, newer: 0, older: 1 })
  },
)

test.runIf(isRoot)(`whoever it runs under is not hit where /proc hides them ${NEEDS_ROOT}`, async () => {
  const report = await inOwnProcess(
    async ({ sigkit }) => {
      const found = await sigkit.findProcesses({ user: 0 })
      return {
        exact: sigkit.features().pidfdInfo,
        hidden: found.filter(({ comm }) => (comm as string | undefined) === undefined).length,
        pids: found.map(({ pid }) => pid),
        above: process.ppid,
        executables: found.executables,
      }
    },
    null,
    {
      wrapper: [
        ...inNamespace,
        'sh',
        '-c',
        // Three of root above: the nearest one's parent is what only a pidfd can tell.
        `sleep 1000 & mount -o remount,hidepid=1 /proc && sh -c 'sh -c "\\"\\$@\\"; exit \\$?" sh "$@"; exit $?' sh "$@"; exit $?`,
        'sh',
        ...asNobody,
      ],
      detached: true,
    },
  )
  // The sleeper alone, and where no pidfd tells, whoever is between the parent and PID 1.
  expect(report.pids).not.toContain(1)
  expect(report.pids).not.toContain(report.above)
  expect(report.hidden).toBe(report.pids.length)
  if (report.exact) expect(report.pids).toHaveLength(1)
  expect(report.executables).toEqual(report.pids.map((pid) => `/proc/${pid}/exe`))
})
