/** What handles leave behind when they are closed, forgotten, or lost with their Worker: nothing. */
import { expect, test } from 'vitest'
import { startNode } from './helpers/fixture.js'
import { Keeper } from './helpers/keeper.js'

interface Left {
  pidfds: [before: number, after: number]
  fds: [before: number, after: number]
  heap: number
  rss: number
}

const MEGABYTE = 2 ** 20

// 20 000 handles come and go. One with its link and its waits is about 1 kB of JavaScript objects, so each that is kept
// counts 20 MB in all, and a closure of 100 bytes kept for each 2 MB.
const HEAP = MEGABYTE
// The same for native memory: 200 bytes kept for each handle. The allocator keeps some pages as it pleases, measured to
// be below 1 MB either way, once V8 may not enlarge its space for young objects, which is 12 MB and no leak.
const RSS = 4 * MEGABYTE
const FLAGS = ['--expose-gc', '--max-semi-space-size=1']

// What is freed stays in a sanitizer's quarantine, so there the resident memory says nothing.
const sanitized = process.env.LD_PRELOAD !== undefined
if (sanitized) console.log('under a sanitizer: the resident memory is not looked at')

async function run<T>(scenario: string, ...pids: number[]): Promise<T> {
  const args = [scenario, ...pids.map(String)]
  return startNode('leaks.mjs', { flags: FLAGS, args }).next<T>('what is left')
}

function expectNothingLeft({ pidfds, fds, heap, rss }: Left): void {
  expect(pidfds[1]).toBe(pidfds[0])
  expect(fds[1]).toBe(fds[0])
  expect(heap).toBeLessThan(HEAP)
  if (!sanitized) expect(rss).toBeLessThan(RSS)
}

test('10 000 times open, wait and close, and 100 children that end', async () => {
  const stranger = await Keeper.start(['exit', '0'])
  const zombie = await Keeper.start(['exit', '0'])
  zombie.end()
  const left = await run<Left>('cycles', stranger.pid, zombie.pid)
  expect(left).toMatchObject({ closed: 10_000, answered: 10_000, timedOut: 10_000, right: 100 })
  expectNothingLeft(left)
})

test('1 000 forgotten handles are closed when they are collected', async () => {
  const stranger = await Keeper.start(['exit', '0'])
  const left = await run<Left & { open: number; timedOut: number }>('forgotten', stranger.pid)
  expect(left.open).toBeGreaterThanOrEqual(1000)
  expect(left.timedOut).toBe(250)
  expectNothingLeft(left)
})

test('the handles of a Worker that is terminated are closed', async () => {
  const stranger = await Keeper.start(['exit', '0'])
  const { pidfds, open } = await run<{ pidfds: number[]; open: number }>('worker', stranger.pid)
  expect(open).toBe(100)
  expect(pidfds).toEqual([0, 0])
})
