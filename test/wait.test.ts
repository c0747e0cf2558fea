/** wait() and PidFd.wait: what is told of a child, who takes its status, and that nothing is lost. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  liveness,
  NoChildError,
  PidFd,
  wait,
  WaitTimeoutError,
  type ChildWaitOptions,
  type Target,
} from 'sigkit'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { within } from './helpers/deadline.js'
import { programPath } from './helpers/fixture.js'
import { exitInfo, NEEDS_EXIT_INFO } from './helpers/needs.js'
import { OwnChild } from './helpers/own-child.js'
import { inOwnProcess, resultOf, startOwnProcess } from './helpers/own-process.js'
import { stateOf } from './helpers/process-status.js'
import { sandbox } from './helpers/rung.js'

const usage = expect.objectContaining({ maxRSS: expect.any(Number) as number }) as object

describe('a child of child_process is only looked at', () => {
  test.each([0, 1, 42, 255])("exit code %i, and Node's own 'exit' with it", async (code) => {
    const own = await OwnChild.start('exit', String(code))
    const answers = Promise.all([wait(own.child), wait(own.pid), own.handle.wait()])
    own.end()
    const expected = { pid: own.pid, event: 'exited', code, signal: null, coreDumped: false }
    for (const status of await within(answers, 'three waits')) expect(status).toMatchObject(expected)
    expect(await own.nodeExit).toEqual([code, null])
  })

  test.each([
    ['SIGTERM', 15],
    ['SIGKILL', 9],
    ['SIGRTMIN', 34],
    ['SIGRTMAX', 64],
  ])("death by %s, whatever Node's own 'exit' says", async (signal, number) => {
    const own = await OwnChild.start('signal', String(number))
    const answer = wait(own.child)
    own.end()
    expect(await within(answer, 'the wait')).toMatchObject({ event: 'killed', code: null, signal })
    await own.nodeExit
  })

  test('a zombie: told at once, with rusage, again and again, and Node still gets its event', async () => {
    const own = await OwnChild.start('exit', '0')
    own.becomeZombie()
    const expected = {
      ...{ pid: own.pid, event: 'killed', code: null, signal: 'SIGKILL' },
      ...{ coreDumped: false, rusage: usage },
    }
    // In one turn: libuv reaps from its loop.
    const answers = [
      wait(own.child, { timeout: 0 }),
      wait(own.pid, { timeout: 0 }),
      own.handle.wait({ timeout: 0 }),
    ]
    expect(stateOf(own.pid)).toBe('Z')
    expect(await Promise.all(answers)).toEqual([expected, expected, expected])
    expect(await own.nodeExit).toEqual([null, 'SIGKILL'])
  })

  test.runIf(exitInfo)(`libuv was quicker: the true status all the same ${NEEDS_EXIT_INFO}`, async () => {
    for (const [how, number, expected] of [
      ['exit', 42, { event: 'exited', code: 42, signal: null }],
      ['exit', 0, { event: 'exited', code: 0, signal: null }],
      ['signal', 15, { event: 'killed', code: null, signal: 'SIGTERM' }],
      ['signal', 34, { event: 'killed', code: null, signal: 'SIGRTMIN' }],
    ] as const) {
      const own = await OwnChild.start(how, String(number))
      own.end()
      await own.nodeExit
      expect(own.handle.state()).toBe('gone')
      expect(await own.handle.wait()).toMatchObject({ pid: own.pid, ...expected })
    }
  })

  test('one that is over is no process any more', async () => {
    const own = await OwnChild.start('exit', '7')
    own.end()
    await own.nodeExit
    await expect(wait(own.child)).rejects.toMatchObject({
      ...{ name: 'NoSuchProcessError', code: 'ESRCH', reaped: true },
    })
  })
})

describe('any other own child', () => {
  test('is reaped, with what it used', async () => {
    const { pid, states, told } = await inOwnProcess(async ({ sigkit, adopt, stateOf }) => {
      const { pids, end } = await adopt(1, 'exit', 7)
      const [pid = 0] = pids
      const answer = sigkit.wait(pid, { timeout: 20_000 })
      const before = stateOf(pid)
      end()
      return { pid, told: await answer, states: [before, stateOf(pid)] }
    }, null)
    expect(told).toEqual({
      ...{ pid, event: 'exited', code: 7, signal: null },
      ...{ coreDumped: false, rusage: usage },
    })
    expect(states).toEqual(['S', 'gone'])
  })

  test('with reap: false it stays a zombie, for whoever comes next', async () => {
    const { told, states } = await inOwnProcess(async ({ sigkit, adopt, stateOf }) => {
      const { pids, end } = await adopt(1, 'signal', 34)
      const [pid = 0] = pids
      end()
      const keep = { reap: false, timeout: 20_000 }
      const told = [await sigkit.wait(pid, keep), await sigkit.PidFd.open(pid).wait(keep)]
      const states = [stateOf(pid)]
      told.push(await sigkit.wait(pid, { timeout: 0 }))
      return { told, states: [...states, stateOf(pid)] }
    }, null)
    expect(told[0]).toMatchObject({ event: 'killed', code: null, signal: 'SIGRTMIN', rusage: usage })
    expect(told[1]).toEqual(told[0])
    expect(told[2]).toEqual(told[0])
    expect(states).toEqual(['Z', 'gone'])
  })

  test('a second wait on the same handle says the same', async () => {
    const [first, second] = await inOwnProcess(async ({ sigkit, adopt }) => {
      const { pids, end } = await adopt(1, 'exit', 7)
      const handle = sigkit.PidFd.open(pids[0] ?? 0)
      end()
      return [await handle.wait({ timeout: 20_000 }), await handle.wait({ timeout: 0 })]
    }, null)
    expect(first).toMatchObject({ event: 'exited', code: 7 })
    expect(second).toEqual(first)
  })

  test('several waits at once hear the same, once', async () => {
    const told = await inOwnProcess(async ({ sigkit, adopt, stateOf }) => {
      const { pids, end } = await adopt(1, 'exit', 7)
      const [pid = 0] = pids
      const handle = sigkit.PidFd.open(pid)
      const options = { timeout: 20_000 }
      const answers = [
        ...[sigkit.wait(pid, options), sigkit.wait(handle, options), handle.wait(options)],
        ...[handle.wait({ ...options, reap: false }), handle.wait({ ...options, stopped: true })],
      ]
      end()
      return [...(await Promise.all(answers)), stateOf(pid)]
    }, null)
    expect(told[0]).toMatchObject({ event: 'exited', code: 7, rusage: usage })
    expect(told.slice(1)).toEqual([told[0], told[0], told[0], told[0], 'gone'])
  })

  test.runIf(exitInfo)(
    `its status was stolen, or SIGCHLD ignored: the pidfd tells ${NEEDS_EXIT_INFO}`,
    async () => {
      const told = await inOwnProcess(async ({ sigkit, syscalls: s, adopt, load }) => {
        const { pids, end } = await adopt(2, 'exit', 7)
        const [stolen = 0] = pids
        const answers = pids.map((pid) => sigkit.wait(pid, { timeout: 20_000 }))
        process.kill(stolen, 'SIGTERM')
        s.waitpid(stolen)
        const first = await answers[0]
        load('take-child.so', 'SIGKIT_TEST_TAKE', 'ignore')
        end()
        const second = await answers[1]
        return [first, second]
      }, null)
      expect(told).toMatchObject([
        { event: 'killed', code: null, signal: 'SIGTERM' },
        { event: 'exited', code: 7, signal: null },
      ])
    },
  )

  test('stolen, and no exit info: NoChildError says that somebody else took it', async () => {
    const error = await inOwnProcess(
      async ({ sigkit, syscalls: s, adopt, caught }) => {
        const { pids, end } = await adopt(1, 'exit', 0)
        const [pid = 0] = pids
        const answer = sigkit.wait(pid, { timeout: 20_000 })
        end()
        s.waitpid(pid)
        return caught(() => answer)
      },
      null,
      { wrapper: sandbox(['ioctl=ENOTTY']) },
    )
    expect(error).toMatchObject({
      name: 'NoChildError',
      code: 'ECHILD',
      syscall: 'waitid',
      reapedElsewhere: true,
    })
  })
})

describe('over before anybody waited, and a handle from before', () => {
  test.runIf(exitInfo)(`what libuv has reaped: every way tells it ${NEEDS_EXIT_INFO}`, async () => {
    const own = await OwnChild.start('exit', '5')
    const byNumber = PidFd.open(own.pid)
    await expect(byNumber.wait({ timeout: 0 })).rejects.toThrow(WaitTimeoutError)
    own.end()
    await own.nodeExit
    const asMatch = { pid: own.pid, pidfd: own.handle }
    const copy = PidFd.open(own.handle)
    for (const target of [own.handle, byNumber, copy, asMatch])
      expect(await wait(target)).toMatchObject({ pid: own.pid, event: 'exited', code: 5 })
    for (const handle of [own.handle, byNumber, copy])
      expect(await handle.wait()).toMatchObject({ pid: own.pid, event: 'exited', code: 5 })
    byNumber.close()
    copy.close()
  })

  const stolen = async (wrapper: readonly string[]): Promise<unknown> =>
    inOwnProcess(
      async ({ sigkit, syscalls: s, adopt, caught, stateOf, until }) => {
        const { pids, end } = await adopt(2, 'exit', 6)
        const handles = pids.map((pid) => sigkit.PidFd.open(pid))
        end()
        await until(() => pids.every((pid) => stateOf(pid) === 'Z'), 'two zombies')
        for (const pid of pids) s.waitpid(pid)
        const [one, other] = handles
        if (one === undefined || other === undefined) throw new Error('two were asked for')
        const answers = [() => one.wait(), () => sigkit.wait(other)]
        return Promise.all(answers.map((answer) => answer().catch(() => caught(answer))))
      },
      null,
      { wrapper },
    )

  test.runIf(exitInfo)(`what was stolen: the pidfd tells ${NEEDS_EXIT_INFO}`, async () => {
    const told = { event: 'exited', code: 6, signal: null }
    expect(await stolen([])).toMatchObject([told, told])
  })

  test('and without exit info NoChildError says that somebody else took it', async () => {
    const told = { name: 'NoChildError', code: 'ECHILD', reapedElsewhere: true }
    expect(await stolen(sandbox(['ioctl=ENOTTY']))).toMatchObject([told, told])
  })

  test('once told, a handle tells it again, also where nothing else does', async () => {
    const told = await inOwnProcess(
      async ({ sigkit, adopt }) => {
        const { pids, end } = await adopt(1, 'exit', 7)
        const handle = sigkit.PidFd.open(pids[0] ?? 0)
        end()
        return [await handle.wait({ timeout: 20_000 }), await sigkit.wait(handle), await handle.wait()]
      },
      null,
      { wrapper: sandbox(['ioctl=ENOTTY']) },
    )
    expect(told[0]).toMatchObject({ event: 'exited', code: 7, rusage: usage })
    expect(told.slice(1)).toEqual([told[0], told[0]])
  })

  test('what was never a child was not reaped elsewhere', async () => {
    const error = await inOwnProcess(async ({ sigkit, caught, until, spawn, once }) => {
      // The child of a shell, which reaps it.
      const shell = spawn('sh', ['-c', 'sleep 1000 & echo $!; wait'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [line] = (await once(shell.stdout, 'data')) as [Buffer]
      const handle = sigkit.PidFd.open(Number(line))
      handle.send('SIGKILL')
      await until(() => handle.state() === 'gone', 'the reap')
      return caught(() => handle.wait())
    }, null)
    expect(error).toMatchObject({ name: 'NoChildError', code: 'ECHILD', reapedElsewhere: false })
  })
})

describe('what is no child', () => {
  test.each([
    ['the parent', process.ppid],
    ['this process', process.pid],
    ['PID 1', 1],
  ])('%s', async (_who, pid) => {
    const error = await wait(pid).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(NoChildError)
    expect(error).toMatchObject({ code: 'ECHILD', syscall: 'waitid', pid, reapedElsewhere: false })
  })

  test('nobody', async () => {
    await expect(wait(ABSENT)).rejects.toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH' })
  })
})

describe('stopped and continued', () => {
  const all = { stopped: true, continued: true }

  test("each once, the exit too, and Node's own 'exit' after all", async () => {
    const own = await OwnChild.start('exit', '7')
    const rest = { pid: own.pid, code: null, coreDumped: false, rusage: usage }
    for (let round = 0; round < 3; round++) {
      const stop = own.handle.wait(all)
      own.child.kill('SIGSTOP')
      expect(await within(stop, 'the stop')).toEqual({ ...rest, event: 'stopped', signal: 'SIGSTOP' })
      await expect(own.handle.wait({ ...all, timeout: 0 })).rejects.toBeInstanceOf(WaitTimeoutError)
      const goesOn = wait(own.child, all)
      own.child.kill('SIGCONT')
      expect(await within(goesOn, 'the continuation')).toEqual({
        ...rest,
        event: 'continued',
        signal: 'SIGCONT',
      })
      await expect(wait(own.child, { ...all, timeout: 0 })).rejects.toBeInstanceOf(WaitTimeoutError)
    }
    const end = own.handle.wait(all)
    own.end()
    expect(await within(end, 'the exit')).toMatchObject({ event: 'exited', code: 7, signal: null })
    expect(await own.nodeExit).toEqual([7, null])
  })

  test('what happened before the wait is told by it', async () => {
    const { told } = await inOwnProcess(async ({ sigkit, adopt, blockUntil, stateOf }) => {
      const { pids } = await adopt(1, 'exit', 7)
      const [pid = 0] = pids
      process.kill(pid, 'SIGSTOP')
      blockUntil(() => stateOf(pid) === 'T', 'the stop')
      const told = [await sigkit.wait(pid, { stopped: true, timeout: 0 })]
      process.kill(pid, 'SIGKILL')
      told.push(await sigkit.wait(pid, { stopped: true, continued: true, timeout: 20_000 }))
      return { told }
    }, null)
    expect(told).toMatchObject([
      { event: 'stopped', signal: 'SIGSTOP' },
      { event: 'killed', signal: 'SIGKILL' },
    ])
  })

  test('told only to those who asked, and to all of them', async () => {
    const own = await OwnChild.start('exit', '7')
    const only = own.handle.wait({ continued: true })
    const plain = wait(own.child)
    const asked = Promise.all([own.handle.wait({ stopped: true }), wait(own.pid, all), wait(own.child, all)])
    own.child.kill('SIGSTOP')
    const [first, ...others] = await within(asked, 'three waits for the stop')
    expect(first).toMatchObject({ event: 'stopped', signal: 'SIGSTOP' })
    expect(others).toEqual([first, first])
    expect(await Promise.race([only, plain, Promise.resolve('pending')])).toBe('pending')
    own.child.kill('SIGCONT')
    expect(await within(only, 'the continuation')).toMatchObject({ event: 'continued' })
    own.end()
    expect(await within(plain, 'the exit')).toMatchObject({ event: 'exited', code: 7 })
  })
})

describe('given up', () => {
  test('abort and time-out lose nothing, and leave nothing behind', async () => {
    const { codes, told, pidfds, state } = await inOwnProcess(
      async ({ sigkit, adopt, caught, countPidfds, stateOf }) => {
        const { pids, end } = await adopt(1, 'exit', 7)
        const [pid = 0] = pids
        await caught(() => sigkit.wait(pid, { stopped: true, timeout: 1 })) // what stays open from the first wait on
        const before = countPidfds()
        const aborter = new AbortController()
        const aborted = sigkit.wait(pid, { stopped: true, signal: aborter.signal })
        const late = sigkit.wait(pid, { stopped: true, timeout: 20 })
        aborter.abort(Object.assign(new Error('enough'), { code: 'ENOUGH' }))
        const codes = [(await caught(() => aborted)).code, (await caught(() => late)).code]
        codes.push((await caught(() => sigkit.wait(pid, { signal: aborter.signal }))).code)
        codes.push((await caught(() => sigkit.wait(pid, { timeout: 0 }))).code)
        const after = countPidfds()
        process.kill(pid, 'SIGSTOP')
        const told = [await sigkit.wait(pid, { stopped: true, timeout: 20_000 })]
        process.kill(pid, 'SIGCONT')
        end()
        told.push(await sigkit.wait(pid, { timeout: 20_000 }))
        return { codes, told, pidfds: after - before, state: stateOf(pid) }
      },
      null,
    )
    expect(codes).toEqual(['ENOUGH', 'ERR_WAIT_TIMEOUT', 'ENOUGH', 'ERR_WAIT_TIMEOUT'])
    expect(told).toMatchObject([{ event: 'stopped' }, { event: 'exited', code: 7 }])
    expect([pidfds, state]).toEqual([0, 'gone'])
  })

  test('the reason of the AbortSignal is what it rejects with', async () => {
    const own = await OwnChild.start('exit', '7')
    const reason = new Error('enough')
    await expect(wait(own.child, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const aborter = new AbortController()
    const pending = own.handle.wait({ signal: aborter.signal })
    aborter.abort(reason)
    await expect(pending).rejects.toBe(reason)
    expect(liveness(own.pid)).toBe('alive')
  })

  test('the handle is closed during a wait', async () => {
    const own = await OwnChild.start('exit', '7')
    const waits = [own.handle.wait(), own.handle.wait({ stopped: true, timeout: 100_000 })]
    own.handle.close()
    for (const each of waits) await expect(each).rejects.toMatchObject({ code: 'ERR_PIDFD_CLOSED' })
    await expect(own.handle.wait()).rejects.toMatchObject({ code: 'ERR_PIDFD_CLOSED' })
    expect(liveness(own.pid)).toBe('alive')
    own.end()
    expect(await own.nodeExit).toEqual([7, null])
  })
})

describe('children of other threads are only looked at', () => {
  test("a Worker's ChildProcess, from the main thread: its Worker gets its 'exit'", async () => {
    const { status, exit } = await inOwnProcess(
      async ({ sigkit, startWorker, programPath, once, within }) => {
        const worker = startWorker(({ data, port, require }) => {
          const { spawn } = require('node:child_process') as {
            spawn: typeof import('node:child_process').spawn
          }
          const child = spawn(data, ['exit', '7'], { stdio: ['pipe', 'ignore', 'inherit'] })
          child.on('exit', (code: number) => {
            port.postMessage({ exit: code })
          })
          port.on('message', () => child.stdin.end())
          port.postMessage({ pid: child.pid })
        }, programPath('ends'))
        const [{ pid }] = (await within(once(worker, 'message'), "the Worker's child")) as [{ pid: number }]
        const exited = within(once(worker, 'message'), "the 'exit' in the Worker")
        const answer = sigkit.wait(pid, { timeout: 20_000 })
        worker.postMessage('end')
        const status = await answer
        const [{ exit }] = (await exited) as [{ exit: number }]
        await worker.terminate()
        return { status, exit }
      },
      null,
    )
    expect(status).toMatchObject({ event: 'exited', code: 7 })
    expect(exit).toBe(7)
  })

  test("the main thread's children, from a Worker: an orphan stays a zombie, a ChildProcess has its 'exit'", async () => {
    const { statuses, state, reaped, exit } = await inOwnProcess(
      async ({ sigkit, adopt, startWorker, spawn, programPath, once, within, stateOf }) => {
        const { pids, end } = await adopt(1, 'exit', 7)
        const [orphan = 0] = pids
        const child = spawn(programPath('ends'), ['exit', '8'], { stdio: ['pipe', 'ignore', 'inherit'] })
        const exited = within(once(child, 'exit'), "Node's 'exit'")
        const worker = startWorker(
          ({ sigkit, data, port }) => {
            const waits = data.map((pid) => sigkit.wait(pid, { timeout: 20_000 }))
            port.postMessage('waiting')
            void Promise.all(waits).then((statuses) => {
              port.postMessage(statuses)
            })
          },
          [orphan, child.pid ?? 0],
        )
        await within(once(worker, 'message'), 'the wait of the Worker')
        const told = within(once(worker, 'message'), 'what the Worker was told')
        end()
        child.stdin?.end()
        const [statuses] = (await told) as [unknown[]]
        const state = stateOf(orphan)
        const [exit] = (await exited) as [number]
        await worker.terminate()
        const reaped = await sigkit.wait(orphan, { timeout: 0 })
        return { statuses, state, reaped: reaped.code, exit }
      },
      null,
    )
    expect(statuses).toMatchObject([
      { event: 'exited', code: 7 },
      { event: 'exited', code: 8 },
    ])
    expect([state, reaped, exit]).toEqual(['Z', 7, 8])
  })
})

describe('the event loop', () => {
  test.each([
    ['a pending wait keeps it alive', false, 'waits'],
    ['not on a handle that is unref', true, 'ends'],
  ])('%s', async (_what, unref, expected) => {
    for (const options of [{}, { stopped: true, timeout: 100_000 }]) {
      const program = startOwnProcess(
        async ({ sigkit, adopt, say }, { unref, options }) => {
          const { pids } = await adopt(1, 'exit', 7)
          const handle = sigkit.PidFd.open(pids[0] ?? 0)
          const answer = handle.wait(options) // before the unref
          if (unref) handle.unref()
          void answer.then((status) => {
            say({ told: status.signal })
          })
          process.once('beforeExit', () => {
            say({ empty: true })
          })
          return pids[0]
        },
        { unref, options },
        { stay: true },
      )
      const pid = await resultOf<number>(program)
      if (expected === 'ends') {
        expect(await program.next('the end of the loop')).toEqual({ empty: true })
        expect(await program.ended()).toEqual({ code: 0, signal: null })
        continue
      }
      process.kill(pid, 'SIGKILL')
      expect(await program.next('what the wait says')).toEqual({ told: 'SIGKILL' })
      expect(await program.next('the end of the loop')).toEqual({ empty: true })
    }
  })
})

describe('bad arguments reject, and nothing is waited for', () => {
  const options: [unknown, string][] = [
    [null, 'ERR_INVALID_ARG_TYPE'],
    [7, 'ERR_INVALID_ARG_TYPE'],
    [{ timeout: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ timeout: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ timeout: NaN }, 'ERR_OUT_OF_RANGE'],
    [{ signal: {} }, 'ERR_INVALID_ARG_TYPE'],
    [{ stopped: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ continued: 'yes' }, 'ERR_INVALID_ARG_TYPE'],
    [{ reap: null }, 'ERR_INVALID_ARG_TYPE'],
  ]
  test.each(options)('options %j', async (bad, code) => {
    using handle = PidFd.open(process.pid)
    for (const call of [
      () => wait(process.pid, bad as ChildWaitOptions),
      () => handle.wait(bad as ChildWaitOptions),
    ]) {
      const pending = call() // throws nothing itself
      await expect(pending).rejects.toMatchObject({ code })
    }
  })

  test.each([0, -1, 1.5, NaN, 'x', null, undefined, {}])('target %s', async (target) => {
    const pending = wait(target as Target)
    const error = await pending.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    expect((error as { code: string }).code).toMatch(/^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/)
  })

  test('a handle on a thread', async () => {
    const child = spawn(programPath('ends'), ['exit', '7'], { stdio: ['pipe', 'pipe', 'inherit'] })
    await within(once(child.stdout, 'data'), 'ends to be ready')
    using handle = PidFd.open(child.pid ?? 0, { thread: true })
    await expect(handle.wait()).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    const exited = once(child, 'exit')
    child.stdin.end()
    expect(await within(exited, "Node's 'exit'")).toEqual([7, null])
  })
})
