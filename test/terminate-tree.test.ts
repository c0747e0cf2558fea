/** Ending whole trees: who belongs, who does not, and that nobody stays stopped, however it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PidFd, terminate, type TerminationProgress } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { blockUntil } from './helpers/deadline.js'
import { programPath, startNode } from './helpers/fixture.js'
import { sanitized } from './helpers/load.js'
import { stateOf } from './helpers/process-status.js'
import { Receiver } from './helpers/receiver.js'
import { TargetProgram } from './helpers/target.js'

const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b)

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('who belongs', () => {
  test.each([
    ['children, in whatever group or session', 'child child sibling-group session'],
    ['descendants at any depth', 'chain 30'],
    ['a child of another thread', 'threads'],
    ['orphans that stay in the session of the target', 'orphan orphan orphan-group'],
    ['all of them together', 'child session chain 5 threads orphan orphan-group zombie'],
  ])('%s', async (_name, words) => {
    const target = await TargetProgram.start(words)
    const { complete, processes } = await terminate(target.pid, { tree: true })
    expect(target.living).toEqual([])
    expect(complete).toBe(true)
    expect(processes[0]?.pid).toBe(target.pid)
    expect(sorted(processes.map(({ pid }) => pid))).toEqual(sorted(target.all))
    for (const { comm, outcome, by } of processes) {
      expect({ comm, outcome, by }).toEqual({ comm: 'target', outcome: 'killed', by: 'SIGTERM' })
    }
  })

  test('those that were found as children stay members when their parent ends', async () => {
    const target = await TargetProgram.start('exit 0 chain 4', { detached: false })
    const { processes } = await terminate(target.pid, { tree: true })
    expect(target.living).toEqual([])
    expect(processes.map(({ outcome }) => outcome)).toEqual(Array(5).fill('exited'))
  })

  test('also of a target that is a zombie and led its session', async () => {
    const target = await TargetProgram.start('orphan')
    const keeper = PidFd.open(target.pid)
    keeper.send('SIGKILL')
    blockUntil(() => stateOf(target.pid) === 'Z', 'the zombie') // our loop does not turn, so it is not reaped
    const report = terminate(target.pid, { tree: true })
    expect(await report).toMatchObject({
      complete: true,
      processes: [
        { pid: target.pid, outcome: 'already-gone', stuck: 'zombie' },
        { pid: target.others[0], outcome: 'killed' },
      ],
    })
    keeper.close()
  })

  test('several targets, one in the tree of the other: each has one row', async () => {
    const target = await TargetProgram.start('chain 3')
    const { processes } = await terminate([target.others[1] ?? 0, target.pid], { tree: true })
    expect(sorted(processes.map(({ pid }) => pid))).toEqual(sorted(target.all))
  })
})

describe('who does not', () => {
  test('an orphan in a session of its own', async () => {
    const target = await TargetProgram.start('orphan-session child')
    const { processes } = await terminate(target.pid, { tree: true })
    expect(processes).toHaveLength(2)
    expect(target.living).toHaveLength(1)
  })

  test('an orphan in the session of the caller, where the target leads none', async () => {
    const target = await TargetProgram.start('orphan child', { detached: false })
    const { processes } = await terminate(target.pid, { tree: true })
    expect(processes).toHaveLength(2)
    expect(target.living).toHaveLength(1)
  })

  test('children of the caller, also in the group of the target', async () => {
    const target = await TargetProgram.start('lead child', { detached: false })
    const other = spawn(programPath('join-group'), [String(target.pid)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [line] = (await once(other.stdout, 'data')) as [Buffer]
    expect(String(line)).toBe('{"ready":true}\n')
    const { processes } = await terminate(target.pid, { tree: true })
    expect(processes.map(({ pid }) => pid)).not.toContain(other.pid)
    expect(other.exitCode).toBeNull()
    const handle = PidFd.open(other)
    expect(handle.state()).toBe('alive')
    other.stdin.end()
    await handle.exited()
    handle.close()
  })

  test('the parent and the siblings of the target', async () => {
    const target = await TargetProgram.start('child child')
    const [one = 0] = target.others
    await terminate(one, { tree: true })
    expect(sorted(target.living)).toEqual(sorted(target.all.filter((pid) => pid !== one)))
    expect(target.stopped).toEqual([])
  })
})

describe('the freeze', () => {
  test('a member sees the signal, then SIGCONT, and acts on it', async () => {
    const receiver = await Receiver.start({ detached: true })
    const events: string[] = []
    const { processes } = await terminate(receiver.pid, {
      tree: true,
      grace: 50,
      killSignal: false,
      timeout: 0,
      onProgress: ({ event, signal }) => events.push(`${event} ${signal ?? '-'}`),
    })
    expect(events).toEqual(['frozen SIGSTOP', 'signalled SIGTERM', 'resumed SIGCONT', 'survived SIGTERM'])
    expect(processes).toMatchObject([{ outcome: 'survived', by: 'SIGTERM' }])
    expect((await receiver.drain()).map(({ signo }) => signo).sort()).toEqual([15, 18])
  })

  test('everybody is stopped before the first is signalled, and signalled before the first is woken', async () => {
    const target = await TargetProgram.start('exit 4 child chain 3')
    const events: string[] = []
    await terminate(target.pid, { tree: true, onProgress: ({ event }) => events.push(event) })
    const order = [...new Set(events)]
    expect(order).toEqual(['frozen', 'signalled', 'resumed', 'ended'])
    expect(events).toHaveLength(4 * 5)
    expect(events).toEqual(order.flatMap((event) => Array<string>(5).fill(event)))
  })

  test('whoever ignores the signal is stopped a second time, with what it made meanwhile', async () => {
    const target = await TargetProgram.start('ignore child exit 2 child')
    const events: TerminationProgress[] = []
    const report = await terminate(target.pid, {
      tree: true,
      grace: 50,
      onProgress: (event) => events.push(event),
    })
    expect(report.complete).toBe(true)
    expect(sorted(report.processes.map(({ pid }) => pid))).toEqual(sorted(target.all))
    expect(events.at(-1)).toMatchObject({ event: 'ended', remaining: 0 })
  })
})

describe('however it ends, nobody stays stopped', () => {
  const reason = new Error('enough')

  test.each(['frozen', 'signalled', 'resumed', 'ended'] as const)(
    'an abort at the first %s, by a listener',
    async (when) => {
      const target = await TargetProgram.start(when === 'ended' ? 'exit 0 child' : 'ignore child chain 3')
      for (const how of ['abort', 'throw'] as const) {
        const controller = new AbortController()
        const ended = terminate(target.pid, {
          tree: true,
          grace: 60_000,
          abort: controller.signal,
          onProgress: ({ event }) => {
            if (event !== when) return
            if (how === 'throw') throw reason
            controller.abort(reason)
          },
        })
        await expect(ended).rejects.toBe(reason)
        blockUntil(() => target.stopped.length === 0, 'everybody to be woken')
        if (when === 'ended') break
        expect(target.living).toHaveLength(target.all.length)
      }
    },
  )

  test('an abort between two turns', async () => {
    const target = await TargetProgram.start('ignore child chain 8')
    for (let turns = 0; turns < 12; turns++) {
      const controller = new AbortController()
      const ended = terminate(target.pid, { tree: true, grace: 60_000, abort: controller.signal })
      for (let turn = 0; turn < turns; turn++) await nextTurn()
      controller.abort(reason)
      await expect(ended).rejects.toBe(reason)
      blockUntil(() => target.stopped.length === 0, 'everybody to be woken')
    }
    expect(target.living).toHaveLength(target.all.length)
  })

  test('an abort before the second signal, while they are stopped again', async () => {
    const target = await TargetProgram.start('ignore child child')
    let frozen = 0
    const controller = new AbortController()
    const ended = terminate(target.pid, {
      tree: true,
      grace: 20,
      abort: controller.signal,
      onProgress: ({ event }) => {
        if (event === 'frozen' && ++frozen === 5) controller.abort(reason)
      },
    })
    await expect(ended).rejects.toBe(reason)
    blockUntil(() => target.stopped.length === 0, 'everybody to be woken')
    expect(target.living).toHaveLength(3)
  })

  test('one that was stopped before stays so when it is aborted', async () => {
    const target = await TargetProgram.start('child stop')
    blockUntil(() => stateOf(target.pid) === 'T', 'the stop')
    const ended = terminate(target.pid, {
      tree: true,
      onProgress: ({ event }) => {
        if (event === 'frozen') throw reason
      },
    })
    await expect(ended).rejects.toBe(reason)
    blockUntil(() => target.stopped.length === 1, 'the child to be woken')
    expect(target.stopped).toEqual([target.pid])
    expect(await terminate(target.pid, { tree: true })).toMatchObject({ complete: true })
    expect(target.living).toEqual([])
  })

  test.each([
    ['the descriptors run out', [], { descriptors: 60 }, 'chain 80'],
    ['the program exits', ['exit'], {}, 'chain 3'],
    ['the Worker is terminated', ['end-worker'], {}, 'chain 3'],
  ] as const)('%s', async (_name, how, limit, words) => {
    const target = await TargetProgram.start(`ignore ${words}`)
    const args = [JSON.stringify([target.pid]), '{"tree":true,"grace":60000}', ...how]
    const program = startNode('terminate.mjs', { args, ...limit })
    if (how.length === 0) {
      const { error, left } = await program.next<{ error: object; left: object }>('the report')
      expect(error).toMatchObject({ name: 'ResourceLimitError', code: 'EMFILE' })
      expect(left).toEqual({ fds: 0, exit: 0, timers: 0 })
    }
    expect(await program.ended()).toMatchObject({ code: 0 })
    blockUntil(() => target.stopped.length === 0, 'everybody to be woken')
    expect(target.living).toHaveLength(target.all.length)
  })
})

test.skipIf(sanitized)(
  'a tree is found where the kernel has no children files [needs a build without sanitizers]',
  async () => {
    const target = await TargetProgram.start('child session chain 4 threads')
    const program = startNode('terminate.mjs', {
      args: [JSON.stringify([target.pid]), '{"tree":true}'],
      wrapper: ['env', `LD_PRELOAD=${programPath('no-children.so')}`],
    })
    const { report } = await program.next<{ report: { complete: boolean; processes: { pid: number }[] } }>()
    expect(report.complete).toBe(true)
    expect(sorted(report.processes.map(({ pid }) => pid))).toEqual(sorted(target.all))
    expect(target.living).toEqual([])
  },
)
