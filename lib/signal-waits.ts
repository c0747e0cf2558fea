/** Signals as an async iterator, and as a promise. */
import { waitTimeoutFor } from './errors.js'
import { onSignal } from './handlers.js'
import { abortListeners } from './shared-listeners.js'
import type { SignalEvent } from './signal-records.js'
import { handleableSet } from './signal-refusals.js'
import type { Signal } from './signals.js'
import { LONGEST_TIMER_MS, waitLimits, type WaitOptions } from './wait-options.js'

/** Events that nobody has asked for yet, at most. */
const UNREAD = 4096

/** What {@link signalEvents} gives. */
export interface SignalEvents extends AsyncIterableIterator<SignalEvent> {
  /** How many events were dropped because 4096 were unread, or did not fit into the inbox. */
  readonly lost: number
}

/**
 * The deliveries of one or several signals, as they come, from now on.
 *
 * A pending step keeps the event loop alive; the iterator alone does not. Ending the loop (`break`, `return`) closes it.
 *
 * @param signal one or several
 * @param options `signal` ends it: the pending step, or the next, throws the AbortSignal's reason
 * @throws what {@link onSignal} throws, at the call
 *
 * Any kernel. Source: `man 2 sigaction`.
 *
 * @example
 * for await (const { signal, value } of signalEvents(['SIGRTMIN', 'SIGRTMIN+1'])) console.log(signal, value)
 */
export function signalEvents(
  signal: Signal | readonly Signal[],
  options: { signal?: AbortSignal | undefined } = {},
): SignalEvents {
  const { signal: abortSignal } = waitLimits(options)
  const unread: SignalEvent[] = []
  const waiting: { resolve(result: IteratorResult<SignalEvent>): void; reject(error: unknown): void }[] = []
  let dropped = 0
  let failure: { reason: unknown } | undefined
  const subscription = onSignal(signal, (event) => {
    const next = waiting.shift()
    if (waiting.length === 0) subscription.unref()
    if (next !== undefined) next.resolve({ done: false, value: event })
    else if (unread.length < UNREAD) unread.push(event)
    else dropped++
  })
  const end = (): void => {
    if (abortSignal !== undefined) abortListeners.remove(abortSignal, onAbort)
    subscription.close()
    for (const { resolve } of waiting.splice(0)) resolve({ done: true, value: undefined })
  }
  const abort = (): void => {
    failure = { reason: abortSignal?.reason }
    unread.length = 0
    const first = waiting.shift()
    if (first !== undefined) {
      first.reject(failure.reason)
      failure = undefined
    }
    end()
  }
  const onAbort = { handleEvent: abort }
  let closed = false
  if (abortSignal?.aborted === true) abort()
  else if (abortSignal !== undefined) abortListeners.add(abortSignal, onAbort)
  return {
    get lost() {
      return dropped + subscription.lost
    },
    next() {
      const event = unread.shift()
      if (event !== undefined) return Promise.resolve({ done: false, value: event })
      if (failure !== undefined) {
        const { reason } = failure
        failure = undefined
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own reason
        return Promise.reject(reason)
      }
      if (closed || abortSignal?.aborted === true) return Promise.resolve({ done: true, value: undefined })
      subscription.ref()
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
      })
    },
    return() {
      closed = true
      unread.length = 0
      end()
      return Promise.resolve({ done: true, value: undefined })
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/**
 * Resolves with the next delivery of one of several signals. While it waits it handles the signal, so that the default
 * action does not happen, and it keeps the event loop alive.
 *
 * @param signal one or several
 * @param options `timeout` in ms, `signal` to stop waiting
 * @throws WaitTimeoutError (rejects), the AbortSignal's reason
 * @throws what {@link onSignal} throws (rejects)
 *
 * Any kernel. Source: `man 2 sigaction`.
 *
 * @example
 * const { sender } = await waitForSignal('SIGUSR2', { timeout: 5000 })
 */
export async function waitForSignal(
  signal: Signal | readonly Signal[],
  options?: WaitOptions,
): Promise<SignalEvent> {
  const { timeout, signal: abortSignal } = waitLimits(options)
  const names = handleableSet(signal, false, waitForSignal).map(({ name }) => String(name))
  abortSignal?.throwIfAborted()
  if (timeout === 0) throw waitTimeoutFor(names.join(', '), timeout)
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const end = (): void => {
      clearTimeout(timer)
      if (abortSignal !== undefined) abortListeners.remove(abortSignal, onAbort)
      subscription.close()
    }
    const abort = (): void => {
      end()
      reject(abortSignal?.reason as Error)
    }
    const onAbort = { handleEvent: abort }
    const subscription = onSignal(
      signal,
      (event) => {
        end()
        resolve(event)
      },
      { once: true, keepAlive: true },
    )
    if (abortSignal !== undefined) abortListeners.add(abortSignal, onAbort)
    if (timeout <= LONGEST_TIMER_MS) {
      timer = setTimeout(() => {
        end()
        reject(waitTimeoutFor(names.join(', '), timeout))
      }, timeout)
    }
  })
}
