/** Ending single processes: the stages, the outcomes, and what is refused. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { getEventListeners } from 'node:events'
import * as sigkit from 'sigkit'
import {
  PidFd,
  ProcessRef,
  terminate,
  type Target,
  type TerminateOptions,
  type TerminationProgress,
} from 'sigkit'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { blockUntil } from './helpers/deadline.js'
import { startNode, startProgram } from './helpers/fixture.js'
import { Keeper } from './helpers/keeper.js'
import { OwnChild } from './helpers/own-child.js'
import {
  asNobody,
  canNamespace,
  deniedAncestor,
  isRoot,
  NEEDS_NAMESPACE,
  NEEDS_ROOT,
  hasKernelThreads,
} from './helpers/privilege.js'
import { stateOf } from './helpers/process-status.js'
import { Receiver } from './helpers/receiver.js'
import { TargetProgram } from './helpers/target.js'

function threadStatesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map(
    (tid) => readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1').split(') ').at(-1)?.[0] ?? '',
  )
}

const row = (fields: object): unknown => expect.objectContaining(fields)

/** What is told of each step, without the times. */
function recorder(): { steps: string[]; onProgress: (event: TerminationProgress) => void } {
  const steps: string[] = []
  const onProgress = ({ event, signal, remaining }: TerminationProgress): void => {
    steps.push(`${event} ${signal ?? '-'} ${remaining}`)
  }
  return { steps, onProgress }
}

describe('one process', () => {
  test('ends by the first signal', async () => {
    const target = await TargetProgram.start('')
    const { steps, onProgress } = recorder()
    const report = await terminate(target.pid, { onProgress })
    const exit = row({ pid: target.pid, code: null, signal: 'SIGTERM', known: true })
    expect(report).toEqual({
      complete: true,
      processes: [
        {
          pid: target.pid,
          comm: 'target',
          outcome: 'killed',
          by: 'SIGTERM',
          exit,
          tookMs: expect.any(Number) as number,
        },
      ],
    })
    expect(steps).toEqual(['signalled SIGTERM 1', 'ended SIGTERM 0'])
  })

  test('that handles the signal exits with its code', async () => {
    const target = await TargetProgram.start('exit 9')
    const { complete, processes } = await terminate(target.pid)
    expect(complete).toBe(true)
    expect(processes).toEqual([
      row({ outcome: 'exited', by: 'SIGTERM', exit: row({ code: 9, signal: null }) }),
    ])
  })

  test('that ignores it is killed when the grace is over, and not before', async () => {
    const target = await TargetProgram.start('ignore')
    const { steps, onProgress } = recorder()
    const { processes } = await terminate(target.pid, { grace: 150, onProgress })
    expect(processes).toEqual([row({ outcome: 'killed', by: 'SIGKILL', exit: row({ signal: 'SIGKILL' }) })])
    expect(steps).toEqual(['signalled SIGTERM 1', 'signalled SIGKILL 1', 'ended SIGKILL 0'])
    expect(processes[0]?.tookMs).toBeGreaterThanOrEqual(150)
  })

  test('survives where nothing stronger is allowed', async () => {
    const target = await TargetProgram.start('ignore')
    const { steps, onProgress } = recorder()
    const report = await terminate(target.pid, { grace: 20, killSignal: false, timeout: 20, onProgress })
    expect(report.complete).toBe(false)
    expect(report.processes).toEqual([row({ outcome: 'survived', by: 'SIGTERM', exit: null })])
    expect(report.processes[0]).not.toHaveProperty('stuck')
    expect(report.processes[0]?.tookMs).toBeGreaterThanOrEqual(40)
    expect(steps).toEqual(['signalled SIGTERM 1', 'survived SIGTERM 1'])
    expect(target.living).toEqual([target.pid])
  })

  test('gets the signals that were asked for', async () => {
    const target = await TargetProgram.start('ignore')
    const { processes } = await terminate(target.pid, { signal: 'SIGWINCH', grace: 0, killSignal: 'SIGUSR1' })
    expect(processes).toEqual([row({ by: 'SIGUSR1', exit: row({ signal: 'SIGUSR1' }) })])
  })

  test('that is stopped acts on the signal, since it is woken', async () => {
    const target = await TargetProgram.start('exit 3 stop')
    blockUntil(() => stateOf(target.pid) === 'T', 'the stop')
    const { steps, onProgress } = recorder()
    const { processes } = await terminate(target.pid, { onProgress })
    expect(processes).toEqual([row({ outcome: 'exited', by: 'SIGTERM', exit: row({ code: 3 }) })])
    expect(steps).toEqual(['signalled SIGTERM 1', 'resumed SIGCONT 1', 'ended SIGTERM 0'])
  })

  test('that is not stopped gets no SIGCONT', async () => {
    const receiver = await Receiver.start({ detached: true })
    await terminate(receiver.pid, { grace: 50, killSignal: false, timeout: 0 })
    expect((await receiver.drain()).map(({ signo }) => signo)).toEqual([15])
  })

  test('that was reaped is gone, by number, by handle and by reference', async () => {
    const target = await TargetProgram.start('')
    const handle = PidFd.open(target.pid)
    const reference = ProcessRef.of(target.pid)
    await terminate(target.pid)
    await target.program.ended()
    for (const one of [target.pid, reference]) {
      const report = await terminate(one)
      expect(report.complete).toBe(true)
      expect(report.processes).toEqual([
        { pid: target.pid, comm: null, outcome: 'already-gone', by: null, exit: null, tookMs: 0 },
      ])
    }
    const report = await terminate(handle)
    expect(report).toMatchObject({ complete: true, processes: [{ outcome: 'already-gone', by: null }] })
    handle.close()
  })

  test('that is a zombie had ended: its parent does not reap it', async () => {
    const keeper = await Keeper.start(['exit', '7'])
    keeper.end()
    blockUntil(() => stateOf(keeper.pid) === 'Z', 'the zombie')
    const { complete, processes } = await terminate(keeper.pid)
    expect(complete).toBe(true)
    const exit = row(isRoot ? { code: 7, known: true } : {})
    expect(processes).toEqual([row({ outcome: 'already-gone', stuck: 'zombie', by: null, exit })])
  })

  test('whose parent does not reap it has ended all the same', async () => {
    const keeper = await Keeper.start(['exit', '0'])
    const { complete, processes } = await terminate(keeper.pid, { grace: 20_000 })
    expect(complete).toBe(true)
    expect(processes[0]).toMatchObject({ outcome: 'killed', by: 'SIGTERM', exit: { signal: 'SIGTERM' } })
    expect(processes[0]).not.toHaveProperty('stuck')
    expect(stateOf(keeper.pid)).toBe('Z')
  })

  test('as a ChildProcess, whose own exit event comes as always', async () => {
    const child = spawn('sleep', ['100'])
    const exited = once(child, 'exit')
    const { processes } = await terminate(child)
    expect(processes).toEqual([row({ comm: 'sleep', outcome: 'killed', by: 'SIGTERM' })])
    expect(await exited).toEqual([null, 'SIGTERM'])
    expect(await terminate(child)).toMatchObject({ complete: true, processes: [{ outcome: 'already-gone' }] })
  })
})

describe('several', () => {
  test('are ended together, each with its row, in the order that was asked', async () => {
    const targets = await Promise.all([
      TargetProgram.start('ignore'),
      TargetProgram.start('exit 5'),
      TargetProgram.start(''),
    ])
    const pids = targets.map(({ pid }) => pid)
    const { complete, processes } = await terminate([...pids, ABSENT], { grace: 100 })
    expect(complete).toBe(true)
    expect(processes.map(({ pid, outcome, by }) => [pid, outcome, by])).toEqual([
      [pids[0], 'killed', 'SIGKILL'],
      [pids[1], 'exited', 'SIGTERM'],
      [pids[2], 'killed', 'SIGTERM'],
      [ABSENT, 'already-gone', null],
    ])
  })

  test('that are one have one row and get one signal', async () => {
    const receiver = await Receiver.start({ detached: true })
    const handle = PidFd.open(receiver.pid)
    const targets = [receiver.pid, { pid: receiver.pid }, handle, handle.identity]
    const options = { grace: 20, killSignal: false, timeout: 0 } as const
    expect((await terminate(targets, options)).processes).toHaveLength(1)
    expect((await terminate([ABSENT, ABSENT])).processes).toHaveLength(1)
    expect(handle.closed).toBe(false)
    handle.close()
    expect((await receiver.drain()).map(({ signo }) => signo)).toEqual([15])
  })

  test('that are none are done', async () => {
    expect(await terminate([])).toEqual({ complete: true, processes: [] })
  })

  test('that are matches are ended through their own handles', async () => {
    const target = await TargetProgram.start('')
    // The number says somebody else: what counts is the handle.
    const match = { pid: 1, pidfd: PidFd.open(target.pid) }
    const { processes } = await terminate([match])
    expect(processes).toEqual([row({ pid: target.pid, outcome: 'killed' })])
    expect(match.pidfd.closed).toBe(false)
    match.pidfd.close()
  })
})

describe('what cannot be ended', () => {
  const denied = isRoot ? undefined : deniedAncestor()
  test.runIf(denied !== undefined)(
    'denied: a row, and nothing to wait for [needs an ancestor of another user]',
    async () => {
      const { complete, processes } = await terminate(denied ?? 0, { grace: 10_000 })
      expect({ complete, processes }).toMatchObject({
        complete: false,
        processes: [{ outcome: 'denied', by: null }],
      })
    },
  )

  test.runIf(isRoot)(`denied as another user, beside one that is not ${NEEDS_ROOT}`, async () => {
    const target = await TargetProgram.start('')
    const caller = startNode('terminate.mjs', {
      wrapper: asNobody,
      args: [JSON.stringify([target.pid]), '{}'],
    })
    const report = await caller.next<{ report: sigkit.TerminationReport; events: TerminationProgress[] }>()
    expect(report.report).toMatchObject({
      complete: false,
      processes: [{ pid: target.pid, outcome: 'denied', by: null, exit: null }],
    })
    expect(report.events.map(({ event, signal }) => [event, signal])).toEqual([['denied', 'SIGTERM']])
    expect(target.living).toEqual([target.pid])
  })

  test('a thread id is no process', async () => {
    const threads = startProgram('threads', ['1'])
    const { tids } = await threads.next<{ tids: [number] }>('the threads')
    const report = await terminate(tids[0])
    expect(report).toMatchObject({ complete: true, processes: [{ pid: tids[0], outcome: 'already-gone' }] })
    expect('SR').toContain(stateOf(threads.pid))
  })

  test('one row for each, however often it is named and whatever names it', async () => {
    const own = await OwnChild.start('exit', '0')
    const { pid } = own
    using second = PidFd.open(pid)
    const ended = own.handle.exited()
    own.child.stdin?.end()
    await ended
    await own.nodeExit
    const rows = async (...targets: Target[]): Promise<unknown> => (await terminate(targets)).processes
    const row = [{ pid, outcome: 'already-gone', by: null }]
    expect(await rows(own.handle, second)).toMatchObject(row)
    expect(await rows(own.handle, own.handle)).toMatchObject(row)
    expect(await rows(pid, own.handle)).toMatchObject([{ ...row[0], exit: { code: 0 } }])
    expect(await rows(own.handle, pid)).toMatchObject([{ ...row[0], exit: { code: 0 } }])
  })

  test('a stopped process whose main thread has ended is woken', async () => {
    const program = startProgram('leaderless')
    await program.next('the end of the main thread')
    process.kill(program.pid, 'SIGSTOP')
    blockUntil(() => threadStatesOf(program.pid).includes('T'), 'the stop')
    const events: string[] = []
    const report = await terminate(program.pid, {
      grace: 20_000,
      onProgress: ({ event }) => events.push(event),
    })
    expect(report.processes).toMatchObject([{ outcome: 'killed', by: 'SIGTERM' }])
    expect(events).toEqual(['signalled', 'resumed', 'ended'])
  })

  test.runIf(isRoot && hasKernelThreads)(
    `a kernel thread survives everything ${NEEDS_ROOT} [needs the initial pid namespace]`,
    async () => {
      const report = await terminate(2, { grace: 5, timeout: 5 })
      expect(report).toMatchObject({ complete: false, processes: [{ outcome: 'survived', by: 'SIGKILL' }] })
    },
  )

  test('traced: the debugger holds what would end it', async () => {
    const target = await TargetProgram.start('ignore')
    const tracer = startProgram('tracer', [String(target.pid)])
    await tracer.next('the tracer')
    const options = { grace: 20, killSignal: false, timeout: 0 } as const
    const { processes } = await terminate(target.pid, options)
    expect(processes).toEqual([row({ outcome: 'survived', stuck: 'traced' })])
    expect(await terminate(target.pid, { grace: 0 })).toMatchObject({ complete: true })
  })

  test.runIf(canNamespace)(
    `the init of a namespace is immune to SIGTERM, not to SIGKILL ${NEEDS_NAMESPACE}`,
    async () => {
      const outside = startProgram('nested-init')
      const { init } = await outside.next<{ init: number }>('the init')
      const immune = await terminate(init, { grace: 20, killSignal: false, timeout: 0 })
      expect(immune).toMatchObject({
        complete: false,
        processes: [{ outcome: 'survived', stuck: 'init-immune' }],
      })
      const killed = await terminate(init, { grace: 20 })
      expect(killed).toMatchObject({ complete: true, processes: [{ outcome: 'killed', by: 'SIGKILL' }] })
    },
  )
})

describe('refused, and nothing is sent', () => {
  const invalid = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }

  test.each([
    ['PID 1', 1, {}, 'PID 1'],
    ['this process', process.pid, {}, 'exitBySignal'],
    ['this process by reference', ProcessRef.of(process.pid), {}, 'exitBySignal'],
    ['an ancestor with its tree', process.ppid, { tree: true }, 'without tree'],
    ['a signal that only stops', ABSENT, { signal: 'SIGSTOP' }, 'does not end it'],
    ['a second one that only stops', ABSENT, { killSignal: 'SIGTSTP' }, 'does not end it'],
    ['a control group and a tree', ABSENT, { cgroup: true, tree: true }, 'leave out tree and group'],
  ] as const)('%s', async (_name, target, options, text) => {
    await expect(terminate(target, options)).rejects.toMatchObject({
      ...invalid,
      message: expect.stringContaining(text) as string,
    })
  })

  test('everything is checked before the first is signalled', async () => {
    const receiver = await Receiver.start({ detached: true })
    await expect(terminate([receiver.pid, 1])).rejects.toMatchObject(invalid)
    await expect(terminate([receiver.pid, process.pid])).rejects.toMatchObject(invalid)
    await expect(terminate([receiver.pid, 'x' as unknown as number])).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    })
    await expect(terminate([receiver.pid, 0])).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' })
    const closed = PidFd.open(receiver.pid)
    closed.close()
    await expect(terminate([receiver.pid, closed])).rejects.toMatchObject({ code: 'ERR_PIDFD_CLOSED' })
    expect(await receiver.drain()).toEqual([])
  })

  test('a handle on a thread', async () => {
    const threads = startProgram('threads', ['1'])
    const { tids } = await threads.next<{ tids: [number] }>('the threads')
    const handle = PidFd.open(tids[0], { thread: true })
    await expect(terminate(handle)).rejects.toMatchObject({
      ...invalid,
      message: expect.stringContaining('thread') as string,
    })
    handle.close()
    expect('SR').toContain(stateOf(threads.pid))
  })

  const types: [object | null | number, string, string][] = [
    [null, 'ERR_INVALID_ARG_TYPE', 'options'],
    [5, 'ERR_INVALID_ARG_TYPE', 'options'],
    [{ signal: 'SIGTREM' }, 'ERR_UNKNOWN_SIGNAL', 'SIGTERM'],
    [{ signal: 0 }, 'ERR_UNKNOWN_SIGNAL', '0'],
    [{ signal: null }, 'ERR_INVALID_ARG_TYPE', 'signal'],
    [{ killSignal: true }, 'ERR_INVALID_ARG_TYPE', 'options.killSignal'],
    [{ killSignal: 32 }, 'ERR_SIGNAL_RESERVED', '32'],
    [{ grace: -1 }, 'ERR_OUT_OF_RANGE', 'options.grace'],
    [{ grace: NaN }, 'ERR_OUT_OF_RANGE', 'options.grace'],
    [{ grace: '5' }, 'ERR_INVALID_ARG_TYPE', 'options.grace'],
    [{ grace: null }, 'ERR_INVALID_ARG_TYPE', 'options.grace'],
    [{ timeout: -1 }, 'ERR_OUT_OF_RANGE', 'options.timeout'],
    [{ tree: 1 }, 'ERR_INVALID_ARG_TYPE', 'options.tree'],
    [{ group: 'yes' }, 'ERR_INVALID_ARG_TYPE', 'options.group'],
    [{ cgroup: null }, 'ERR_INVALID_ARG_TYPE', 'options.cgroup'],
    [{ releaseMemory: 0 }, 'ERR_INVALID_ARG_TYPE', 'options.releaseMemory'],
    [{ abort: {} }, 'ERR_INVALID_ARG_TYPE', 'options.abort'],
    [{ onProgress: 'x' }, 'ERR_INVALID_ARG_TYPE', 'options.onProgress'],
  ]

  test.each(types)('%j', async (options, code, text) => {
    const call = terminate(ABSENT, options as TerminateOptions)
    await expect(call).rejects.toMatchObject({ code, message: expect.stringContaining(text) as string })
  })
})

describe('ended early', () => {
  const descriptors = (): number => readdirSync('/proc/self/fd').length

  test('an abort before the call sends nothing', async () => {
    const receiver = await Receiver.start({ detached: true })
    const reason = new Error('changed my mind')
    await expect(terminate(receiver.pid, { abort: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(await receiver.drain()).toEqual([])
  })

  test('an abort during the grace cancels the escalation and leaves nothing behind', async () => {
    const target = await TargetProgram.start('ignore')
    const before = descriptors()
    const controller = new AbortController()
    const reason = new Error('changed my mind')
    const { steps, onProgress } = recorder()
    const ended = terminate(target.pid, { grace: 60_000, abort: controller.signal, onProgress })
    await new Promise((resolve) => setImmediate(resolve))
    controller.abort(reason)
    await expect(ended).rejects.toBe(reason)
    expect(steps).toEqual(['signalled SIGTERM 1'])
    expect(descriptors()).toBe(before)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    expect(process.listenerCount('exit')).toBe(exitListeners)
  })

  test('an abort that a listener makes, and what it throws, end it at that step', async () => {
    const reason = new Error('from the listener')
    for (const how of ['abort', 'throw']) {
      const target = await TargetProgram.start('ignore')
      const controller = new AbortController()
      const steps: string[] = []
      const ended = terminate(target.pid, {
        grace: 0,
        abort: controller.signal,
        onProgress: ({ event, signal }) => {
          steps.push(`${event} ${signal ?? '-'}`)
          if (how === 'throw') throw reason
          controller.abort(reason)
        },
      })
      await expect(ended).rejects.toBe(reason)
      expect(steps).toEqual(['signalled SIGTERM'])
      expect(target.living).toEqual([target.pid])
    }
  })

  test('what a listener throws at the end of a process rejects as well', async () => {
    const target = await TargetProgram.start('')
    const reason = new Error('from the listener')
    const ended = terminate(target.pid, {
      onProgress: ({ event }) => {
        if (event === 'ended') throw reason
      },
    })
    await expect(ended).rejects.toBe(reason)
  })

  const exitListeners = process.listenerCount('exit')
})

describe('afterwards the program is free to end', () => {
  test.each([
    ['after an end', '', {}, []],
    ['after an escalation', 'ignore', { grace: 20 }, []],
    ['after an abort', 'ignore', { grace: 60_000 }, ['abort']],
    ['after giving up', 'ignore', { grace: 10, killSignal: false, timeout: 10 }, []],
    ['on the portable loop', 'ignore', { grace: 20 }, ['thread']],
    ['in a Worker', 'ignore', { grace: 20 }, ['worker']],
  ] as const)('%s', async (_name, words, options, how) => {
    const target = await TargetProgram.start(words)
    const env = how.includes('thread' as never) ? { SIGKIT_LOOP: 'thread' } : {}
    const args = [JSON.stringify([target.pid]), JSON.stringify(options), ...how]
    const program = startNode('terminate.mjs', { args, env })
    const { left } = await program.next<{ left: object }>('the report')
    expect(left).toEqual({ fds: 0, exit: 0, timers: 0 })
    expect(await program.ended()).toEqual({ code: 0, signal: null })
  })
})
