/** Native work on a thread of the pool, as a promise. */
import type { BackgroundCallback } from './native.js'

/**
 * @param start gives 0, or -errno when it will not call back
 * @param decode of what was found
 * @returns what was decoded, or -errno
 * @internal
 */
export function inBackground<T>(
  start: (callback: BackgroundCallback) => number,
  decode: (found: ArrayBuffer) => T,
): Promise<T | number> {
  return new Promise((resolve, reject) => {
    const started = start((result, found) => {
      try {
        resolve(result < 0 ? result : decode(found))
      } catch (error) {
        reject(error as Error)
      }
    })
    if (started < 0) resolve(started)
  })
}
