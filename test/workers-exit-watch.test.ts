/** Workers that end with waits pending, in any order, by any way: nothing crashes, nothing is left, nobody else notices. */
import { expect, test } from 'vitest'
import { startNode } from './helpers/fixture.js'
import { Keeper } from './helpers/keeper.js'
import { sanitized } from './helpers/load.js'

const COUNT = sanitized ? 40 : 60 // for each of the two loops, in steps of 20
// A Worker is 25 ms of a CPU, and under a sanitizer many times that: what hangs is found by the 20, not by the whole.
const LIMIT_MS = 300_000

interface Report {
  exits: Record<string, Record<string, number>>
  before: { threads: number; pidfds: number }
  after: { threads: number; pidfds: number }
  codes: number[]
  pidfds: number
}

test.each(['uv', 'thread'])(
  `${COUNT} Workers with waits pending, loop: %s`,
  { timeout: LIMIT_MS },
  async (loop) => {
    const stranger = await Keeper.start(['exit', '42'])
    const program = startNode('workers-exit-watch.mjs', {
      args: [String(COUNT), String(stranger.pid)],
      env: { SIGKIT_LOOP: loop },
    })
    for (let over = 20; over <= COUNT; over += 20) {
      expect(await program.next(`the end of ${over} Workers`)).toEqual({ over })
    }
    expect(await program.next('what is pending')).toEqual({ pending: 'pending' })
    stranger.end()
    const report = await program.next<Report>('the report')
    const each = COUNT / 4
    const { storm = {}, ...others } = report.exits
    expect(others).toEqual({ terminated: { 1: each }, ended: { 0: each }, starting: { 1: each } })
    // Told before it was terminated, it has nothing left to wait for and ends by itself.
    const { 0: told = 0, 1: terminated = 0, ...neither } = storm
    expect([told + terminated, neither]).toEqual([each, {}])
    // The main thread's own two handles and nothing else.
    expect(report.before.pidfds).toBe(2)
    expect(report.after).toEqual(report.before)
    expect(report).toMatchObject({ codes: [7, 42], pidfds: 0 })
    expect(await program.ended(), program.stderr).toEqual({ code: 0, signal: null })
  },
)
