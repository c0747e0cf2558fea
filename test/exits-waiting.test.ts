/** Waits: how they time out, abort, share an answer, and keep a process alive or not. */
import { PidFd, WaitTimeoutError, type WaitOptions } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { within } from './helpers/deadline.js'
import { startNode } from './helpers/fixture.js'
import { Keeper } from './helpers/keeper.js'
import { exitInfo, NEEDS_EXIT_INFO } from './helpers/needs.js'
import { OwnChild } from './helpers/own-child.js'

const questions = ['exited', 'status'] as const

describe.each(questions)('%s()', (question) => {
  test.each([0, 1, 50])(
    'timeout %i rejects while the process lives, and does not touch it',
    async (timeout) => {
      const own = await OwnChild.start('exit', '7')
      const wait = own.handle[question]({ timeout })
      const error = await within(
        wait.catch((reason: unknown) => reason),
        'the timeout',
      )
      expect(error).toBeInstanceOf(WaitTimeoutError)
      expect(error).toMatchObject({ name: 'WaitTimeoutError', code: 'ERR_WAIT_TIMEOUT' })
      expect([own.handle.state(), own.handle.closed]).toEqual(['alive', false])
      const again = own.handle[question]()
      own.end()
      expect(await within(again, 'the wait after the timeout')).toMatchObject({ code: 7 })
    },
  )

  test('timeout 0 gives the answer when there is one', async () => {
    const own = await OwnChild.start('exit', '7')
    own.becomeZombie()
    expect(await own.handle[question]({ timeout: 0 })).toMatchObject({ signal: 'SIGKILL', known: true })
  })

  test.each([2 ** 31, 2 ** 53, Infinity])(
    'timeout %d, longer than any timer, is no timeout of 1 ms',
    async (timeout) => {
      const own = await OwnChild.start('exit', '7')
      const wait = own.handle[question]({ timeout })
      await expect(own.handle[question]({ timeout: 50 })).rejects.toBeInstanceOf(WaitTimeoutError)
      own.end()
      expect(await within(wait, 'the long wait')).toMatchObject({ code: 7 })
    },
  )

  test('an AbortSignal that has aborted rejects with its reason itself', async () => {
    const own = await OwnChild.start('exit', '7')
    const reason = { why: 'not today' }
    await expect(own.handle[question]({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    own.becomeZombie()
    await expect(own.handle[question]({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test('an AbortSignal that aborts during the wait ends that wait only', async () => {
    const own = await OwnChild.start('exit', '7')
    const controller = new AbortController()
    const aborted = own.handle[question]({ signal: controller.signal })
    const other = own.handle[question]()
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(within(aborted, 'the aborted wait')).rejects.toBe(reason)
    own.end()
    expect(await within(other, 'the other wait')).toMatchObject({ code: 7 })
  })

  test('close() during the wait rejects it', async () => {
    const own = await OwnChild.start('exit', '7')
    const waits = [own.handle[question](), own.handle[question]({ timeout: 1_000_000 })]
    own.handle.close()
    for (const wait of waits) {
      await expect(within(wait, 'the wait')).rejects.toMatchObject({ code: 'ERR_PIDFD_CLOSED' })
    }
    await expect(own.handle[question]()).rejects.toMatchObject({ code: 'ERR_PIDFD_CLOSED' })
  })

  test('asked after the exit and before the reap', async () => {
    const keeper = await Keeper.start(['exit', '7'])
    using early = PidFd.open(keeper.pid)
    const exited = early.exited()
    keeper.end()
    await within(exited, 'the exit')
    using late = PidFd.open(keeper.pid)
    expect(late.state()).toBe('zombie')
    expect(await within(late[question](), 'the late wait')).toMatchObject({
      code: 7,
      known: true,
      source: 'proc',
    })
  })

  test.runIf(exitInfo)(`asked for the first time after the reap ${NEEDS_EXIT_INFO}`, async () => {
    const keeper = await Keeper.start(['exit', '7'])
    using handle = PidFd.open(keeper.pid)
    keeper.end()
    await keeper.reap()
    expect(await within(handle[question](), 'the wait')).toMatchObject({
      code: 7,
      known: true,
      source: 'pidfd',
    })
  })

  test('many waits, before and after, have one answer', async () => {
    const own = await OwnChild.start('exit', '7')
    const before = Array.from({ length: 20 }, () => own.handle[question]())
    own.end()
    const answers = await within(Promise.all(before), 'twenty waits')
    answers.push(await own.handle[question](), await own.handle[question]({ timeout: 0 }))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(answers[0]).toMatchObject({ code: 7, known: true })
  })

  test('two handles on one process', async () => {
    const own = await OwnChild.start('exit', '7')
    using second = PidFd.open(own.handle)
    const waits = Promise.all([own.handle[question](), second[question]()])
    own.end()
    const [one, other] = await within(waits, 'both waits')
    expect(one).toMatchObject({ code: 7, known: true })
    expect(other).toMatchObject({ code: 7, known: true })
  })

  test.each([
    [null, 'ERR_INVALID_ARG_TYPE'],
    [5, 'ERR_INVALID_ARG_TYPE'],
    [{ timeout: '5' }, 'ERR_INVALID_ARG_TYPE'],
    [{ timeout: null }, 'ERR_INVALID_ARG_TYPE'],
    [{ timeout: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ timeout: NaN }, 'ERR_OUT_OF_RANGE'],
    [{ signal: {} }, 'ERR_INVALID_ARG_TYPE'],
    [{ signal: null }, 'ERR_INVALID_ARG_TYPE'],
  ])('options %j are %s', async (options, code) => {
    const own = await OwnChild.start('exit', '7')
    const call = async (): Promise<unknown> => own.handle[question](options as WaitOptions)
    await expect(call()).rejects.toMatchObject({ code })
  })
})

describe('the event loop', () => {
  async function scenario(name: string): Promise<{ keeper: Keeper; program: ReturnType<typeof startNode> }> {
    const keeper = await Keeper.start(['exit', '7'])
    const flags = ['--expose-gc']
    return { keeper, program: startNode('exits.mjs', { flags, args: [name, String(keeper.pid)] }) }
  }

  test.each(['unref', 'timer'])('%s: a pending wait does not keep the process', async (name) => {
    const { program } = await scenario(name)
    expect(await program.report()).toEqual({
      lines: [{ waiting: true }, { empty: true }],
      ending: { code: 0, signal: null },
    })
  })

  test.each(['ref', 'reref'])('%s: a pending wait keeps the process until its answer', async (name) => {
    const { keeper, program } = await scenario(name)
    expect(await program.next()).toEqual({ waiting: true })
    keeper.end()
    const { lines, ending } = await program.report()
    expect(lines).toEqual([{ exit: expect.objectContaining({ code: 7 }) as unknown }, { empty: true }])
    expect(ending).toEqual({ code: 0, signal: null })
  })

  test('the wait of a handle that was dropped is answered, and the handle closed then', async () => {
    const { keeper, program } = await scenario('dropped')
    expect(await program.next()).toEqual({ pidfds: 1 })
    expect(await program.next()).toEqual({ waiting: true })
    keeper.end()
    const { lines, ending } = await program.report()
    expect(lines).toEqual([
      { exit: expect.objectContaining({ code: 7 }) as unknown },
      { pidfds: 0 },
      { empty: true },
    ])
    expect(ending).toEqual({ code: 0, signal: null })
  })
})

describe.runIf(exitInfo)(`a child whose status somebody else takes ${NEEDS_EXIT_INFO}`, () => {
  test.each([
    ['ignored', '0'],
    ['ignored', '42'],
    ['stolen', '0'],
    ['stolen', '42'],
  ])('%s, code %s: the true status all the same', async (...args) => {
    const program = startNode('exits.mjs', { args })
    const exit = { code: Number(args[1]), signal: null, coreDumped: false, known: true, source: 'pidfd' }
    const answer = { exit: expect.objectContaining(exit) as unknown }
    expect((await program.report()).lines).toEqual([answer, answer, { state: 'gone' }])
  })
})
