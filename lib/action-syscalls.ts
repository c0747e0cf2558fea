/** The signal action and mask calls of `sigkit/syscalls`. */
import { systemError } from './errors.js'
import { native } from './native.js'
import { invalidValue } from './node-errors.js'
import { namesOf } from './signal-sets.js'
import { rawSignalNumber, type Signal, type SignalName } from './signals.js'

export { sigpending, sigprocmask } from './disposition.js'

/** What {@link sigaction} found. */
export interface SignalAction {
  disposition: 'default' | 'ignore' | 'handler'
  /** SA_* bits. */
  flags: number
  /** What is blocked while the handler runs. */
  mask: SignalName[]
}

const action = new BigInt64Array(3)

/**
 * `sigaction(sig, act, oldact)`: sets a signal's disposition for the whole process, and gives the old one.
 *
 * Nothing is restored and nobody is asked: a handler of Node, of `process.on` or of `onSignal` is gone when it is
 * replaced. SIGCHLD ignored: child_process never sees its children end.
 *
 * @param signal any int32, or a name
 * @param to 'default', 'ignore', or null to ask only
 * @throws SignalError EINVAL: no such signal; SIGKILL, SIGSTOP; what libc keeps for itself
 * @throws TypeError, RangeError for bad arguments
 *
 * Any kernel. Source: `man 2 sigaction`.
 *
 * @example
 * const { disposition, flags } = sigaction('SIGPIPE', null)
 */
export function sigaction(signal: Signal, to: 'default' | 'ignore' | null): SignalAction {
  const number = rawSignalNumber(signal)
  const wanted = to === null ? -1 : to === 'default' ? 0 : to === 'ignore' ? 1 : undefined
  if (wanted === undefined) throw invalidValue('to', to, "it must be 'default', 'ignore' or null")
  const result = native.sigaction(number, wanted, action)
  if (result < 0) throw systemError('sigaction', result, { signal: number }, sigaction)
  const [disposition = 2n, flags = 0n, mask = 0n] = action
  const names = ['default', 'ignore', 'handler'] as const
  return { disposition: names[Number(disposition)] ?? 'handler', flags: Number(BigInt.asUintN(32, flags)), mask: namesOf(mask) }
}
