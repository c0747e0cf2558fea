/** How much CPU a process may use that only waits. */
import { expect } from 'vitest'

/** Under a sanitizer, whose runtime comes in LD_PRELOAD: slower, with a thread of its own, and memory kept in quarantine. */
export const sanitized = process.env.LD_PRELOAD !== undefined

/** The part of one CPU. A loop that spins takes all of it; a sanitizer's own thread up to a tenth on a busy machine. */
const CPU = sanitized ? 0.25 : 0.05

/** A second. A look every millisecond is little CPU and still polling; Node and a sanitizer alone wake up about 20 times. */
const WAKES = 100

export function expectIdle({ cpu, wakes }: { cpu: number; wakes: number }, what: string): void {
  expect(cpu, `${what}: the part of a CPU`).toBeLessThan(CPU)
  expect(wakes, `${what}: wake-ups a second`).toBeLessThan(WAKES)
}
