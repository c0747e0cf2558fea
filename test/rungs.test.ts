/**
 * Every rung of the ladder: sigkit in sandboxes that lack what it would use, by every answer that sandboxes and older
 * kernels give. Nothing may crash, hit the wrong process, guess a status or poll without end.
 */
import { features, type Exit, type Features } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { startNode } from './helpers/fixture.js'
import { Keeper } from './helpers/keeper.js'
import { runBattery, sandbox, type Report } from './helpers/rung.js'
import { Watcher } from './helpers/watcher.js'

const CALLS = ['pidfd_open', 'pidfd_send_signal', 'waitid', 'ioctl', 'process_mrelease'] as const
type Call = (typeof CALLS)[number]

interface Rung {
  name: string
  rules: string[]
  without: readonly Call[]
}

function rungs(without: readonly Call[], name: string, ...answers: string[]): Rung[] {
  return answers.map((answer) => ({
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

test('waiting without pidfds is no load: less than 5 % of one CPU, and the exit is seen all the same', async () => {
  await Promise.all(
    withoutPidfds.map(async ({ name, rules }) => {
      const stranger = await Keeper.start(['exit', '42'])
      const watcher = await Watcher.start({ wrapper: sandbox(rules) })
      await watcher.open(stranger.pid)
      await watcher.ask('exited', stranger.pid)
      expect(await watcher.load(1000), name).toBeLessThan(0.05)
      expect(await watcher.isPending('exited', stranger.pid), name).toBe(true)
      stranger.end()
      expect((await watcher.told('exited', stranger.pid)).exit, name).toMatchObject(exitedWith(42))
    }),
  )
})
