/** Handles and raw functions where they meet what they cannot name or open: nothing else is hit, nothing is forgotten. */
import { features } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { addonPath } from './helpers/addon.js'
import { programPath, startNode } from './helpers/fixture.js'
import { Keeper } from './helpers/keeper.js'
import { canNamespace, isRoot, NEEDS_NAMESPACE } from './helpers/privilege.js'
import { sandbox } from './helpers/rung.js'

const file = 'handles-lifecycle.mjs'

describe('a pidfd of a process that has no number in our pid namespace', () => {
  const forbidden = ['ENOSYS', 'EPERM', 'EINVAL', 'TRAP'].map((answer) => `pidfd_send_signal=${answer}`)

  const foreign = async (rules: readonly string[]): Promise<unknown[]> => {
    const user = isRoot ? [] : ['unshare', '--user', '--map-root-user']
    const wrapper = [...user, programPath('foreign-pidfd'), ...sandbox(rules)]
    const program = startNode(file, { wrapper, args: ['foreign'], detached: true })
    const { lines, ending } = await program.report()
    expect(ending, program.stderr).toEqual({ code: 0, signal: null })
    return lines
  }
  const untouched = { exited: 0, signal: null, bystander: [], target: [] }

  test.skipIf(!canNamespace).each(forbidden)(
    `%s: every send says so, and none reaches our own process group ${NEEDS_NAMESPACE}`,
    async (rule) => {
      expect(await foreign([rule])).toEqual([
        { pid: 'NaN', raceFree: false, state: 'alive' },
        { sent: Array.from({ length: 6 }, () => 'EREMOTE') },
        { status: expect.any(String) as unknown },
        { exited: expect.any(String) as unknown },
        untouched,
      ])
    },
  )

  test.skipIf(!canNamespace)(
    `with pidfd_send_signal the kernel refuses, and its word stands ${NEEDS_NAMESPACE}`,
    async () => {
      const lines = await foreign([])
      expect(lines[0]).toEqual({ pid: 'NaN', raceFree: features().pidfd, state: 'alive' })
      expect(lines.at(-1)).toEqual(untouched)
      // Below 6.9 it is not the kernel that is asked about groups and threads.
      if (features().pidfdGroup) expect(lines[1]).toEqual({ sent: Array.from({ length: 6 }, () => 'EINVAL') })
    },
  )
})

test('the raw functions refuse a number that is no int32: as one it would be 0, our own group, or another process', async () => {
  const program = startNode(file, { args: ['numbers', addonPath], detached: true })
  const { lines, ending } = await program.report()
  expect(ending, program.stderr).toEqual({ code: 0, signal: null })
  expect(lines).toEqual([{ over: true }])
})

test('first asked with one descriptor left: nothing is taken for missing ever after', async () => {
  const program = startNode(file, { args: ['probe'], descriptors: 64 })
  const { lines, ending } = await program.report()
  expect(ending, program.stderr).toEqual({ code: 0, signal: null })
  expect(lines).toEqual([{ handle: null, features: features() }])
})

test('a wait without pidfds outlives a full descriptor table, and has the answer afterwards', async () => {
  const stranger = await Keeper.start(['exit', '42'])
  const program = startNode(file, {
    wrapper: sandbox(['pidfd_open=ENOSYS']),
    descriptors: 64,
    args: ['fullTable', String(stranger.pid)],
  })
  expect(await program.next('the full table to be over'), program.stderr).toEqual({ hasFd: false })
  stranger.end()
  expect(await program.next('the exit of the stranger')).toEqual({ code: 42 })
  expect(await program.ended(), program.stderr).toEqual({ code: 0, signal: null })
})
