/**
 * A recycled number is never hit. In a pid namespace of its own test/fixtures/reuse.mjs ends a child and gives its
 * number to a stranger, who reports every signal it gets; then it tries everything that it held on the child.
 */
import { describe, expect, test } from 'vitest'
import { startNode } from './helpers/fixture.js'
import { canNamespace, inNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'

interface Outcome {
  value?: unknown
  error?: Record<string, unknown>
}

interface Report {
  pid: number
  /** By how the hold was come by, then by what was tried. */
  handles: Record<string, Record<string, Outcome>>
  references: Record<string, Record<string, Outcome>>
  waits: Record<string, Outcome>
  child: Outcome
  childLiveness: string
  /** What the stranger got of all that. */
  untouched: number[]
  hit: { byNode: number[]; byNumber?: number[] }
}

interface ProcessReport extends Report {
  vacant: Record<string, string>
  numberNow: { pid: number; liveness: string }
  equals: Record<string, [boolean, boolean]>
}

async function recycle<T>(scenario: string): Promise<T> {
  const program = startNode('reuse.mjs', { wrapper: inNamespace, detached: true, args: [scenario] })
  return program.next<T>(`the report of scenario ${scenario}`)
}

const reused = (pid: number): Outcome => ({
  error: expect.objectContaining({ name: 'NoSuchProcessError', code: 'ESRCH', reused: true, pid }) as Record<
    string,
    unknown
  >,
})

const ESRCH = { value: 'ESRCH' }
const GONE = { value: 'gone' }
const HANDLES = ['child', 'number', 'reference', 'duplicate', 'received']
const REFERENCES = ['inMemory', 'parsed', 'short', 'ofHandle', 'pidFile', 'ticks']

function expectHandlesRefuse({ handles, pid }: Report): void {
  expect(Object.keys(handles)).toEqual(HANDLES)
  for (const [kind, outcomes] of Object.entries(handles)) {
    expect({ ...outcomes, info: undefined }, `the handle by ${kind}`).toEqual({
      send: reused(pid),
      sendKill: reused(pid),
      sendThread: reused(pid),
      sendGroup: reused(pid),
      sendValue: reused(pid),
      probe: reused(pid),
      trySend: ESRCH,
      tryGroup: ESRCH,
      tryValue: ESRCH,
      state: GONE,
      liveness: GONE,
      info: undefined, // in a test of its own
    })
  }
}

function expectInfoRefuses({ handles, pid }: Report): void {
  for (const [kind, { info }] of Object.entries(handles))
    expect(info, `the handle by ${kind}`).toEqual(reused(pid))
}

function expectReferencesRefuse({ references, pid }: Report): void {
  expect(Object.keys(references)).toEqual(REFERENCES)
  for (const [kind, outcomes] of Object.entries(references)) {
    expect(outcomes, `the reference ${kind}`).toEqual({
      open: reused(pid),
      of: reused(pid),
      writePidFile: reused(pid),
      liveness: { value: 'reused' },
    })
  }
}

describe.runIf(canNamespace)(`the number is another process now ${NEEDS_NAMESPACE}`, () => {
  test('nothing that was held on the old one reaches the new one', async () => {
    const report = await recycle<ProcessReport>('process')
    expect(report.numberNow).toEqual({ pid: report.pid, liveness: 'alive' })
    expectHandlesRefuse(report)
    expectReferencesRefuse(report)
    // The stranger answered, so it lives, and every signal that it got would be in here.
    expect(report.untouched).toEqual([])
  })

  test('info() of the old one says so', async () => {
    expectInfoRefuses(await recycle<ProcessReport>('process'))
  })

  test('the contrast: a signal by number hits the stranger', async () => {
    const { hit } = await recycle<ProcessReport>('process')
    expect(hit).toEqual({ byNode: [15], byNumber: [10, 12] })
  })

  test('while nobody has the number the references are gone, not reused', async () => {
    const { vacant } = await recycle<ProcessReport>('process')
    expect(vacant).toEqual(Object.fromEntries(REFERENCES.map((kind) => [kind, 'gone'])))
  })

  test('no reference to the old one equals the one to the new', async () => {
    const { equals } = await recycle<ProcessReport>('process')
    expect(equals).toEqual(Object.fromEntries(REFERENCES.map((kind) => [kind, [false, false]])))
  })

  test('waits tell how the old one ended, or that it is gone; they do not wait for the new one', async () => {
    const { waits, pid } = await recycle<ProcessReport>('process')
    const end = {
      value: expect.objectContaining({ pid, code: null, signal: 'SIGKILL', known: true }) as object,
    }
    expect(waits).toEqual({ exited: end, status: end, waitAny: reused(pid), waitAll: reused(pid) })
  })

  test('the ChildProcess is over', async () => {
    const { child, childLiveness, pid } = await recycle<ProcessReport>('process')
    expect(child.error).toMatchObject({
      name: 'NoSuchProcessError',
      code: 'ESRCH',
      reaped: true,
      reused: true,
      pid,
    })
    expect(childLiveness).toBe('gone')
  })
})

describe.runIf(canNamespace)(`the number is a thread of another process now ${NEEDS_NAMESPACE}`, () => {
  test('no handle reaches its process', async () => {
    const report = await recycle<Report & { tid: number }>('thread')
    expect(report.tid).toBe(report.pid)
    expectHandlesRefuse(report)
    expect(report.untouched).toEqual([])
    expect(report.hit).toEqual({ byNode: [15] })
  })

  test('the references say reused, and do not advise to open the stranger', async () => {
    const report = await recycle<Report & { tid: number }>('thread')
    for (const outcome of Object.values(report.references))
      expect(outcome.open?.error?.message).not.toContain('open that')
    expectReferencesRefuse(report)
  })
})

describe.runIf(canNamespace)(
  `born within the same 10 ms tick, with the same number ${NEEDS_NAMESPACE}`,
  () => {
    interface Twins {
      texts: [string, string]
      equal: boolean[]
      first: Record<string, Outcome>
      handle: Outcome
      second: { open: Outcome; liveness: string }
    }

    test('two processes are told apart', async () => {
      const { texts, equal, first, handle, second } = await recycle<Twins>('tick')
      const pid = 20_000
      expect(texts[0]).not.toBe(texts[1])
      expect(equal).toEqual([false, false, true])
      expect(first).toEqual({
        open: reused(pid),
        of: reused(pid),
        writePidFile: reused(pid),
        liveness: { value: 'reused' },
      })
      expect(handle).toEqual(reused(pid))
      // Still there after the SIGKILL that was meant for its twin.
      expect(second).toEqual({ open: { value: null }, liveness: 'alive' })
    })
  },
)

describe.runIf(canNamespace)(
  `a child that libuv has reaped and Node has not told of ${NEEDS_NAMESPACE}`,
  () => {
    interface Untold {
      pid: number
      exitCode: number | null
      vacant: Outcome
      taken: Outcome
      stranger: { pid: number }
    }

    test('is reaped, also when its number is taken already', async () => {
      const { pid, exitCode, taken, stranger } = await recycle<Untold>('untold')
      expect(exitCode).toBeNull() // Node has not told, so the ChildProcess still looks alive
      expect(stranger.pid).toBe(pid)
      expect(taken.error).toMatchObject({ name: 'NoSuchProcessError', reaped: true, reused: true, pid })
    })

    test('is reaped while nobody has its number', async () => {
      const { pid, vacant } = await recycle<Untold>('untold')
      expect(vacant.error).toMatchObject({ name: 'NoSuchProcessError', reaped: true, reused: false, pid })
    })
  },
)
