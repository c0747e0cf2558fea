/** `timeout` and `signal` of everything that waits. */
import { invalidType, outOfRange } from './node-errors.js'

/** How long to wait, and what ends the waiting early. Neither touches the process. */
export interface WaitOptions {
  /** Milliseconds; 0 asks once. Default: as long as it takes. */
  timeout?: number | undefined
  /** Rejects with the signal's reason when aborted. */
  signal?: AbortSignal | undefined
}

/**
 * The longest that setTimeout takes: 24.8 days. Longer is for ever, to a wait.
 * @internal
 */
export const LONGEST_TIMER_MS = 0x7fffffff

/** @internal */
export interface WaitLimits {
  readonly timeout: number
  readonly signal: AbortSignal | undefined
}

/** @internal */
export function waitLimits(options: WaitOptions | undefined): WaitLimits {
  if (options === undefined) return { timeout: Infinity, signal: undefined }
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw invalidType('options', 'an object { timeout, signal }', options)
  }
  const { timeout = Infinity, signal } = options
  if (typeof timeout !== 'number') throw invalidType('options.timeout', 'a number of milliseconds', timeout)
  if (!(timeout >= 0)) throw outOfRange('options.timeout', '>= 0 milliseconds', timeout)
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidType('options.signal', 'an AbortSignal', signal)
  }
  return { timeout, signal }
}
