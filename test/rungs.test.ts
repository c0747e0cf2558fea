/**
 * Every rung of the ladder: sigkit in sandboxes that lack what it would use, by every answer that sandboxes and older
 * kernels give. Nothing may crash, hit the wrong process, guess a status or poll without end.
 */
import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { features, type Exit, type Features, type SendOptions } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { startNode } from './helpers/fixture.js'
import { Keeper } from './helpers/keeper.js'
import { expectIdle, sanitized } from './helpers/load.js'
import { inOwnProcess } from './helpers/own-process.js'
import { isRoot, NEEDS_ROOT } from './helpers/privilege.js'
import { runBattery, sandbox, type Report } from './helpers/rung.js'
import { Watcher } from './helpers/watcher.js'

const CALLS = ['pidfd_open', 'pidfd_send_signal', 'waitid', 'ioctl', 'process_mrelease'] as const
type Call = (typeof CALLS)[number]

interface Rung {
  name: string
  rules: string[]
  without: readonly Call[]
}

// What differs between two errnos is what TypeScript makes of them: a sanitizer, which is slow, sees one, and the trap.
const isChosen = (answer: string, index: number): boolean => !sanitized || index === 0 || answer === 'TRAP'
if (sanitized) console.log('under a sanitizer: one errno and SIGSYS for each call, not every errno')

function rungs(without: readonly Call[], name: string, ...answers: string[]): Rung[] {
  return answers.filter(isChosen).map((answer) => ({
    name: `${name}: ${answer}`,
    rules: without.map((call) => `${call}=${answer}`),
    without,
  }))
}

const withoutPidfds = [
  ...rungs(['pidfd_open'], 'pidfd_open', 'ENOSYS', 'EPERM', 'EACCES', 'EINVAL', 'TRAP'),
  ...rungs(CALLS, 'all of them', 'ENOSYS', 'EPERM', 'TRAP'),
]
const all: Rung[] = [
  { name: 'no sandbox', rules: [], without: [] },
  ...withoutPidfds,
  ...rungs(['pidfd_send_signal'], 'pidfd_send_signal', 'ENOSYS', 'EPERM', 'EINVAL', 'TRAP'),
  ...rungs(['waitid'], 'waitid(P_PIDFD)', 'EINVAL', 'ENOSYS', 'EPERM', 'TRAP'),
  ...rungs(['ioctl'], 'PIDFD_GET_INFO', 'ENOTTY', 'EINVAL', 'ENOSYS', 'EPERM', 'TRAP'),
  ...rungs(['process_mrelease'], 'process_mrelease', 'ENOSYS', 'EPERM', 'TRAP'),
]

/** What features() must say there: what this kernel has, without what the sandbox takes. */
function expectedFeatures({ without }: Rung): Features {
  const has = features()
  const open = !without.includes('pidfd_open')
  const send = open && !without.includes('pidfd_send_signal')
  const info = open && !without.includes('ioctl')
  return {
    ...has,
    pidfd: has.pidfd && send,
    pidfdGroup: has.pidfdGroup && send,
    pidfdThread: has.pidfdThread && open,
    pidfsIdentity: has.pidfsIdentity && open,
    pidfdInfo: has.pidfdInfo && info,
    exitInfo: has.exitInfo && info,
    waitidPidfd: has.waitidPidfd && open && !without.includes('waitid'),
    mrelease: has.mrelease && !without.includes('process_mrelease'),
  }
}

const some = (fields: object): unknown => expect.objectContaining(fields)
const exitedWith = (code: number): Partial<Exit> => ({ code, signal: null, coreDumped: false, known: true })
const killedBy = (signal: string): Partial<Exit> => ({
  code: null,
  signal: signal as Exit['signal'],
  known: true,
})
const unknown: Partial<Exit> = { code: null, signal: null, coreDumped: null, known: false }
const gone = some({ name: 'NoSuchProcessError', code: 'ESRCH' })

function checkLiving({ living }: Report, has: Features, rung: Rung): void {
  const { pid, ppid, uid, gid } = living.expected
  expect(living).toMatchObject({
    raceFree: has.pidfd,
    hasFd: !rung.without.includes('pidfd_open'),
    state: 'alive',
    liveness: ['alive', 'alive', 'alive', 'alive'],
    again: true,
    send: [null, null, null],
    early: { code: 'ERR_WAIT_TIMEOUT' },
    exited: exitedWith(7),
    status: exitedWith(7),
    nodeExit: [7, null],
    after: ['gone', 'ESRCH', gone, 'gone'],
  })
  expect(living.identity).toMatch(has.pidfsIdentity ? /^\d+:\d+\/.+\/\d+$/ : /^\d+@\d+\/.+\/\d+$/)
  expect(living.info).toMatchObject({ pid, tgid: pid, ppid })
  const { ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid, cgroupId, startTime } = living.info
  expect([ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid]).toEqual([uid, uid, uid, uid, gid, gid, gid, gid])
  expect(cgroupId).toBe(has.pidfdInfo ? 'some' : null)
  expect(Math.abs(Date.now() - startTime)).toBeLessThan(60_000)
  expect(living.pidFile).toMatchObject({ pid, raceFree: has.pidfd, equals: true, text: living.identity })
  expect(living.reused).toEqual({
    right: pid,
    wrong: some({ name: 'NoSuchProcessError', reused: true }),
    liveness: ['alive', 'reused'],
    otherBoot: some({ name: 'NoSuchProcessError', reused: true }),
    state: 'alive',
  })
}

/** The end of an own child is known, but for what only Node's own 0 speaks for. */
function checkEnds({ zombie, code, signal, zero, realtime }: Report, has: Features): void {
  const killed = killedBy('SIGKILL')
  expect(zombie).toMatchObject({ state: 'zombie', liveness: 'zombie', exited: killed, status: killed })
  expect(zombie.nodeExit).toEqual([null, 'SIGKILL'])
  expect(code).toMatchObject({ asked: exitedWith(42), late: exitedWith(42), nodeExit: [42, null] })
  expect(signal).toMatchObject({
    asked: killedBy('SIGTERM'),
    late: killedBy('SIGTERM'),
    nodeExit: [null, 'SIGTERM'],
  })
  for (const [{ asked, late }, truth] of [
    [zero, exitedWith(0)],
    [realtime, killedBy('SIGRTMIN+6')],
  ] as const) {
    expect(late).toMatchObject(has.exitInfo ? truth : { ...unknown, source: 'child_process' })
    // Whether libuv was quicker than us is chance, below exit info.
    if (has.exitInfo || ('known' in asked && asked.known)) expect(asked).toMatchObject(truth)
    else expect(asked).toMatchObject({ ...unknown, source: 'child_process' })
  }
}

function checkForeign({ foreign }: Report, has: Features, stranger: Keeper): void {
  const known = exitedWith(42)
  expect(foreign).toMatchObject({
    raceFree: has.pidfd,
    state: 'alive',
    ppid: stranger.program.pid,
    refusal: has.exitInfo ? 'pending' : { name: 'UnsupportedError' },
    atOnce: known,
    zombie: ['zombie', 'zombie', null],
    knownNow: known,
    gone: ['gone', 'gone', 'ESRCH', gone],
    inTheEnd: has.exitInfo ? known : null,
    afterwards: known,
  })
}

test.each(all.map((rung) => [rung.name, rung] as const))('%s', async (_name, rung) => {
  const { report, stranger } = await runBattery(rung.rules)
  const has = expectedFeatures(rung)
  expect(report.features).toEqual(has)
  expect(report.again).toEqual(has)
  expect([report.sigsys, report.sigsysAfterwards]).toEqual([[], []])
  checkLiving(report, has, rung)
  checkEnds(report, has)
  checkForeign(report, has, stranger)
  expect(report.scopes.sent).toEqual({})
  expect(report.scopes.got).toEqual([
    [10, 0, '0'],
    [12, 0, '0'],
    [34, -1, '42'],
  ])
  expect(report.scopes.threadId).toEqual({ liveness: 'gone', open: gone })
  expect(report.init).toBe('alive')
  expect(report.absent).toEqual(['gone', gone])
})

describe('a child whose status somebody else takes', () => {
  test.each([
    ['PIDFD_GET_INFO fails', ['ioctl=ENOTTY']],
    ['there are no pidfds', ['pidfd_open=ENOSYS']],
  ])('where %s: exited() ends and does not know, status() says why', async (_name, rules) => {
    const program = startNode('exits.mjs', { wrapper: sandbox(rules), args: ['stolen', '42'] })
    const { lines } = await program.report()
    expect(lines).toContainEqual({ exit: some(unknown) })
    expect(lines).toContainEqual({
      error: some({ name: 'NoChildError', code: 'ECHILD', reapedElsewhere: true }),
    })
    expect(lines).toContainEqual({ state: 'gone' })
  })
})

test('waiting without pidfds is no load, less than 5 % of one CPU, and the exit is seen all the same', async () => {
  await Promise.all(
    withoutPidfds.map(async ({ name, rules }) => {
      const stranger = await Keeper.start(['exit', '42'])
      const watcher = await Watcher.start({ wrapper: sandbox(rules) })
      await watcher.open(stranger.pid)
      await watcher.ask('exited', stranger.pid)
      expectIdle(await watcher.load(1000), name)
      expect(await watcher.isPending('exited', stranger.pid), name).toBe(true)
      stranger.end()
      expect((await watcher.told('exited', stranger.pid)).exit, name).toMatchObject(exitedWith(42))
    }),
  )
})

test.each([
  ['pidfd_send_signal=ENOSYS', { scope: 'thread' }, 'PIDFD_SIGNAL_THREAD', '6.9'],
  ['pidfd_send_signal=ENOSYS', { scope: 'group', value: 1 }, 'PIDFD_SIGNAL_PROCESS_GROUP', '6.9'],
  ['pidfd_open=ENOSYS', { scope: 'group', value: 1 }, 'PIDFD_SIGNAL_PROCESS_GROUP', '6.9'],
] as const)('%s: send with %j says that it needs %s, Linux %s', async (rule, options, feature, since) => {
  const error = await inOwnProcess(
    async ({ sigkit, spawn, caught }, how) => {
      const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
      const handle = sigkit.PidFd.open(child)
      const said = await caught(() => {
        handle.send('SIGTERM', how)
      })
      child.kill('SIGKILL')
      return said
    },
    options as SendOptions,
    { wrapper: sandbox([rule]) },
  )
  expect(error).toMatchObject({ name: 'UnsupportedError', info: { feature, since } })
  expect(error.message).toContain(`${feature} needs Linux ${since}`)
})

test('status() of a foreign process that is gone, where the kernel does not tell: unsupported, and not a theft', async () => {
  const stranger = await Keeper.start(['exit', '42'])
  const watcher = await Watcher.start({ wrapper: sandbox(['ioctl=ENOTTY']) })
  await watcher.open(stranger.pid)
  stranger.end()
  await stranger.reap()
  await watcher.ask('status', stranger.pid)
  expect((await watcher.told('status', stranger.pid)).error).toMatchObject({ name: 'UnsupportedError' })
})

const mount = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((path) =>
  existsSync(`${path}/cgroup.controllers`),
)
test.runIf(isRoot && mount !== undefined)(
  `cgroup.kill is there or not, whoever has made a control group ${NEEDS_ROOT} [needs cgroup v2]`,
  () => {
    const before = features()
    const path = `${mount}/sigkit-test-${process.pid}`
    mkdirSync(path)
    try {
      expect(features()).toEqual(before)
      expect(before.cgroupKill).toBe(existsSync(`${path}/cgroup.kill`))
    } finally {
      rmdirSync(path)
    }
  },
)
