/**
 * How a figure is taken. A sampler is a function that measures one call for a moment and returns the ns it took.
 *
 * The samplers of a scenario take turns: what disturbs a noisy machine for a second then falls on a call and on
 * its peer alike, and a ratio within one round stays true.
 */
import { Bench } from 'tinybench'

/** Calls per timed iteration: so many that reading the clock costs nothing. */
export const BATCH = 1000
export const SAMPLE_MS = 60

export function quantile(numbers, q) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(q * numbers.length)]
}

export const median = (numbers) => quantile(numbers, 0.5)

/**
 * The sampler of a JavaScript call. `batch` makes BATCH calls in a loop of its own: a loop shared between
 * scenarios would see every callee, and V8 could inline none.
 */
export function javascript(batch) {
  const bench = new Bench({ time: SAMPLE_MS, iterations: 5, warmup: false, throws: true })
  bench.add('batch', batch, { async: false })
  return () => {
    bench.reset() // or the second run answers with the first one's result
    const [task] = bench.runSync()
    return (task.result.latency.p50 * 1e6) / BATCH
  }
}

/** Rounds of all samplers in turn: the ns of each, one per round. */
export function interleave(samplers, rounds = 21) {
  const figures = Object.fromEntries(Object.keys(samplers).map((name) => [name, []]))
  // The first rounds only warm up: V8 optimises, takes it back when it learns more, and settles.
  for (let round = -3; round < rounds; round++) {
    for (const [name, sample] of Object.entries(samplers)) {
      const ns = sample()
      if (round >= 0) figures[name].push(ns)
    }
  }
  return figures
}
