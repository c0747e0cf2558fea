/** What reaches `sigkit init` reaches its command: every signal, with its value, to one or to the group. */
import { readFileSync } from 'node:fs'
import { features, signals, sigqueue } from 'sigkit'
import { kill } from 'sigkit/syscalls'
import { describe, expect, test } from 'vitest'
import { fixturePath, programPath } from './helpers/fixture.js'
import { childOf, installed, Watched, type InitOptions } from './helpers/init.js'
import { NEEDS_REAL_SIGNALS, signalsHeldBack } from './helpers/needs.js'
import { canNamespace, isRoot, NEEDS_NAMESPACE } from './helpers/privilege.js'
import { stateOf } from './helpers/process-status.js'

const SI_USER = 0
const SI_QUEUE = -1

/** SIGCHLD is the init's own business: it would merge with those of its children. */
const forwarded = signals
  .filter(({ name }) => name !== 'SIGKILL' && name !== 'SIGSTOP' && name !== 'SIGCHLD')
  .map(({ number }) => number)
// Job control stops the init as well, beside PID 1; that has its own test.
const stops = [20, 21, 22]

const modes: [name: string, options: InitOptions][] = [
  ...(canNamespace
    ? ([
        ['as PID 1', {}],
        ['as PID 1, with -g', { group: true }],
      ] as [string, InitOptions][])
    : []),
  ['as a subreaper', { subreaper: true }],
  ['as a subreaper, with -g', { subreaper: true, group: true }],
]
if (!canNamespace) console.log(`skipping the rows that are PID 1 ${NEEDS_NAMESPACE}`)

describe.each(modes)('%s', (_name, options) => {
  test('forwards every signal from 1 to 64, once', async () => {
    const init = await Watched.start(options)
    const wanted = forwarded.filter((number) => options.subreaper !== true || !stops.includes(number))
    const seen: number[] = []
    for (const number of wanted) {
      kill(init.pid, number)
      const { signo, code } = await init.arrival(`signal ${number}`)
      expect({ number, code }).toEqual({ number, code: SI_USER })
      seen.push(signo)
    }
    expect(seen).toEqual(wanted)
    expect(wanted.length).toBeGreaterThanOrEqual(58)
    init.program.endInput()
    expect(await init.program.ended()).toEqual({ code: 0, signal: null })
  })

  test('and nothing else reaches the command', async () => {
    const init = await Watched.start(options)
    kill(init.pid, 17)
    kill(init.pid, 10)
    expect(await init.arrival()).toMatchObject({ signo: 10 })
    init.program.endInput()
    expect(await init.program.report()).toEqual({ lines: [], ending: { code: 0, signal: null } })
  })

  test.skipIf(options.group === true && !features().pidfdGroup)(
    'forwards values, of real-time and of standard signals [group: needs Linux 6.9]',
    async () => {
      const init = await Watched.start(options)
      const values = [0n, 1n, -1n, 0x7fffffffn, 2n ** 63n - 1n, -(2n ** 63n)]
      for (const signo of [34, 50, 64, 10, 15, 1]) {
        for (const value of values) {
          sigqueue(init.pid, signo, value)
          const arrival = await init.arrival(`${signo} with ${value}`)
          expect(arrival).toMatchObject({ signo, code: SI_QUEUE, value: String(BigInt.asUintN(64, value)) })
        }
      }
    },
  )
})

test.skipIf(signalsHeldBack)(
  `real-time signals stay in order, none is lost ${NEEDS_REAL_SIGNALS}`,
  async () => {
    const init = await Watched.start({ subreaper: true })
    const count = 2000
    for (let value = 0; value < count; value++) sigqueue(init.pid, 'SIGRTMIN+2', value)
    const values: number[] = []
    for (let i = 0; i < count; i++) values.push(Number((await init.arrival(`number ${i}`)).value))
    expect(values).toEqual(Array.from({ length: count }, (_, value) => value))
  },
)

describe('-r', () => {
  const rows: [rules: string[], sent: number, seen: number][] = [
    [['TERM:INT'], 15, 2],
    [['15:2'], 15, 2],
    [['SIGTERM:sigquit'], 15, 3],
    [['term:HUP'], 15, 1],
    [['RTMIN+3:USR2'], 37, 12],
    [['USR1:SIGRTMAX'], 10, 64],
    [['USR1:RTMAX-1', 'USR2:HUP'], 12, 1],
    [['TERM:INT', 'TERM:HUP'], 15, 1],
    [['TERM:INT', 'INT:HUP'], 15, 2],
    [['WINCH:STOP', 'TERM:INT'], 15, 2],
  ]
  test.each(rows)('%j: %i arrives as %i', async (rewrites, sent, seen) => {
    const init = await Watched.start({ subreaper: true, rewrites })
    kill(init.pid, sent)
    expect(await init.arrival()).toMatchObject({ signo: seen })
  })

  const numbers = rows.filter(([rules]) => rules.length === 1 && /^\d+:\d+$/.test(rules[0] ?? ''))
  test.skipIf(!installed('dumb-init')).each(numbers)(
    'the row is right: dumb-init, %j [needs dumb-init]',
    async (rewrites, sent, seen) => {
      const init = await Watched.start({ subreaper: true, rewrites }, undefined, 'dumb-init')
      kill(init.pid, sent)
      expect(await init.arrival()).toMatchObject({ signo: seen })
    },
  )

  test('0 drops the signal', async () => {
    const init = await Watched.start({ subreaper: true, rewrites: ['TERM:0', '34:0'] })
    kill(init.pid, 15)
    kill(init.pid, 34)
    kill(init.pid, 10)
    expect(await init.arrival()).toMatchObject({ signo: 10 })
    init.program.endInput()
    expect(await init.program.report()).toMatchObject({ lines: [] })
  })

  test('a rewritten signal keeps its value', async () => {
    const init = await Watched.start({ subreaper: true, rewrites: ['34:USR1'] })
    sigqueue(init.pid, 34, 77)
    expect(await init.arrival()).toMatchObject({ signo: 10, value: '77' })
  })

  test('to SIGKILL ends the command', async () => {
    const init = await Watched.start({ subreaper: true, rewrites: ['TERM:KILL'] })
    kill(init.pid, 15)
    expect(await init.program.ended()).toEqual({ code: 137, signal: null })
  })
})

describe.skipIf(!canNamespace)(`while Node starts, as PID 1 ${NEEDS_NAMESPACE}`, () => {
  const slow = { flags: ['--require', fixturePath('slow-start.cjs')] }

  test.each([
    ['SIGTERM', 15, [], 143],
    ['SIGINT', 2, [], 130],
    ['a rewritten one', 15, ['TERM:USR2'], 140],
  ])('%s is not lost', async (_name, signo, rewrites, code) => {
    const init = await Watched.start({ ...slow, rewrites }, ['sleep', '1000'])
    kill(init.pid, signo)
    init.program.write('')
    expect(await init.program.ended()).toEqual({ code, signal: null })
  })

  test('none that did not come is made up', async () => {
    const init = await Watched.start(slow)
    init.program.write('')
    await init.program.next()
    init.program.endInput()
    expect(await init.program.report()).toEqual({ lines: [], ending: { code: 0, signal: null } })
  })
})

/** A shell that tells of SIGUSR1, with a child of its own group that does too. */
const both =
  'trap "echo 1" USR1; echo "{\\"pid\\":$$}"; (trap "echo 2; exit" USR1; echo 3; while :; do sleep 0.02; done) & ' +
  'while :; do wait; done'

describe('-g', () => {
  test.each([
    [true, [1, 2]],
    [false, [1]],
  ])('group: %s', async (group, told) => {
    const init = await Watched.start({ subreaper: true, group, grace: 0 }, ['sh', '-c', both])
    expect(await init.program.next('the child')).toBe(3)
    kill(init.pid, 10)
    const lines: unknown[] = []
    while (lines.length < told.length) lines.push(await init.program.next('the answer'))
    expect(lines.sort()).toEqual(told)
    kill(init.pid, 15)
    expect(await init.program.ended()).toEqual({ code: 143, signal: null })
  })

  test('the command leads a group of its own in the session of the init', async () => {
    const { ready, pid } = await Watched.start({ subreaper: true })
    expect(ready).toMatchObject({ pgid: ready.pid, ppid: pid })
    const [, ours = ''] = /^NSsid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    expect(ready.sid).toBe(Number(ours))
  })

  test('the command gets descriptors 0, 1 and 2, and none of ours', async () => {
    const { ready } = await Watched.start({ subreaper: true })
    expect(ready.fds.filter((fd) => fd < 100).sort()).toEqual([0, 1, 2])
    expect(ready).toMatchObject({ blocked: '0', ignored: '0', caught: '0' })
  })
})

describe('a stop', () => {
  test.each([20, 21, 22])('signal %i stops the command and, beside PID 1, the init', async (signo) => {
    const init = await Watched.start({ subreaper: true }, [
      'sh',
      '-c',
      'trap "echo 7" CONT; echo "{\\"pid\\":$$}"; while :; do sleep 0.02; done',
    ])
    kill(init.pid, signo)
    await until(() => stateOf(init.pid) === 'T' && stateOf(init.ready.pid) === 'T')
    kill(init.pid, 18)
    expect(await init.program.next('SIGCONT')).toBe(7)
    expect(stateOf(init.pid)).not.toBe('T')
    kill(init.pid, 15)
    expect(await init.program.ended()).toEqual({ code: 143, signal: null })
  })

  test('a SIGSTOP for the command alone is nothing to follow', async () => {
    const init = await Watched.start({ subreaper: true })
    kill(init.ready.pid, 19)
    await until(() => stateOf(init.ready.pid) === 'T')
    kill(init.pid, 10)
    kill(init.pid, 18)
    const arrivals = [await init.arrival(), await init.arrival()].map(({ signo }) => signo)
    expect(arrivals.sort()).toEqual([10, 18])
  })

  test('one that was asked for and ignored is no reason to follow a later one', async () => {
    const init = await Watched.start({ subreaper: true }, [
      'sh',
      '-c',
      'trap "" TSTP; trap "echo 7" CONT; echo "{\\"pid\\":$$}"; while :; do sleep 0.02; done',
    ])
    kill(init.pid, 20)
    await new Promise((resolve) => setTimeout(resolve, 1100)) // for so long a SIGSTOP may be the answer
    kill(init.ready.pid, 19)
    await until(() => stateOf(init.ready.pid) === 'T')
    kill(init.ready.pid, 18)
    expect(await init.program.next('SIGCONT')).toBe(7)
    kill(init.pid, 15) // what is stopped forwards nothing
    expect(await init.program.ended()).toEqual({ code: 143, signal: null })
  })

  test('one that is dropped is not asked for', async () => {
    const init = await Watched.start({ subreaper: true, rewrites: ['TSTP:0'] })
    kill(init.pid, 20)
    kill(init.ready.pid, 19)
    await until(() => stateOf(init.ready.pid) === 'T')
    kill(init.pid, 18)
    expect(await init.arrival()).toMatchObject({ signo: 18 })
    kill(init.pid, 10)
    expect(await init.arrival()).toMatchObject({ signo: 10 })
  })

  test.skipIf(!canNamespace)(`PID 1 is not stopped, its command is ${NEEDS_NAMESPACE}`, async () => {
    const init = await Watched.start({}, ['sh', '-c', 'echo "{\\"pid\\":$$}"; while :; do sleep 0.02; done'])
    const command = childOf(init.pid)
    kill(init.pid, 20)
    await until(() => stateOf(command) === 'T')
    expect(stateOf(init.pid)).not.toBe('T')
    kill(init.pid, 18)
    kill(init.pid, 15)
    expect(await init.program.ended()).toEqual({ code: 143, signal: null })
  })
})

test('a storm of signals while the command ends changes nothing about its code', async () => {
  const init = await Watched.start({ subreaper: true }, [programPath('witness'), '9'])
  for (let i = 0; i < 500; i++) kill(init.pid, 34)
  init.program.endInput()
  for (let i = 0; i < 500; i++) if (!sent(init.pid, 34)) break
  const { ending } = await init.program.report()
  expect(ending).toEqual({ code: 9, signal: null })
})

test.runIf(isRoot)('the command may be another user [needs root]', async () => {
  const init = await Watched.start({ subreaper: true }, [
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    programPath('witness'),
  ])
  kill(init.pid, 15)
  expect(await init.arrival()).toMatchObject({ signo: 15 })
})

function sent(pid: number, signo: number): boolean {
  try {
    kill(pid, signo)
    return true
  } catch {
    return false // it has ended
  }
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited for ${condition.toString()}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
