/** Waiting for the ends of processes, many of them at once. */
import type { Exit } from './exit-status.js'
import { invalidType, invalidValue } from './node-errors.js'
import { PidFd } from './pidfd.js'
import type { Target } from './target.js'
import { waitLimits, type WaitOptions } from './wait-options.js'

/** Opens all, asks `combine` for the answer, and closes all, however it ends. */
async function overAll<T>(
  targets: readonly Target[],
  options: WaitOptions | undefined,
  combine: (exits: Promise<Exit>[]) => Promise<T>,
): Promise<T> {
  if (!Array.isArray(targets)) throw invalidType('targets', 'an array of targets', targets)
  waitLimits(options)
  const handles: PidFd[] = []
  try {
    for (const target of targets as readonly Target[]) handles.push(PidFd.open(target))
    const exits = handles.map((handle) => handle.exited(options))
    // The ones that are not waited for any more reject when their handles are closed below.
    for (const exit of exits) exit.catch(() => undefined)
    return await combine(exits)
  } finally {
    for (const handle of handles) handle.close()
  }
}

/**
 * Resolves with the exit of the first of several processes to end, children or not.
 *
 * @param targets at least one
 * @param options `timeout` in ms (0 asks once), `signal` to stop waiting
 * @throws NoSuchProcessError (rejects) when one of them is gone already
 * @throws WaitTimeoutError, the AbortSignal's reason, ResourceLimitError EMFILE (a descriptor each)
 * @throws TypeError, RangeError for bad arguments
 *
 * Linux 5.3. Source: `man 2 pidfd_open`, `man 7 epoll`.
 *
 * @example
 * const first = await waitAny(workers)
 */
export function waitAny(targets: readonly Target[], options?: WaitOptions): Promise<Exit> {
  return overAll(targets, options, (exits) => {
    if (exits.length === 0) throw invalidValue('targets', targets, 'there is none to wait for')
    // Not race: with a timeout of 0 the ones that still live answer first, and not with an exit.
    return Promise.any(exits).catch((error: unknown) => {
      throw (error as AggregateError).errors[0]
    })
  })
}

/**
 * Resolves when all of several processes have ended, with their exits in the order of the targets.
 *
 * @param targets any number
 * @param options `timeout` in ms for all of them together (0 asks once), `signal` to stop waiting
 * @throws NoSuchProcessError (rejects) when one of them is gone already
 * @throws WaitTimeoutError, the AbortSignal's reason, ResourceLimitError EMFILE (a descriptor each)
 * @throws TypeError, RangeError for bad arguments
 *
 * Linux 5.3. Source: `man 2 pidfd_open`, `man 7 epoll`.
 *
 * @example
 * for (const { pid, code } of await waitAll(workers)) console.log(pid, code)
 */
export function waitAll(targets: readonly Target[], options?: WaitOptions): Promise<Exit[]> {
  return overAll(targets, options, (exits) => Promise.all(exits))
}
