/** exited() and status(): how processes end, children and others, whoever reaps them. */
import { liveness, PidFd, signalName, signals, type Exit } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { within } from './helpers/deadline.js'
import { startProgram } from './helpers/fixture.js'
import { Keeper } from './helpers/keeper.js'
import { exitInfo, NEEDS_EXIT_INFO } from './helpers/needs.js'
import { OwnChild } from './helpers/own-child.js'
import { asNobody, isRoot, NEEDS_ROOT } from './helpers/privilege.js'
import { stateOf } from './helpers/process-status.js'
import { Watcher } from './helpers/watcher.js'

const CODES = [0, 1, 42, 255]

function exitedWith(pid: number, code: number): Partial<Exit> {
  return { pid, code, signal: null, coreDumped: false, known: true }
}

/** As a raw wait status says it. */
function exitOf(pid: number, status: number): Partial<Exit> {
  const signal = status & 0x7f
  if (signal === 0) return exitedWith(pid, status >> 8)
  return { pid, code: null, signal: signalName(signal), coreDumped: (status & 0x80) !== 0, known: true }
}

const ending = signals.filter(
  ({ defaultAction, reserved }) => !reserved && (defaultAction === 'terminate' || defaultAction === 'core'),
)

describe('an own ChildProcess', () => {
  test.each(CODES)("exit code %i, and Node's own 'exit' event with it", async (code) => {
    const { handle, pid, nodeExit, ...own } = await OwnChild.start('exit', String(code))
    const answers = Promise.all([handle.exited(), handle.status()])
    own.child.stdin?.end()
    const [exited, status] = await within(answers, 'exited() and status()')
    expect(exited).toMatchObject(exitedWith(pid, code))
    expect(status).toEqual(exited)
    expect(['waitid', 'pidfd']).toContain(exited.source)
    expect(await nodeExit).toEqual([code, null])
  })

  test.each(ending.map(({ number, name, defaultAction }) => [name, number, defaultAction] as const))(
    "%s, and Node's own 'exit' event as without a handle",
    async (name, number, defaultAction) => {
      const own = await OwnChild.start('signal', String(number))
      const unwatched = await OwnChild.start('signal', String(number))
      unwatched.handle.close()
      const answers = Promise.all([own.handle.exited(), own.handle.status()])
      own.end()
      unwatched.end()
      const [exited, status] = await within(answers, 'exited() and status()')
      const coreDumped = defaultAction === 'core' && own.core
      expect(exited).toMatchObject({ pid: own.pid, code: null, signal: name, coreDumped, known: true })
      expect(status).toEqual(exited)
      expect(await own.nodeExit).toEqual(await unwatched.nodeExit)
    },
  )

  test('while it is a zombie waitid tells, and Node still gets its event', async () => {
    const own = await OwnChild.start('exit', '0')
    own.becomeZombie()
    expect(own.handle.state()).toBe('zombie')
    const exit = await own.handle.exited({ timeout: 0 })
    expect(exit).toMatchObject({
      code: null,
      signal: 'SIGKILL',
      coreDumped: false,
      known: true,
      source: 'waitid',
    })
    expect(await own.nodeExit).toEqual([null, 'SIGKILL'])
  })

  test.runIf(exitInfo)(`once libuv has reaped it the pidfd tells ${NEEDS_EXIT_INFO}`, async () => {
    const own = await OwnChild.start('exit', '0')
    own.end()
    await own.nodeExit
    expect(own.handle.state()).toBe('gone')
    const exit = await own.handle.status({ timeout: 0 })
    expect(exit).toEqual({ ...exitedWith(own.pid, 0), source: 'pidfd' })
  })
})

describe('a process that is not our child', () => {
  test.each(CODES)('exit code %i', async (code) => {
    const keeper = await Keeper.start(['exit', String(code)])
    using handle = PidFd.open(keeper.pid)
    const answers = Promise.all([handle.exited(), handle.status()])
    keeper.end()
    const [exited, status] = await within(answers, 'exited() and status()')
    // Its zombie is of our own user: we may know at once.
    expect(exited).toEqual({ ...exitedWith(keeper.pid, code), source: 'proc' })
    expect(status).toEqual(exited)
    expect(await keeper.reap()).toBe(code << 8)
  })

  test.runIf(exitInfo).each(['9', '15', '3', '6', '11', '34', '64'])(
    `signal %s, the core bit as its parent saw it ${NEEDS_EXIT_INFO}`,
    async (number) => {
      const keeper = await Keeper.start(['signal', number])
      using handle = PidFd.open(keeper.pid)
      const exited = handle.exited()
      keeper.end()
      const atOnce = await within(exited, 'exited()')
      using late = PidFd.open(keeper.pid)
      const truth = exitOf(keeper.pid, await keeper.reap())
      expect(atOnce).toEqual({ ...truth, source: 'proc' })
      expect(await late.status({ timeout: 0 })).toEqual({ ...truth, source: 'pidfd' })
    },
  )

  test('its parent never reaps it: the exit is seen at once, the process stays a zombie', async () => {
    const keeper = await Keeper.start(['exit', '42'])
    using handle = PidFd.open(keeper.pid)
    const exited = handle.exited()
    keeper.end()
    expect(await within(exited, 'exited()')).toMatchObject({ code: 42, known: true })
    expect([handle.state(), stateOf(keeper.pid)]).toEqual(['zombie', 'Z'])
  })

  test.runIf(exitInfo)(`its parent ignores SIGCHLD: nobody reaps it ${NEEDS_EXIT_INFO}`, async () => {
    const keeper = await Keeper.start(['exit', '42'], { ignoreSigchld: true })
    using handle = PidFd.open(keeper.pid)
    const answers = Promise.all([handle.exited(), handle.status()])
    keeper.end()
    const [exited, status] = await within(answers, 'exited() and status()')
    expect(status).toMatchObject(exitedWith(keeper.pid, 42))
    expect(exited).toEqual(status)
    expect(handle.state()).toBe('gone')
  })

  test.runIf(isRoot)(`root sees the code of another user's zombie ${NEEDS_ROOT}`, async () => {
    const keeper = await Keeper.start(['exit', '0'], { wrapper: asNobody })
    using handle = PidFd.open(keeper.pid)
    const exited = handle.exited()
    keeper.end()
    expect(await within(exited, 'exited()')).toEqual({ ...exitedWith(keeper.pid, 0), source: 'proc' })
  })
})

describe.runIf(isRoot && exitInfo)(`another user's process ${NEEDS_ROOT} ${NEEDS_EXIT_INFO}`, () => {
  test.each([
    ['exit', '0'],
    ['exit', '42'],
    ['signal', '9'],
    ['signal', '40'],
  ])('%s %s: exited() says that it does not know, status() waits for the reap and tells', async (...how) => {
    const keeper = await Keeper.start(how)
    const watcher = await Watcher.start({ wrapper: asNobody })
    await watcher.open(keeper.pid)
    await watcher.ask('exited', keeper.pid)
    await watcher.ask('status', keeper.pid)
    keeper.end()
    expect((await watcher.told('exited', keeper.pid)).exit).toEqual({
      ...{ pid: keeper.pid, code: null, signal: null, coreDumped: null },
      ...{ known: false, source: null },
    })
    expect(await watcher.state(keeper.pid)).toBe('zombie')
    expect(await watcher.isPending('status', keeper.pid)).toBe(true)
    const truth = exitOf(keeper.pid, await keeper.reap())
    expect((await watcher.told('status', keeper.pid)).exit).toEqual({ ...truth, source: 'pidfd' })
  })

  test('a wait for a status that its parent never fetches times out', async () => {
    const keeper = await Keeper.start(['exit', '0'])
    const watcher = await Watcher.start({ wrapper: asNobody })
    await watcher.open(keeper.pid)
    await watcher.ask('exited', keeper.pid)
    keeper.end()
    await watcher.told('exited', keeper.pid)
    for (const timeout of [0, 50]) {
      await watcher.ask('status', keeper.pid, { timeout })
      expect((await watcher.told('status', keeper.pid)).error).toMatchObject({
        name: 'WaitTimeoutError',
        code: 'ERR_WAIT_TIMEOUT',
      })
    }
  })
})

describe('threads', () => {
  test('an exec by a thread that is not the main one is no exit', async () => {
    const keeper = await Keeper.start(['exec', '42'])
    using handle = PidFd.open(keeper.pid)
    const exited = handle.exited()
    await keeper.poke()
    expect([handle.state(), handle.trySend(0)]).toEqual(['alive', undefined])
    await expect(handle.exited({ timeout: 0 })).rejects.toMatchObject({ code: 'ERR_WAIT_TIMEOUT' })
    keeper.end()
    expect(await within(exited, 'exited()')).toMatchObject(exitedWith(keeper.pid, 42))
  })

  test('the main thread ends first: no exit until the last one calls exit(3), and its code', async () => {
    const keeper = await Keeper.start(['leader', '3'])
    expect(stateOf(keeper.pid)).toBe('Z')
    using handle = PidFd.open(keeper.pid)
    const exited = handle.exited()
    expect([handle.state(), liveness(keeper.pid), handle.trySend(0)]).toEqual(['alive', 'alive', undefined])
    await expect(handle.exited({ timeout: 0 })).rejects.toMatchObject({ code: 'ERR_WAIT_TIMEOUT' })
    keeper.end()
    expect(await within(exited, 'exited()')).toMatchObject(exitedWith(keeper.pid, 3))
  })

  test('the same as an own child', async () => {
    const own = await OwnChild.start('leader', '3')
    await expect(own.handle.status({ timeout: 0 })).rejects.toMatchObject({ code: 'ERR_WAIT_TIMEOUT' })
    const status = own.handle.status()
    own.end()
    expect(await within(status, 'status()')).toMatchObject(exitedWith(own.pid, 3))
    expect(await own.nodeExit).toEqual([3, null])
  })
})

describe('traced by a process that is not its parent, which hides the zombie from the parent', () => {
  /** One CPU, over two seconds. */
  const IDLE = 0.05

  test('an own child: the true status, and no load while others are waited for', async () => {
    const watcher = await Watcher.start()
    const [traced, other] = [await watcher.spawn(['exit', '0']), await watcher.spawn(['exit', '0'])]
    const tracer = startProgram('tracer', [String(traced)])
    await tracer.next('the tracer')
    await watcher.ask('status', traced)
    await watcher.ask('exited', other)
    watcher.finish(traced)
    expect((await watcher.told('status', traced)).exit).toMatchObject(exitedWith(traced, 0))
    expect(await watcher.state(traced)).toBe('zombie')
    expect(await watcher.load(2000)).toBeLessThan(IDLE)
    expect(await watcher.isPending('exited', other)).toBe(true)
    tracer.write('release')
    expect(await watcher.ended(traced)).toEqual({ code: 0, signal: null })
  })

  test.runIf(isRoot && exitInfo)(
    `another user's: waiting for its status is no load ${NEEDS_ROOT} ${NEEDS_EXIT_INFO}`,
    async () => {
      const keeper = await Keeper.start(['exit', '42'])
      const tracer = startProgram('tracer', [String(keeper.pid)])
      await tracer.next('the tracer')
      const watcher = await Watcher.start({ wrapper: asNobody })
      await watcher.open(keeper.pid)
      await watcher.ask('exited', keeper.pid)
      await watcher.ask('status', keeper.pid)
      keeper.end()
      await watcher.told('exited', keeper.pid)
      expect(await watcher.load(2000)).toBeLessThan(IDLE)
      expect(await watcher.isPending('status', keeper.pid)).toBe(true)
      tracer.write('release')
      await tracer.next('the release')
      expect(await keeper.reap()).toBe(42 << 8)
      expect((await watcher.told('status', keeper.pid)).exit).toMatchObject(exitedWith(keeper.pid, 42))
    },
  )
})
