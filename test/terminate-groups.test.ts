/** Ending process groups and control groups. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PidFd, terminate, type TerminationReport } from 'sigkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startNode, startProgram } from './helpers/fixture.js'
import { inOwnProcess } from './helpers/own-process.js'
import { canNamespace, inNamespace, isRoot, NEEDS_NAMESPACE, NEEDS_ROOT } from './helpers/privilege.js'
import { sandbox } from './helpers/rung.js'
import { TargetProgram } from './helpers/target.js'

const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b)
const pids = ({ processes }: TerminationReport): number[] => sorted(processes.map(({ pid }) => pid))

describe('a process group', () => {
  test('is ended as a whole, every member with its row, and nobody outside', async () => {
    const target = await TargetProgram.start('exit 3 child child sibling-group session orphan')
    const groups = new Map(target.all.map((pid) => [pid, groupOf(pid)]))
    const members = target.all.filter((pid) => groups.get(pid) === target.pid)
    expect(members).toHaveLength(4)
    const [one = 0] = members.filter((pid) => pid !== target.pid)
    // By any member: the group is the one that it belongs to.
    const report = await terminate(one, { group: true })
    expect(pids(report)).toEqual(sorted(members))
    expect(report.complete).toBe(true)
    for (const { outcome, by } of report.processes) expect([outcome, by]).toEqual(['exited', 'SIGTERM'])
    expect(target.living).toHaveLength(2)
  })

  test('each member gets the signal once, also when somebody comes meanwhile', async () => {
    const program = startProgram('counts-term', ['5'])
    const { pid } = await program.next<{ pid: number }>('the group')
    const enough = new AbortController()
    const ended = terminate(pid, { group: true, grace: 60_000, abort: enough.signal })
    // The leader has counted, and forked, when its handler has run; it tells at the end of its input.
    program.endInput()
    const { counts } = await program.next<{ counts: number[] }>('the counts')
    enough.abort()
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' })
    expect(counts).toEqual([1, 1, 1, 1, 1])
  })

  test.each([
    ['SIGTERM', {}],
    ['SIGKILL', { signal: 'SIGKILL' }],
  ] as const)('%s: one that is reaped at once was there when the signal came', async (signal, options) => {
    const program = startProgram('autoreaps', ['20'])
    const { pids: members } = await program.next<{ pids: number[] }>('the group')
    const report = await terminate(members[0] ?? 0, { group: true, ...options })
    expect(pids(report)).toEqual(sorted(members))
    const outcomes = new Set(report.processes.map(({ outcome, by }) => `${outcome} ${by}`))
    // How it ended is told where it can be (6.15).
    for (const each of outcomes) expect([`killed ${signal}`, `ended ${signal}`]).toContain(each)
  })

  test('whoever ignores the signal is killed, and what it made meanwhile', async () => {
    const target = await TargetProgram.start('ignore child child')
    const report = await terminate(target.pid, { group: true, grace: 50 })
    expect(pids(report)).toEqual(sorted(target.all))
    for (const { outcome, by } of report.processes) expect([outcome, by]).toEqual(['killed', 'SIGKILL'])
    expect(target.living).toEqual([])
  })

  test('whose leader was reaped is ended, through a member and through the handle on the leader', async () => {
    for (const by of ['member', 'leader'] as const) {
      const target = await TargetProgram.start('ignore child child')
      const leader = PidFd.open(target.pid)
      leader.send('SIGKILL')
      while (leader.state() !== 'gone') await new Promise((resolve) => setImmediate(resolve))
      const report = await terminate(by === 'leader' ? leader : (target.others[0] ?? 0), {
        group: true,
        grace: 20,
      })
      leader.close()
      const expected = by === 'leader' ? target.all : target.others
      expect(pids(report)).toEqual(sorted(expected))
      expect(report.complete).toBe(true)
      expect(target.living).toEqual([])
    }
  })

  test('a group and a tree together are both', async () => {
    const target = await TargetProgram.start('child sibling-group session')
    const member = target.others.find((pid) => groupOf(pid) === target.pid) ?? 0
    const report = await terminate(member, { group: true, tree: true })
    expect(pids(report)).toEqual(sorted(target.all))
    expect(target.living).toEqual([])
  })

  test('the own one is refused, and nothing is sent', async () => {
    const target = await TargetProgram.start('', { detached: false })
    const call = terminate(target.pid, { group: true })
    await expect(call).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringContaining('terminate it without group') as string,
    })
    expect(target.living).toEqual([target.pid])
  })

  test.runIf(canNamespace)(
    `one from outside of the pid namespace is refused ${NEEDS_NAMESPACE}`,
    async () => {
      const [unshare = '', ...flags] = inNamespace.filter((word) => word !== 'setsid')
      const told = await inOwnProcess(
        async ({ sigkit, syscalls, spawn, caught, plainEnvironment }) => {
          const sleeper = spawn('sleep', ['1000'], { env: plainEnvironment })
          const { code, message } = await caught(() => sigkit.terminate(sleeper, { group: true }))
          const alive = sigkit.liveness(sleeper)
          sleeper.kill('SIGKILL')
          return { own: syscalls.getpgrp(), code, message, alive }
        },
        null,
        { wrapper: [unshare, ...flags] },
      )
      expect(told).toMatchObject({ own: 0, code: 'ERR_INVALID_ARG_VALUE', alive: 'alive' })
      expect(told.message).toContain('in a process group from outside of this pid namespace')
    },
  )

  test('an ancestor of the caller in it is spared, the others are ended one by one', async () => {
    // The shell and a sleeper are in one group, Node below the shell in another.
    const script = `sleep 1000 & echo "{\\"sleeper\\":$!}"; set -m; "$@" & wait`
    const program = startNode('group-with-ancestor.mjs', {
      wrapper: ['bash', '-c', script, 'bash'],
      detached: true,
    })
    const { sleeper } = await program.next<{ sleeper: number }>('the sleeper')
    const { report } = await program.next<{ report: TerminationReport }>('the report')
    expect(pids(report)).toEqual([sleeper])
    expect(report.complete).toBe(true)
    // The shell waited for Node and lived to say so.
    expect(await program.ended()).toMatchObject({ signal: null })
  })

  test.each([
    ['without pidfds', ['pidfd_open=ENOSYS']],
    ['where pidfds cannot send', ['pidfd_send_signal=EPERM']],
  ])('%s: member by member', async (_name, rules) => {
    const target = await TargetProgram.start('ignore child child sibling-group')
    const args = [JSON.stringify([target.pid]), '{"group":true,"grace":50}']
    const program = startNode('terminate.mjs', { wrapper: sandbox(rules), args })
    const { report, left } = await program.next<{ report: TerminationReport; left: object }>('the report')
    expect(report.complete).toBe(true)
    expect(report.processes).toHaveLength(3)
    expect(left).toEqual({ fds: 0, exit: 0, timers: 0 })
    expect(target.living).toHaveLength(1)
  })
})

function groupOf(pid: number): number {
  return Number(/\) \S \d+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1])
}

const cgroupMount = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((path) =>
  existsSync(join(path, 'cgroup.controllers')),
)

function makeControlGroup(...path: string[]): string {
  const directory = join(cgroupMount ?? '', ...path)
  mkdirSync(directory)
  onTestFinished(() => {
    try {
      rmdirSync(directory)
    } catch {
      // the test did that itself
    }
  })
  return directory
}

const canMakeControlGroups = ((): boolean => {
  if (cgroupMount === undefined || !isRoot) return false
  const directory = join(cgroupMount, `sigkit-probe-${process.pid}`)
  try {
    mkdirSync(directory)
    const has = existsSync(join(directory, 'cgroup.kill'))
    rmdirSync(directory)
    return has
  } catch {
    return false
  }
})()
const NEEDS_CGROUPS = '[needs root and control groups v2 with cgroup.kill, Linux 5.14]'
if (!canMakeControlGroups) console.log(`no control groups: skipping what is marked ${NEEDS_CGROUPS}`)

const move = (pid: number, directory: string): void => {
  writeFileSync(join(directory, 'cgroup.procs'), String(pid))
}

describe.runIf(canMakeControlGroups)(`a control group ${NEEDS_CGROUPS}`, () => {
  test('is ended as a whole, with the ones below it, and is empty afterwards', async () => {
    const directory = makeControlGroup(`sigkit-test-${process.pid}`)
    const below = makeControlGroup(`sigkit-test-${process.pid}`, 'below')
    const target = await TargetProgram.start('ignore child session orphan-session')
    const outside = await TargetProgram.start('')
    for (const pid of target.all) move(pid, pid === target.others[0] ? below : directory)
    const report = await terminate(target.pid, { cgroup: true, grace: 50 })
    expect(pids(report)).toEqual(sorted(target.all))
    expect(report.complete).toBe(true)
    for (const { outcome, by } of report.processes) expect([outcome, by]).toEqual(['killed', 'SIGKILL'])
    expect(readFileSync(join(directory, 'cgroup.events'), 'utf8')).toContain('populated 0')
    expect(outside.living).toEqual([outside.pid])
    rmdirSync(below)
    rmdirSync(directory)
  })

  test('a storm in it is over when the call is, those included that nobody listed', async () => {
    const directory = makeControlGroup(`sigkit-test-${process.pid}`)
    const storm = startNode('terminate-storm-in-cgroup.mjs', { args: [directory] })
    const { report, populated } = await storm.next<{ report: TerminationReport; populated: boolean }>(
      'the end',
    )
    expect(report.complete).toBe(true)
    expect(populated).toBe(false)
    rmdirSync(directory)
  })

  test('that this process is in, or below, is refused', async () => {
    const directory = makeControlGroup(`sigkit-test-${process.pid}`)
    const target = await TargetProgram.start('')
    move(target.pid, directory)
    const below = makeControlGroup(`sigkit-test-${process.pid}`, 'below')
    const args = [JSON.stringify([target.pid]), '{"cgroup":true}']
    const wrapper = ['sh', '-c', `echo 0 > ${below}/cgroup.procs; exec "$@"`, 'sh']
    const program = startNode('terminate.mjs', { args, wrapper })
    const { error } = await program.next<{ error: object }>('the refusal')
    expect(error).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringContaining('terminate it without cgroup') as string,
    })
    await program.ended()
    const child = await TargetProgram.start('')
    await expect(terminate(child.pid, { cgroup: true })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    })
    expect(target.living).toEqual([target.pid])
    expect(child.living).toEqual([child.pid])
    await terminate(target.pid)
    rmdirSync(below)
  })

  test('that this user may not write to is an error, and nothing is sent', async () => {
    const directory = makeControlGroup(`sigkit-test-${process.pid}`)
    const target = await TargetProgram.start('')
    move(target.pid, directory)
    const args = [JSON.stringify([target.pid]), '{"cgroup":true}']
    const wrapper = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const program = startNode('terminate.mjs', { args, wrapper })
    const { error } = await program.next<{ error: object }>('the refusal')
    expect(error).toMatchObject({ name: 'PermissionDeniedError', code: 'EACCES' })
    expect(target.living).toEqual([target.pid])
    await terminate(target.pid)
  })
})

test.runIf(isRoot)(`without control groups v2 an UnsupportedError ${NEEDS_ROOT}`, async () => {
  const target = await TargetProgram.start('')
  const args = [JSON.stringify([target.pid]), '{"cgroup":true}']
  // No mount of them in a mount namespace of its own.
  const unmount = 'for each in $(awk \'$3 == "cgroup2" {print $2}\' /proc/mounts); do umount -l "$each"; done'
  const wrapper = ['unshare', '--mount', 'sh', '-c', `${unmount}; exec "$@"`, 'sh']
  const program = startNode('terminate.mjs', { args, wrapper })
  const { error } = await program.next<{ error: object }>('the refusal')
  expect(error).toMatchObject({ name: 'UnsupportedError' })
  expect(target.living).toEqual([target.pid])
})
