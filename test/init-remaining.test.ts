/** What the command of `sigkit init` leaves behind: SIGTERM, a bounded grace, SIGKILL, and an end at once when nobody is left. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { liveness } from 'sigkit'
import { kill } from 'sigkit/syscalls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { within } from './helpers/deadline.js'
import { programPath } from './helpers/fixture.js'
import { initCommand, run, Watched, type InitOptions, type Outcome } from './helpers/init.js'
import { canNamespace, isRoot, NEEDS_NAMESPACE, NEEDS_ROOT } from './helpers/privilege.js'
import { temporaryDirectory } from './helpers/temporary-directory.js'

/** Far more than any of these takes, and far less than the deadline of a test. */
const LONG = 25_000

/** Leaves `rest` behind in the way that `how` says, waits until it has made the file `ready`, and exits with 3. */
const leaving = (rest: string, how = '(%) &'): string[] => [
  'bash',
  '-c',
  `${how.replace('%', rest)}\nuntil [ -e ready ]; do :; done; exit 3`,
]

const polite = 'trap "echo bye >> told; exit" TERM; > ready; while :; do sleep 0.02; done'
const stubborn = 'trap "echo no >> told" TERM; > ready; while :; do sleep 0.02; done'

const modes: [name: string, options: InitOptions][] = [
  ...(canNamespace ? ([['as PID 1', {}]] as [string, InitOptions][]) : []),
  ['as a subreaper', { subreaper: true }],
]
if (!canNamespace) console.log(`skipping the rows that are PID 1 ${NEEDS_NAMESPACE}`)

describe.each(modes)('%s', (_name, mode) => {
  async function ending(options: InitOptions, command: string[]): Promise<Outcome & { told: string }> {
    const cwd = temporaryDirectory()
    const outcome = await run(initCommand('sigkit', { ...mode, ...options }, command), { cwd })
    expect(outcome).toMatchObject({ code: 3, signal: null })
    expect(outcome.stderr).not.toContain('sigkit')
    let told = ''
    try {
      told = readFileSync(join(cwd, 'told'), 'utf8')
    } catch {
      // Nothing was told.
    }
    return { ...outcome, told }
  }

  const ways: [string, string][] = [
    ['a child', '(%) &'],
    ['a grandchild', "(bash -c '%' &) &"],
    ['a process that left its session', "setsid bash -c '%' &"],
    ['a child of one that stays', "(trap : TERM; bash -c '%' & wait $!; wait $!) &"],
  ]
  test.each(ways)('%s gets SIGTERM and time to say so', async (_way, how) => {
    const { told, took } = await ending({ grace: LONG }, leaving(polite, how))
    expect(told).toBe('bye\n')
    expect(took).toBeLessThan(LONG)
  })

  test('children of parents that end by their own SIGTERM at once are not passed over', async () => {
    const one = "sh -c 'sleep 1000 & echo >> there; wait'"
    const { took } = await ending({ grace: LONG }, [
      'bash',
      '-c',
      `for i in {1..20}; do ${one} & done
       until [ "$(cat there 2>&1 | wc -l)" = 20 ]; do :; done; exit 3`,
    ])
    expect(took).toBeLessThan(LONG)
  })

  test('one that is stopped gets SIGCONT as well', async () => {
    const { told, took } = await ending({ grace: LONG }, [
      'bash',
      '-c',
      `(${polite}) & until [ -e ready ]; do :; done; kill -STOP $!
       until grep -q '^State:.T' /proc/$!/status; do :; done; exit 3`,
    ])
    expect(told).toBe('bye\n')
    expect(took).toBeLessThan(LONG)
  })

  test('one that does not end is killed after the grace', async () => {
    const { told, took } = await ending({ grace: 700 }, leaving(stubborn))
    expect(told).toBe('no\n')
    expect(took).toBeGreaterThan(700)
    expect(took).toBeLessThan(LONG)
  })

  test('without a grace it is killed at once', async () => {
    expect((await ending({ grace: 0 }, leaving(polite))).told).toBe('')
  })

  test('with nobody left the end comes at once', async () => {
    expect((await ending({ grace: LONG }, ['sh', '-c', 'exit 3'])).took).toBeLessThan(LONG)
  })

  test('a signal that comes meanwhile goes to those that are left', async () => {
    const init = await Watched.start({ ...mode, grace: LONG }, [
      'bash',
      '-c',
      `(trap 'echo 2; exit' USR1; trap 'echo 1' TERM; > ready; while :; do sleep 0.02; done) &
       until [ -e ready ]; do :; done; echo '{"pid":1}'; exit 4`,
    ])
    expect(await init.program.next('SIGTERM')).toBe(1)
    kill(init.pid, 10)
    expect(await init.program.next('SIGUSR1')).toBe(2)
    expect(await init.program.ended()).toEqual({ code: 4, signal: null })
  })

  test('many are left, and all are told', async () => {
    const count = 50
    const one = 'trap "echo bye >> told; exit" TERM; echo >> there; while :; do sleep 0.1; done'
    const { told } = await ending({ grace: LONG }, [
      'bash',
      '-c',
      `for i in {1..${count}}; do (${one}) & done
       until [ "$(cat there 2>&1 | wc -l)" = ${count} ]; do :; done; exit 3`,
    ])
    expect(told).toBe('bye\n'.repeat(count))
  })
})

test.skipIf(!canNamespace)(
  `an orphan with the number of the command changes nothing ${NEEDS_NAMESPACE}`,
  async () => {
    const cwd = temporaryDirectory()
    // In a session of its own: a number is not given away while a group has it.
    const left = `until ! kill -0 $command; do :; done 2> /dev/null
    echo $((command - 1)) > /proc/sys/kernel/ns_last_pid; (sleep 0.2; exit 9) & [ $! = $command ] && > recycled; exit 0`
    const command = ['bash', '-c', `trap '' TERM; command=$$ setsid bash -c '${left}' & exit 3`]
    expect(await run(initCommand('sigkit', { grace: LONG }, command), { cwd })).toMatchObject({ code: 3 })
    expect(existsSync(join(cwd, 'recycled'))).toBe(true)
  },
)

test('a subreaper leaves everybody else alone', async () => {
  const bystander = spawn('sleep', ['1000'], { stdio: 'ignore' })
  onTestFinished(() => void bystander.kill('SIGKILL'))
  await run(initCommand('sigkit', { subreaper: true, grace: 0 }, ['sh', '-c', 'sleep 1000 & exit 3']))
  expect(liveness(bystander)).toBe('alive')
  expect(liveness(process.pid)).toBe('alive')
})

test('without -s the rest of the group gets SIGTERM with -g, and nobody waits', async () => {
  const cwd = temporaryDirectory()
  const command = initCommand('sigkit', { subreaper: true, group: true }, leaving(polite))
  const outcome = await run(
    command.filter((word) => word !== '-s'),
    { cwd },
  )
  expect(outcome).toMatchObject({ code: 3, signal: null })
  expect(outcome.stderr).toContain('neither PID 1 nor a child subreaper')
  const end = performance.now() + 20_000
  for (let told = ''; told !== 'bye\n' && performance.now() < end;) {
    try {
      told = readFileSync(join(cwd, 'told'), 'utf8')
    } catch {
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  expect(readFileSync(join(cwd, 'told'), 'utf8')).toBe('bye\n')
})

describe.runIf(isRoot && canNamespace)(`PID 1 and one that entered its namespace ${NEEDS_ROOT}`, () => {
  /** What the visitor said, and how long the init took to end. */
  async function visited(options: InitOptions): Promise<{ said: string; took: number }> {
    const init = await Watched.start(options)
    const visitor = spawn(
      'nsenter',
      [
        ...['-t', String(init.pid), '-p', '-m', 'bash', '-c'],
        'trap "sleep 0.3; echo bye; exit" TERM; echo ready; while :; do sleep 0.02; done',
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    onTestFinished(() => void visitor.kill('SIGKILL'))
    const closed = once(visitor, 'close')
    const output: string[] = []
    visitor.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text))
    await within(once(visitor.stdout, 'data'), 'the visitor')
    const start = performance.now()
    init.program.endInput()
    expect(await init.program.ended()).toEqual({ code: 0, signal: null })
    const took = performance.now() - start
    await within(closed, 'the end of the visitor')
    return { said: output.join(''), took }
  }

  test('it waits for its end', async () => {
    const { said, took } = await visited({ grace: LONG })
    expect(said).toBe('ready\nbye\n')
    expect(took).toBeLessThan(LONG)
  })

  test.each(['ENOSYS', 'EPERM'])('where pidfd_open fails (%s) it gets the grace', async (answer) => {
    const wrapper = [programPath('seccomp'), `pidfd_open=${answer}`, '--']
    // Nothing tells of its end, so the whole grace may pass.
    const { said } = await visited({ grace: 2000, wrapper })
    expect(said).toBe('ready\nbye\n')
  })
})
