/** The signal action and mask calls of `sigkit/syscalls`. */
import { systemError } from './errors.js'
import { native } from './native.js'
import { invalidValue } from './node-errors.js'
import { bitsOf, namesOf } from './signal-sets.js'
import { rawSignalNumber, type Signal, type SignalName } from './signals.js'

/** What {@link sigaction} found. */
export interface SignalAction {
  disposition: 'default' | 'ignore' | 'handler'
  /** SA_* bits. */
  flags: number
  /** What is blocked while the handler runs. */
  mask: SignalName[]
}

const action = new BigInt64Array(3)
const bits = new BigInt64Array(1)

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
  return {
    disposition: names[Number(disposition)] ?? 'handler',
    flags: Number(BigInt.asUintN(32, flags)),
    mask: namesOf(mask),
  }
}

const hows = { block: 'SIG_BLOCK', unblock: 'SIG_UNBLOCK', set: 'SIG_SETMASK' } as const

/**
 * `sigprocmask(how, set, old)` of the calling thread: which signals it holds back.
 *
 * Only this thread: a signal to the process then goes to another thread of it, of which Node has many. SIGKILL and
 * SIGSTOP cannot be blocked, and are passed over. Children of child_process start with an empty mask.
 *
 * @param how 'block' adds, 'unblock' takes away, 'set' replaces
 * @param signals names or numbers
 * @returns the mask as it was
 * @throws TypeError `ERR_INVALID_ARG_VALUE`, `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_SIGNAL`, `ERR_SIGNAL_RESERVED`
 *
 * Any kernel. Source: `man 2 sigprocmask`, `man 3 pthread_sigmask`.
 *
 * @example
 * const old = sigprocmask('block', ['SIGWINCH'])
 * sigprocmask('set', old)
 */
export function sigprocmask(how: 'block' | 'unblock' | 'set', signals: readonly Signal[]): SignalName[] {
  if (!Object.hasOwn(hows, how)) throw invalidValue('how', how, "it must be 'block', 'unblock' or 'set'")
  bits[0] = bitsOf(signals)
  const result = native.sigprocmask(native.constants[hows[how]] ?? -1, bits)
  if (result < 0) throw systemError('sigprocmask', result, { pid: process.pid }, sigprocmask)
  return namesOf(bits[0])
}

/**
 * `sigpending(set)`: signals that wait for the calling thread or the process, because this thread blocks them.
 *
 * Any kernel. Source: `man 2 sigpending`.
 *
 * @example
 * if (sigpending().includes('SIGTERM')) console.log('asked to stop')
 */
export function sigpending(): SignalName[] {
  const result = native.sigpending(bits)
  if (result < 0) throw systemError('sigpending', result, { pid: process.pid }, sigpending)
  return namesOf(bits[0] ?? 0n)
}
