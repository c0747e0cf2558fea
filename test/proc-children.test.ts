/** Children of any process, from the kernel's own lists and, where it has none, from a look at every process. */
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { addonPath } from './helpers/addon.js'
import { programPath, startNode, startProgram } from './helpers/fixture.js'
import { sanitized } from './helpers/load.js'

interface Report {
  procChildren: boolean
  oracle: number[][]
  children: number[][]
  together: number[][]
  pairs: number
  absent: number
  tooSmall: number
  untouched: number[]
  session: number[]
}

// So many that the list takes more than one read of 4096 bytes.
const COUNT = 900

describe.each([
  ['from the children files', [], true, false],
  [
    'where the kernel has none [needs a build without sanitizers]',
    ['env', `LD_PRELOAD=${programPath('no-children.so')}`],
    false,
    sanitized,
  ],
] as const)('children %s', (_name, wrapper, procChildren, skipped) => {
  test.skipIf(skipped)('are all there, of one process and of many', async () => {
    const program = startNode('proc-children.mjs', { wrapper, args: [String(COUNT)] })
    const report = await program.next<Report>('the report')
    expect(report.procChildren).toBe(procChildren)
    expect(report.oracle.map(({ length }) => length)).toEqual([COUNT, COUNT])
    expect(report.children).toEqual(report.oracle)
    expect(report.together).toEqual(report.oracle)
    expect(report.pairs).toBe(2 * COUNT)
    expect(report.absent).toBe(-3)
    expect(report.tooSmall).toBe(COUNT)
    expect(report.untouched).toEqual([-1, -1])
    expect(report.session).toHaveLength(COUNT + 1)
    expect(report.session).toEqual(expect.arrayContaining(report.oracle[0] ?? []))
  })
})

const addon = createRequire(import.meta.url)(addonPath) as Record<string, (...args: unknown[]) => number>

test('the children of every thread are listed', async () => {
  const program = startProgram('thread-children', ['5'])
  const { children } = await program.next<{ children: number[] }>('the children')
  const out = new Int32Array(8)
  expect(addon.proc_children?.(program.pid, out, out.length)).toBe(5)
  expect([...out.subarray(0, 5)].sort()).toEqual(children.sort())
  program.endInput()
  await program.ended()
})

test('the states of all threads, and the comm with whatever is in it', async () => {
  const threads = startProgram('threads', ['3'])
  await threads.next('the threads')
  const states = new Uint8Array(16)
  expect(addon.proc_thread_states?.(threads.pid, states, states.length)).toBe(4)
  expect(String.fromCharCode(...states.subarray(0, 4))).toMatch(/^[SR]{4}$/)
  const comm = new Uint8Array(64)
  const length = addon.proc_stat_comm?.(threads.pid, new Float64Array(7), comm) ?? 0
  expect(Buffer.from(comm.subarray(0, length)).toString()).toBe('threads')
})
