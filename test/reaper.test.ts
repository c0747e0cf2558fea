/** reap() and startReaper(): every orphan is reaped, and nobody's exit is stolen. Each case in a process of its own. */
import {
  isChildSubreaper,
  liveness,
  PidFd,
  reap,
  setChildSubreaper,
  startReaper,
  type ReaperOptions,
} from 'sigkit'
import { describe, expect, test } from 'vitest'
import { blockUntil } from './helpers/deadline.js'
import { inOwnProcess, resultOf, startOwnProcess } from './helpers/own-process.js'
import { thrown } from './helpers/thrown.js'

const usage = expect.objectContaining({ maxRSS: expect.any(Number) as number }) as object

describe('reap()', () => {
  test('takes every orphan that has ended, now, with status and rusage', async () => {
    const { pids, told, states, again } = await inOwnProcess(
      async ({ sigkit, adopt, blockUntil, stateOf }) => {
        const living = await adopt(1, 'exit', 9)
        const exited = await adopt(2, 'exit', 7)
        const killed = await adopt(1, 'signal', 34)
        exited.end()
        killed.end()
        const ended = [...exited.pids, ...killed.pids]
        blockUntil(() => ended.every((pid) => stateOf(pid) === 'Z'), 'three zombies')
        const told = sigkit.reap()
        const states = [...ended, ...living.pids].map(stateOf)
        return { pids: ended, told, states, again: sigkit.reap() }
      },
      null,
    )
    const exited = { event: 'exited', code: 7, signal: null, coreDumped: false, rusage: usage }
    const killed = { event: 'killed', code: null, signal: 'SIGRTMIN', coreDumped: false, rusage: usage }
    expect(told.sort((a, b) => pids.indexOf(a.pid) - pids.indexOf(b.pid))).toEqual([
      { pid: pids[0], ...exited },
      { pid: pids[1], ...exited },
      { pid: pids[2], ...killed },
    ])
    expect(states).toEqual(['gone', 'gone', 'gone', 'S'])
    expect(again).toEqual([])
  })

  test("leaves alone what is libuv's: a zombie of child_process, a child of a Worker", async () => {
    const { taken, zombies, exits } = await inOwnProcess(
      async ({ sigkit, spawn, startWorker, programPath, once, within, blockUntil, stateOf }) => {
        const child = spawn(programPath('ends'), ['exit', '7'], { stdio: ['pipe', 'pipe', 'inherit'] })
        const exited = within(once(child, 'exit'), "Node's 'exit'")
        const lock = new SharedArrayBuffer(4)
        const worker = startWorker(
          ({ data, port, require }) => {
            const { spawn } = require('node:child_process') as {
              spawn: typeof import('node:child_process').spawn
            }
            const child = spawn(data.program, ['exit', '8'], { stdio: ['pipe', 'ignore', 'inherit'] })
            child.on('exit', (code: number | null, signal: string | null) => {
              port.postMessage(code ?? signal)
            })
            port.postMessage(child.pid)
            // Blocks until the main thread has looked, so that its loop cannot reap.
            Atomics.wait(new Int32Array(data.lock), 0, 0, 20_000)
          },
          { program: programPath('ends'), lock },
        )
        const [pid] = (await within(once(worker, 'message'), "the Worker's child")) as [number]
        const inWorker = within(once(worker, 'message'), "the 'exit' in the Worker")
        const pids = [child.pid ?? 0, pid]
        for (const each of pids) process.kill(each, 'SIGKILL')
        blockUntil(() => pids.every((each) => stateOf(each) === 'Z'), 'two zombies')
        const taken = sigkit.reap()
        const zombies = pids.map(stateOf)
        Atomics.store(new Int32Array(lock), 0, 1)
        Atomics.notify(new Int32Array(lock), 0)
        const [, signal] = (await exited) as [number, string]
        const [ofWorker] = (await inWorker) as [string]
        await worker.terminate()
        return { taken, zombies, exits: [signal, ofWorker] }
      },
      null,
    )
    expect(taken).toEqual([])
    expect(zombies).toEqual(['Z', 'Z'])
    expect(exits).toEqual(['SIGKILL', 'SIGKILL'])
  })

  test('in a Worker: ERR_WORKER_UNSUPPORTED_OPERATION, and startReaper as well', async () => {
    const told = await inOwnProcess(async ({ startWorker, once, within }) => {
      const worker = startWorker(({ sigkit, port }) => {
        const codes = [() => sigkit.reap(), () => sigkit.startReaper()].map((call) => {
          try {
            return call()
          } catch (error) {
            return [(error as Error).name, (error as { code: string }).code]
          }
        })
        port.postMessage(codes)
      }, null)
      const [codes] = (await within(once(worker, 'message'), 'the word of the Worker')) as [unknown]
      return codes
    }, null)
    const refused = ['TypeError', 'ERR_WORKER_UNSUPPORTED_OPERATION']
    expect(told).toEqual([refused, refused])
  })

  test('here it has nothing to take', () => {
    expect(reap()).toEqual([])
  })
})

describe('startReaper()', () => {
  test('reaps orphans, those that were zombies before and those that come, and announces each once', async () => {
    const { pids, told, reaped, dropped } = await inOwnProcess(
      async ({ sigkit, adopt, blockUntil, until, stateOf }) => {
        const before = await adopt(3, 'exit', 7)
        before.end()
        blockUntil(() => before.pids.every((pid) => stateOf(pid) === 'Z'), 'three zombies')
        const told: unknown[] = []
        const reaper = sigkit.startReaper({ graceMs: 0, onReap: (status) => told.push(status) })
        const after = await adopt(3, 'exit', 7)
        after.end()
        const pids = [...before.pids, ...after.pids]
        await until(() => pids.every((pid) => stateOf(pid) === 'gone'), 'all to be reaped')
        const { reaped, dropped } = reaper
        return { pids, told, reaped, dropped }
      },
      null,
    )
    const status = { event: 'exited', code: 7, signal: null, coreDumped: false, rusage: usage }
    const sorted = (told as { pid: number }[]).sort((a, b) => pids.indexOf(a.pid) - pids.indexOf(b.pid))
    expect(sorted).toEqual(pids.map((pid) => ({ pid, ...status })))
    expect([reaped, dropped]).toEqual([6, 0])
  })

  test("with a grace of 0 beside Node's own: spawn, spawnSync, execFile, fork, cluster, a Worker", async () => {
    const { exits, reaped } = await inOwnProcess(
      async ({ sigkit, adopt, until, within, once, stateOf, ...inside }) => {
        const { spawn, spawnSync, execFile, cluster, startWorker, programPath } = inside
        const reaper = sigkit.startReaper({ graceMs: 0 })
        const { pids, end } = await adopt(5, 'exit', 9)
        const exits: Record<string, unknown> = {}
        const spawned = spawn(programPath('ends'), ['exit', '7'], { stdio: ['pipe', 'ignore', 'inherit'] })
        const exit = within(once(spawned, 'exit'), "spawn's 'exit'")
        spawned.stdin?.end()
        end()
        exits.spawnSync = spawnSync(programPath('ends'), ['exit', '8'], { input: '' }).status
        exits.spawn = (await exit)[0]
        exits.execFile = await within(
          new Promise((resolve) => {
            // Without a sanitizer in LD_PRELOAD, which dash does not survive.
            execFile('sh', ['-c', 'exit 10'], { env: { PATH: process.env.PATH } }, (error) => {
              resolve(error?.code)
            })
          }),
          "execFile's callback",
        )
        cluster.setupPrimary({ exec: 'none', execArgv: ['-e', 'process.exit(13)'] })
        exits.cluster = (await within(once(cluster.fork(), 'exit'), "the cluster worker's 'exit'"))[0]
        const worker = startWorker(({ data, port, require }) => {
          const { spawn, spawnSync } = require('node:child_process') as typeof import('node:child_process')
          const sync = spawnSync(data, ['exit', '11'], { input: '' }).status
          const child = spawn(data, ['exit', '12'], { stdio: ['pipe', 'ignore', 'inherit'] })
          child.on('exit', (code: number) => {
            port.postMessage([sync, code])
          })
          child.stdin.end()
        }, programPath('ends'))
        exits.worker = (await within(once(worker, 'message'), 'the exits in the Worker'))[0]
        await worker.terminate()
        await until(() => pids.every((pid) => stateOf(pid) === 'gone'), 'the orphans to be reaped')
        return { exits, reaped: reaper.reaped }
      },
      null,
    )
    expect(exits).toEqual({ spawn: 7, spawnSync: 8, execFile: 10, cluster: 13, worker: [11, 12] })
    expect(reaped).toBe(5)
  })

  test('what isOwned claims is never reaped', async () => {
    const { state, asked, reaped } = await inOwnProcess(async ({ sigkit, adopt, until, stateOf }) => {
      const { pids, end } = await adopt(2, 'exit', 7)
      const [claimed = 0, other = 0] = pids
      let asked = false
      const reaper = sigkit.startReaper({
        graceMs: 0,
        isOwned: (pid) => {
          asked ||= pid === claimed && stateOf(pid) === 'Z'
          return pid === claimed
        },
      })
      end()
      await until(() => asked && stateOf(other) === 'gone', 'the other to be reaped')
      return { state: stateOf(claimed), asked, reaped: reaper.reaped }
    }, null)
    expect({ state, asked, reaped }).toEqual({ state: 'Z', asked: true, reaped: 1 })
  })

  test.each([
    ['within the grace the owner gets the status', 600, 100, 7],
    ['with a grace that is too short it does not', 0, 1500, -1],
  ])('native code forked a child of its own: %s', async (_what, graceMs, delay, expected) => {
    const program = startOwnProcess(
      async ({ sigkit, load }, { graceMs, delay }) => {
        const reaper = sigkit.startReaper({ graceMs })
        load('native-parent.so', 'SIGKIT_TEST_NATIVE', `fork 7 ${delay}`)
        await new Promise((resolve) => process.stdin.once('data', resolve))
        return reaper.reaped
      },
      { graceMs, delay },
    )
    await program.next('the child')
    expect(await program.next('the owner')).toEqual({ collected: expected })
    program.write('done')
    expect(await resultOf(program)).toBe(expected === -1 ? 1 : 0)
  })

  test('graceMs: not before, and soon after', async () => {
    const { took } = await inOwnProcess(async ({ sigkit, adopt, blockUntil, stateOf, until }) => {
      const { pids, end } = await adopt(1, 'exit', 7)
      const [pid = 0] = pids
      end()
      blockUntil(() => stateOf(pid) === 'Z', 'the zombie')
      const since = performance.now()
      let took = 0
      sigkit.startReaper({ graceMs: 300, onReap: () => (took = performance.now() - since) })
      await until(() => took > 0, 'the reap')
      return { took }
    }, null)
    expect(took).toBeGreaterThanOrEqual(299)
    expect(took).toBeLessThan(3000)
  })

  test('a stream of other SIGCHLDs does not put it off', async () => {
    const { took, signals } = await inOwnProcess(async ({ sigkit, adopt, until, stateOf }) => {
      const { pids, end } = await adopt(1, 'exit', 7)
      const [pid = 0] = pids
      let signals = 0
      process.on('SIGCHLD', () => signals++)
      let took = 0
      end()
      await until(() => stateOf(pid) === 'Z', 'the zombie')
      const since = performance.now()
      // One in every turn of the loop.
      const stream = (): void => {
        if (took > 0) return
        process.kill(process.pid, 'SIGCHLD')
        setImmediate(stream)
      }
      stream()
      sigkit.startReaper({ graceMs: 200, onReap: () => (took = performance.now() - since) })
      await until(() => took > 0, 'the reap')
      return { took, signals }
    }, null)
    expect(signals).toBeGreaterThan(100)
    expect(took).toBeLessThan(1500)
  })

  test('onReap and isOwned that throw: uncaught exceptions, and the reaping goes on', async () => {
    const { uncaught, reaped, states } = await inOwnProcess(async ({ sigkit, adopt, until, stateOf }) => {
      const uncaught: string[] = []
      process.on('uncaughtException', (error) => uncaught.push(error.message))
      const { pids, end } = await adopt(3, 'exit', 7)
      const [feared] = pids
      const reaper = sigkit.startReaper({
        graceMs: 0,
        onReap: ({ code }) => {
          throw new Error(`told of ${String(code)}`)
        },
        isOwned: (pid) => {
          if (pid === feared) throw new Error('not that one')
          return false
        },
      })
      end()
      await until(() => reaper.reaped === 2 && pids.every((pid) => /Z|gone/.test(stateOf(pid))), 'two reaps')
      return { uncaught, reaped: reaper.reaped, states: pids.map(stateOf) }
    }, null)
    expect(uncaught.filter((message) => message === 'told of 7')).toHaveLength(2)
    expect([...new Set(uncaught)].sort()).toEqual(['not that one', 'told of 7'])
    expect([reaped, states]).toEqual([2, ['Z', 'gone', 'gone']])
  })

  test('stopped in its own onReap it takes no more', async () => {
    const { reaped, told, zombies } = await inOwnProcess(
      async ({ sigkit, adopt, until, turn, blockUntil, stateOf }) => {
        const { pids, end } = await adopt(5, 'exit', 7)
        end()
        blockUntil(() => pids.every((pid) => stateOf(pid) === 'Z'), 'five zombies')
        let told = 0
        const reaper = sigkit.startReaper({
          graceMs: 0,
          onReap: () => {
            told++
            reaper.stop()
          },
        })
        await until(() => told > 0, 'the first reap')
        await turn()
        const zombies = pids.filter((pid) => stateOf(pid) === 'Z').length
        return { reaped: reaper.reaped, told, zombies }
      },
      null,
    )
    expect({ reaped, told, zombies }).toEqual({ reaped: 1, told: 1, zombies: 4 })
  })

  test('stop() is idempotent, and from then on nothing is reaped', async () => {
    const { states, reaped } = await inOwnProcess(async ({ sigkit, adopt, until, stateOf, pause }) => {
      const reaper = sigkit.startReaper({ graceMs: 0 })
      const first = await adopt(1, 'exit', 7)
      first.end()
      await until(() => reaper.reaped === 1, 'the first reap')
      reaper.stop()
      reaper.stop()
      reaper[Symbol.dispose]()
      const second = await adopt(1, 'exit', 7)
      let seen = false
      process.once('SIGCHLD', () => (seen = true))
      second.end()
      await until(() => seen && second.pids.map(stateOf)[0] !== 'S', 'SIGCHLD')
      await pause(50) // ten times what a reaper takes
      const states = second.pids.map(stateOf)
      // A new one takes what is left.
      const next = sigkit.startReaper({ graceMs: 0 })
      await until(() => next.reaped === 1, 'the reap by a new one')
      return { states, reaped: reaper.reaped }
    }, null)
    expect({ states, reaped }).toEqual({ states: ['Z'], reaped: 1 })
  })

  test('two reapers: both are told, the longer grace and every claim count, until they are stopped', async () => {
    const { early, told, claimed } = await inOwnProcess(
      async ({ sigkit, adopt, blockUntil, until, stateOf }) => {
        const { pids, end } = await adopt(3, 'exit', 7)
        end()
        blockUntil(() => pids.every((pid) => stateOf(pid) === 'Z'), 'three zombies')
        const since = performance.now()
        const [claim] = pids
        const told: [string, number][] = []
        const hasty = sigkit.startReaper({ graceMs: 0, onReap: ({ pid }) => told.push(['hasty', pid]) })
        const patient = sigkit.startReaper({
          graceMs: 300,
          isOwned: (pid) => pid === claim,
          onReap: ({ pid }) => told.push(['patient', pid]),
        })
        await until(() => patient.reaped === 2, 'the first two')
        const early = performance.now() - since
        const claimed = [stateOf(claim ?? 0)]
        patient.stop()
        await until(() => hasty.reaped === 3, 'the third')
        claimed.push(stateOf(claim ?? 0))
        return { early, claimed, told: told.map(([who, pid]) => `${who} ${pids.indexOf(pid)}`) }
      },
      null,
    )
    expect(early).toBeGreaterThanOrEqual(299)
    expect(told.sort()).toEqual(['hasty 0', 'hasty 1', 'hasty 2', 'patient 1', 'patient 2'])
    expect(claimed).toEqual(['Z', 'gone'])
  })

  test('subreaper: as long as one of them wants it, and what it was before afterwards', async () => {
    const told = await inOwnProcess(({ sigkit }) => {
      const was = sigkit.isChildSubreaper()
      const kept = sigkit.startReaper({ subreaper: true })
      kept.stop()
      const stays = sigkit.isChildSubreaper()
      sigkit.setChildSubreaper(false)
      const plain = sigkit.startReaper()
      const without = sigkit.isChildSubreaper()
      const [first, second] = [
        sigkit.startReaper({ subreaper: true }),
        sigkit.startReaper({ subreaper: true }),
      ]
      const during = sigkit.isChildSubreaper()
      first.stop()
      const one = sigkit.isChildSubreaper()
      second.stop()
      second.stop()
      const none = sigkit.isChildSubreaper()
      plain.stop()
      sigkit.startReaper({ subreaper: true })[Symbol.dispose]()
      return { was, stays, without, during, one, none, after: sigkit.isChildSubreaper() }
    }, null)
    expect(told).toEqual({
      ...{ was: true, stays: true, without: false, during: true, one: true, none: false, after: false },
    })
  })

  const bad: [unknown, string][] = [
    [null, 'ERR_INVALID_ARG_TYPE'],
    [7, 'ERR_INVALID_ARG_TYPE'],
    [{ subreaper: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ subreaper: true, graceMs: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ subreaper: true, graceMs: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ subreaper: true, graceMs: NaN }, 'ERR_OUT_OF_RANGE'],
    [{ subreaper: true, graceMs: 2 ** 31 }, 'ERR_OUT_OF_RANGE'],
    [{ subreaper: true, onReap: 'x' }, 'ERR_INVALID_ARG_TYPE'],
    [{ subreaper: true, isOwned: {} }, 'ERR_INVALID_ARG_TYPE'],
  ]
  test.each(bad)('options %j throw before anything starts', (options, code) => {
    expect(thrown(() => startReaper(options as ReaperOptions)).code).toBe(code)
    expect(isChildSubreaper()).toBe(false)
  })

  test('setChildSubreaper takes a boolean', () => {
    expect(
      thrown(() => {
        setChildSubreaper(1 as unknown as boolean)
      }).code,
    ).toBe('ERR_INVALID_ARG_TYPE')
  })
})

describe('iterating', () => {
  test('gives each as it comes, ends at stop()', async () => {
    const { pids, told, end } = await inOwnProcess(async ({ sigkit, adopt, within }) => {
      const reaper = sigkit.startReaper({ graceMs: 0 })
      const { pids, end } = await adopt(3, 'exit', 7)
      const told: number[] = []
      const iteration = (async () => {
        for await (const { pid } of reaper) {
          told.push(pid)
          if (told.length === 3)
            setImmediate(() => {
              reaper.stop()
            })
        }
        return 'over'
      })()
      end()
      const over = await within(iteration, 'the end of the iteration')
      const after = await reaper[Symbol.asyncIterator]().next()
      return { pids, told, end: [over, after.done] }
    }, null)
    expect(told.sort()).toEqual(pids.sort())
    expect(end).toEqual(['over', true])
  })

  test('a step that is pending when the iteration is left takes nothing from others', async () => {
    const { first, second, reaped } = await inOwnProcess(async ({ sigkit, adopt, within }) => {
      const reaper = sigkit.startReaper({ graceMs: 0 })
      const [left, other] = [reaper[Symbol.asyncIterator](), reaper[Symbol.asyncIterator]()]
      const first = left.next()
      const second = other.next()
      await left.return?.()
      const { end } = await adopt(1, 'exit', 7)
      end()
      const [one, two] = await within(Promise.all([first, second]), 'both steps')
      return { first: one, second: two, reaped: reaper.reaped }
    }, null)
    expect(first).toEqual({ done: true })
    expect(second).toMatchObject({ done: false, value: { code: 7 } })
    expect(reaped).toBe(1)
  })

  test('what was reaped before is there, without onReap; a step after return() is over', async () => {
    const { told, after, withOnReap } = await inOwnProcess(async ({ sigkit, adopt, until, within }) => {
      const reaper = sigkit.startReaper({ graceMs: 0 })
      const other = sigkit.startReaper({ graceMs: 0, onReap: () => undefined })
      const { end } = await adopt(3, 'exit', 7)
      end()
      await until(() => reaper.reaped === 3, 'three reaps')
      const iterator = reaper[Symbol.asyncIterator]()
      const told: (number | null | undefined)[] = []
      for (let i = 0; i < 3; i++) told.push((await within(iterator.next(), 'a step')).value?.code)
      await iterator.return?.()
      const after = (await within(iterator.next(), 'a step after return()')).done
      const late = other[Symbol.asyncIterator]()
      const step = late.next()
      await late.return?.()
      return { told, after, withOnReap: [(await step).done, other.reaped, other.dropped] }
    }, null)
    expect({ told, after, withOnReap }).toEqual({ told: [7, 7, 7], after: true, withOnReap: [true, 3, 0] })
  })

  test('4096 unread ones are kept, `dropped` counts the rest', async () => {
    const { reaped, dropped, read } = await inOwnProcess(async ({ sigkit, adopt, until }) => {
      const reaper = sigkit.startReaper({ graceMs: 0 })
      const iterator = reaper[Symbol.asyncIterator]()
      for (let round = 1; round <= 5; round++) {
        const { end } = await adopt(840, 'exit', 7)
        end()
        await until(() => reaper.reaped === 840 * round, `${840 * round} reaps`)
      }
      reaper.stop()
      let read = 0
      while ((await iterator.next()).done !== true) read++
      return { reaped: reaper.reaped, dropped: reaper.dropped, read }
    }, null)
    expect({ reaped, dropped, read }).toEqual({ reaped: 4200, dropped: 104, read: 4096 })
  })
})

describe('the event loop', () => {
  test.each([
    ['unref by default', 'plain', 'ends'],
    ['a reaper that is ref keeps it alive', 'ref', 'stays'],
    ['not when it is unref again', 'unref', 'ends'],
    ['a pending step keeps it alive', 'step', 'stays'],
    ['not when it was answered', 'answered', 'ends'],
    ['a reaper that was stopped keeps nothing alive', 'stopped', 'ends'],
  ])('%s', async (_what, how, expected) => {
    const program = startOwnProcess(
      async ({ sigkit, adopt, say }, how) => {
        const reaper = sigkit.startReaper({ graceMs: 0 })
        const { pids } = await adopt(2, 'exit', 7)
        if (how !== 'plain' && how !== 'step' && how !== 'answered') reaper.ref()
        if (how === 'unref') reaper.unref()
        if (how === 'stopped') reaper.stop()
        if (how === 'stopped') reaper.ref()
        const iterator = reaper[Symbol.asyncIterator]()
        const step = (): unknown =>
          iterator.next().then(({ value }) => {
            say({ signal: value?.signal })
          })
        if (how === 'step') step()
        if (how === 'answered') {
          const [pid = 0] = pids
          process.kill(pid, 'SIGKILL')
          await iterator.next()
        }
        process.once('beforeExit', () => {
          say({ empty: true, reaped: reaper.reaped })
        })
        return pids[1]
      },
      how,
      { stay: true },
    )
    const pid = await resultOf<number>(program)
    if (expected === 'ends') {
      const reaped = how === 'answered' ? 1 : 0
      expect(await program.next('the end of the loop')).toEqual({ empty: true, reaped })
      expect(await program.ended()).toEqual({ code: 0, signal: null })
    } else if (how === 'step') {
      process.kill(pid, 'SIGTERM')
      expect(await program.next('the step')).toEqual({ signal: 'SIGTERM' })
      expect(await program.next('the end of the loop')).toEqual({ empty: true, reaped: 1 })
    } else {
      // Nothing is pending in it but the reaper, and still it reaps: the loop is alive.
      using handle = PidFd.open(pid)
      process.kill(pid, 'SIGTERM')
      blockUntil(() => handle.state() === 'gone', 'the reap')
      expect(liveness(program.pid)).toBe('alive')
    }
  })
})
