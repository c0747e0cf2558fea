/** Native work on a thread of the pool, as a promise. */
import type { BackgroundCallback } from './native.js'

/**
 * @param start gives 0, or -errno when it will not call back
 * @param decode of what was found
 * @returns what was decoded, or -errno
 * @internal
 */
export async function inBackground<T>(
  start: (callback: BackgroundCallback) => number,
  decode: (found: ArrayBuffer) => T,
): Promise<T | number> {
  const outcome = await new Promise<ArrayBuffer | number>((resolve) => {
    const started = start((result, found) => {
      resolve(result < 0 ? result : found)
    })
    if (started < 0) resolve(started)
  })
  return typeof outcome === 'number' ? outcome : decode(outcome)
}
