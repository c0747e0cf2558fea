/** Waiting: for one own child, or for the ends of many processes at once. */
import { childWaitOptions, waitForChild, type ChildWaitOptions } from './child-wait.js'
import type { Exit } from './exit-status.js'
import { invalidType, invalidValue } from './node-errors.js'
import { openLink } from './open-link.js'
import { Hold } from './pending-waits.js'
import { PidFd } from './pidfd.js'
import { kinshipOf, type Target } from './target.js'
import { waitLimits, type WaitOptions } from './wait-options.js'
import type { WaitStatus } from './wait-status.js'

/**
 * Resolves when an own child has ended, with its status and what it used.
 *
 * A child of child_process is only looked at, and Node's 'exit' comes as always; so is a child of another thread. Any
 * other own child is reaped, unless `reap: false`.
 *
 * @param target an own child; one that somebody else has reaped already, by a handle from before
 * @param options `stopped`, `continued`: also resolve on those; `reap`; `timeout` in ms (0 asks once), `signal`. A wait
 *   that is given up loses nothing.
 * @throws NoChildError (rejects) ECHILD: no child of this process; `reapedElsewhere` when it was, somebody took its
 *   status, and no source has it any more (exit info, 6.15)
 * @throws NoSuchProcessError, WaitTimeoutError, the AbortSignal's reason, TypeError, RangeError (all reject)
 * @throws UnsupportedError `stopped` or `continued` in a host without libuv
 *
 * Linux 5.3; below that looked at once a second. Source: `man 2 waitid`, `man 2 pidfd_open`.
 *
 * @example
 * const { event, code, rusage } = await wait(child)
 */
export async function wait(target: Target, options?: ChildWaitOptions): Promise<WaitStatus> {
  const checked = childWaitOptions(options)
  const link = openLink(target, false, wait)
  try {
    return await waitForChild(link, kinshipOf(target), checked, new Hold(), wait)
  } finally {
    link.close()
  }
}

/** Opens all, asks `combine` for the answer, and closes all, however it ends. */
async function overAll<T>(
  targets: readonly Target[],
  options: WaitOptions | undefined,
  combine: (exits: Promise<Exit>[]) => Promise<T>,
): Promise<T> {
  if (!Array.isArray(targets)) throw invalidType('targets', 'an array of targets', targets)
  waitLimits(options).signal?.throwIfAborted()
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
