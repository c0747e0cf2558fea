/** Terminating where something is missing or short: recycled numbers, older kernels and sandboxes, memory. */
import { features, type TerminationReport } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { startNode } from './helpers/fixture.js'
import { sanitized } from './helpers/load.js'
import { asNobody, canNamespace, inNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'
import { sandbox } from './helpers/rung.js'
import { TargetProgram } from './helpers/target.js'

describe.runIf(canNamespace)(`a number that is recycled during the grace ${NEEDS_NAMESPACE}`, () => {
  test.each([
    ['one by one', {}],
    ['with the tree', { tree: true }],
    ['with the group', { group: true }],
  ])('%s: the stranger gets nothing', async (_name, options) => {
    const program = startNode('terminate-reuse.mjs', {
      wrapper: inNamespace,
      detached: true,
      args: [JSON.stringify(options)],
    })
    const { pid, report, signals } = await program.next<{
      pid: number
      report: TerminationReport
      signals: number[]
    }>('the report')
    expect(signals).toEqual([])
    expect(report.complete).toBe(true)
    expect(report.processes).toMatchObject([
      { pid, outcome: 'exited', by: 'SIGTERM', exit: { code: 0 } },
      { outcome: 'killed', by: 'SIGKILL' },
    ])
  })
})

test.runIf(canNamespace)(
  `a reaped handle's number tells nothing of its successor ${NEEDS_NAMESPACE}`,
  async () => {
    const program = startNode('terminate-recycled.mjs', { wrapper: inNamespace, detached: true })
    const { report, number, alive } = await program.next<{
      report: TerminationReport
      number: number
      alive: string[]
    }>('the report')
    expect(report).toMatchObject({
      complete: true,
      processes: [{ pid: number, comm: null, outcome: 'already-gone', by: null }],
    })
    expect(alive).toEqual(['alive', 'alive'])
  },
)

describe('on every rung', () => {
  const withoutSending = ['pidfd_open=ENOSYS', 'pidfd_send_signal=ENOSYS']
  test.each([
    ['no pidfds', ['pidfd_open=ENOSYS']],
    ['no pidfds, by SIGSYS', ['pidfd_open=TRAP']],
    ['pidfds that cannot send', ['pidfd_send_signal=EPERM']],
    ['no pidfds at all', withoutSending],
    ['no exit info', ['ioctl=ENOTTY']],
    ['no waitid(P_PIDFD), no process_mrelease', ['waitid=EINVAL', 'process_mrelease=ENOSYS']],
    ['the portable loop', []],
    ['another user', []],
  ])('%s', async (name, rules) => {
    const wrapper = name === 'another user' ? asNobody : sandbox(rules)
    const env = name === 'the portable loop' ? { SIGKIT_LOOP: 'thread' } : {}
    const options = '{"tree":true,"grace":100,"releaseMemory":true}'
    // The target is the caller's own user's: it is started by the fixture.
    const program = startNode('terminate-own-tree.mjs', { wrapper, env, args: [options] })
    const { report, left } = await program.next<{ report: TerminationReport; left: number[] }>('the report')
    expect(left).toEqual([])
    expect(report.complete).toBe(true)
    expect(report.processes).toHaveLength(6)
    for (const { outcome, by } of report.processes) {
      expect(['killed', 'ended']).toContain(outcome)
      expect(by).toBe('SIGKILL')
    }
    expect(await program.ended()).toEqual({ code: 0, signal: null })
  })
})

test.skipIf(sanitized || !features().mrelease)(
  'releaseMemory: 512 MiB are back before the process has ended [needs process_mrelease, a build without sanitizers]',
  { timeout: 120_000 },
  async () => {
    const program = startNode('terminate-memory.mjs')
    const { released, plain, ms } = await program.next<{
      released: [number, number] | null
      plain: [number, number] | null
      ms: number | null
    }>('the figures')
    console.log(
      `[MiB in all, resident] right after SIGKILL: ${String(released)} with releaseMemory, in ${ms} ms`,
    )
    console.log(`${String(plain)} without; null: the scheduler let every one of 20 die at once`)
    // It still has its address space, so it has not ended.
    if (released !== null) expect(released).toEqual([expect.closeTo(514, -1), expect.closeTo(0, -2)])
    if (plain !== null) expect(plain).toEqual([expect.closeTo(514, -1), expect.closeTo(512, -1)])
  },
)

test('targets in a tree, twice, from another loop', async () => {
  const target = await TargetProgram.start('chain 3')
  const args = [JSON.stringify([target.pid, ...target.others, target.pid]), '{"tree":true}']
  const program = startNode('terminate.mjs', { args, env: { SIGKIT_LOOP: 'thread' } })
  const { report } = await program.next<{ report: TerminationReport }>('the report')
  expect(report.processes).toHaveLength(4)
  expect(target.living).toEqual([])
})
