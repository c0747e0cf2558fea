/** waitAny and waitAll. */
import { readdirSync, readlinkSync } from 'node:fs'
import { PidFd, ProcessRef, waitAll, waitAny, type Target, type WaitOptions } from 'sigkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { within } from './helpers/deadline.js'
import { Keeper } from './helpers/keeper.js'
import { inOwnProcess } from './helpers/own-process.js'
import { OwnChild } from './helpers/own-child.js'

/** Of the whole process. */
function countPidfds(): number {
  const isPidfd = (fd: string): boolean => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[pidfd]'
    } catch {
      return false // the descriptor of the listing itself
    }
  }
  return readdirSync('/proc/self/fd').filter(isPidfd).length
}

let before = 0
beforeEach(() => {
  before = countPidfds()
})
afterEach(() => {
  // All but the handle of an own child, which is closed later: a test that has one counts it in.
  expect(countPidfds()).toBe(before)
})

async function startKeepers(count: number): Promise<Keeper[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => Keeper.start(['exit', String(index)])))
}

const pidsOf = (keepers: Keeper[]): number[] => keepers.map(({ pid }) => pid)

describe('waitAny', () => {
  test.each([0, 1, 2])('the first to end, the one at %i', async (index) => {
    const keepers = await startKeepers(3)
    const first = waitAny(pidsOf(keepers))
    keepers[index]?.end()
    expect(await within(first, 'waitAny')).toMatchObject({
      pid: keepers[index]?.pid,
      code: index,
      known: true,
    })
  })

  test('one that is a zombie already', async () => {
    const keepers = await startKeepers(2)
    keepers[1]?.end()
    await within(waitAny([keepers[1]?.pid ?? 0]), 'the exit')
    expect(await within(waitAny(pidsOf(keepers)), 'waitAny')).toMatchObject({ pid: keepers[1]?.pid, code: 1 })
    expect(await waitAny(pidsOf(keepers), { timeout: 0 })).toMatchObject({ pid: keepers[1]?.pid, code: 1 })
  })

  test('children, handles, references and numbers in one call', async () => {
    const own = await OwnChild.start('exit', '9')
    before = countPidfds()
    const keepers = await startKeepers(2)
    const [byNumber = 0, byReference = 0] = pidsOf(keepers)
    const targets: Target[] = [own.child, own.handle, byNumber, ProcessRef.of(byReference)]
    const first = waitAny(targets)
    keepers[1]?.end()
    expect(await within(first, 'waitAny')).toMatchObject({ pid: byReference, code: 1 })
    const all = waitAll(targets)
    own.end()
    keepers[0]?.end()
    const exits = await within(all, 'waitAll')
    expect(exits.map(({ pid, code }) => [pid, code])).toEqual([
      [own.pid, 9],
      [own.pid, 9],
      [byNumber, 0],
      [byReference, 1],
    ])
    expect(own.handle.closed).toBe(false)
  })

  test('of none there is no first', async () => {
    await expect(waitAny([])).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  })
})

describe('waitAll', () => {
  test('every exit, in the order of the targets', async () => {
    const keepers = await startKeepers(5)
    const all = waitAll(pidsOf(keepers))
    for (const keeper of [...keepers].reverse()) keeper.end()
    const exits = await within(all, 'waitAll')
    expect(exits.map(({ pid, code, known }) => ({ pid, code, known }))).toEqual(
      keepers.map(({ pid }, code) => ({ pid, code, known: true })),
    )
  })

  test('waits for the last one', async () => {
    const keepers = await startKeepers(2)
    keepers[0]?.end()
    await within(waitAll([keepers[0]?.pid ?? 0]), 'the first exit')
    await expect(waitAll(pidsOf(keepers), { timeout: 50 })).rejects.toMatchObject({
      code: 'ERR_WAIT_TIMEOUT',
    })
  })

  test('the same process twice', async () => {
    const [keeper] = await startKeepers(1)
    if (keeper === undefined) throw new Error('no process')
    const all = waitAll([keeper.pid, keeper.pid])
    keeper.end()
    const exits = await within(all, 'waitAll')
    expect(exits.map(({ code }) => code)).toEqual([0, 0])
  })

  test('of none: nothing to wait for', async () => {
    expect(await waitAll([])).toEqual([])
    const reason = { why: 'not today' }
    await expect(waitAll([], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

type Wait = (targets: readonly Target[], options?: WaitOptions) => Promise<unknown>

describe.each([
  ['waitAny', waitAny as Wait],
  ['waitAll', waitAll as Wait],
] as const)('%s', (_name, wait) => {
  test.each([0, 50])('timeout %i', async (timeout) => {
    const keepers = await startKeepers(2)
    const answer = within(wait(pidsOf(keepers), { timeout }), 'the timeout')
    await expect(answer).rejects.toMatchObject({ name: 'WaitTimeoutError', code: 'ERR_WAIT_TIMEOUT' })
  })

  test('AbortSignal, before and during', async () => {
    const keepers = await startKeepers(2)
    const reason = { why: 'not today' }
    await expect(wait(pidsOf(keepers), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const waiting = wait(pidsOf(keepers), { signal: controller.signal })
    controller.abort(reason)
    await expect(within(waiting, 'the abort')).rejects.toBe(reason)
  })

  test('one that is gone already', async () => {
    const keepers = await startKeepers(1)
    const answer = within(wait([...pidsOf(keepers), ABSENT]), 'the refusal')
    await expect(answer).rejects.toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH', pid: ABSENT })
  })

  test('a closed handle', async () => {
    const keepers = await startKeepers(1)
    const closed = PidFd.open(keepers[0]?.pid ?? 0)
    closed.close()
    await expect(wait([...pidsOf(keepers), closed])).rejects.toMatchObject({ code: 'ERR_PIDFD_CLOSED' })
  })

  test('closing a handle that was given does not end the wait: it has its own', async () => {
    const [keeper] = await startKeepers(1)
    if (keeper === undefined) throw new Error('no process')
    const handle = PidFd.open(keeper.pid)
    const waiting = wait([handle])
    handle.close()
    keeper.end()
    expect([await within(waiting, 'the wait')].flat()).toMatchObject([{ pid: keeper.pid, code: 0 }])
  })

  test.each([
    ['no array', 1234, undefined, 'ERR_INVALID_ARG_TYPE'],
    ['null', null, undefined, 'ERR_INVALID_ARG_TYPE'],
    ['a bad target after good ones', [process.pid, process.pid, '1'], undefined, 'ERR_INVALID_ARG_TYPE'],
    ['pid 0', [process.pid, 0], undefined, 'ERR_OUT_OF_RANGE'],
    ['a child that did not start', [{ pid: undefined }], undefined, 'ERR_INVALID_ARG_TYPE'],
    ['bad options', [process.pid], { timeout: -1 }, 'ERR_OUT_OF_RANGE'],
    ['null for options', [process.pid], null, 'ERR_INVALID_ARG_TYPE'],
    ['bad options and no target', [], { timeout: '1' }, 'ERR_INVALID_ARG_TYPE'],
  ])('%s', async (_what, targets, options, code) => {
    const call = async (): Promise<unknown> => wait(targets as Target[], options as WaitOptions)
    await expect(call()).rejects.toMatchObject({ code })
  })
})

test('many that wait with one AbortSignal, or for one ChildProcess, are no leak to Node', async () => {
  const warnings = await inOwnProcess(async ({ sigkit, spawn, once, turn }) => {
    const warnings: string[] = []
    process.on('warning', ({ message }) => warnings.push(message))
    const children = Array.from({ length: 12 }, () => spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] }))
    const [first] = children
    if (first === undefined) throw new Error('there are twelve')
    const { signal } = new AbortController()
    const ends = [
      sigkit.waitAll(children, { signal }),
      ...children.map((child) => sigkit.wait(child, { signal })),
      ...children.map(() => sigkit.PidFd.open(first).exited({ signal })),
      ...children.map(() => sigkit.waitForSignal('SIGUSR2', { signal, timeout: 1 }).catch(() => undefined)),
      ...children.map((child) => sigkit.terminate(child, { abort: signal, signal: 'SIGCONT' })),
    ]
    await turn()
    for (const child of children) child.stdin.end()
    await Promise.all([...ends, ...children.map((child) => once(child, 'exit'))])
    return warnings
  }, null)
  expect(warnings).toEqual([])
})
