/** What a signal does to this process, and which ones the calling thread holds back. */
import { systemError } from './errors.js'
import { native } from './native.js'
import { invalidValue, reservedSignal } from './node-errors.js'
import { handleable, mustBeUnhandled } from './signal-refusals.js'
import { bitsOf, namesOf } from './signal-sets.js'
import { signalNumber, type Signal, type SignalName } from './signals.js'

/** What happens when a signal comes: its default action, nothing, or a handler runs. */
export type SignalDisposition = 'default' | 'ignore' | 'handler'

const dispositions: readonly SignalDisposition[] = ['default', 'ignore', 'handler']

const action = new BigInt64Array(3)
const bits = new BigInt64Array(1)

/**
 * `sigaction(sig, NULL, old)`: what this process does with a signal. Handlers of Node, of `process.on` and of native
 * code are all 'handler'.
 *
 * @param signal any but those libc keeps
 * @throws TypeError `ERR_UNKNOWN_SIGNAL`, `ERR_SIGNAL_RESERVED`, `ERR_INVALID_ARG_TYPE`
 *
 * Any kernel. Source: `man 2 sigaction`.
 *
 * @example
 * disposition('SIGPIPE') // 'ignore' in Node
 */
export function disposition(signal: Signal): SignalDisposition {
  const number = signalNumber(signal)
  const result = native.sigaction(number, -1, action)
  if (result < 0) throw systemError('sigaction', result, { signal: number }, disposition)
  return dispositions[Number(action[0])] ?? 'handler'
}

/**
 * `sigaction(sig, { SIG_DFL | SIG_IGN })` for the whole process, until it is disposed of: then what was there is back.
 *
 * A handler of `process.on` for the signal is deaf meanwhile. Children of child_process start with default dispositions
 * all the same.
 *
 * @param signal what {@link onSignal} would take
 * @param to 'default' or 'ignore'
 * @returns restores, once
 * @throws SignalError EINVAL: SIGKILL, SIGSTOP, and what libc keeps for itself
 * @throws TypeError `ERR_SIGNAL_RESERVED`: refused as by `onSignal`; while the signal has subscriptions; 'ignore' for
 *   real-time signals, which child_process would pass on to children. `ERR_INVALID_ARG_VALUE`, `ERR_UNKNOWN_SIGNAL`
 *
 * Any kernel. Source: `man 2 sigaction`.
 *
 * @example
 * using quiet = setDisposition('SIGHUP', 'ignore')
 */
export function setDisposition(signal: Signal, to: 'default' | 'ignore'): { [Symbol.dispose](): void } {
  const info = handleable(signal, false, setDisposition)
  if (to !== 'default' && to !== 'ignore') throw invalidValue('to', to, "it must be 'default' or 'ignore'")
  if (info.realtime && to === 'ignore') {
    throw reservedSignal(
      info.name,
      'ignored real-time signals stay ignored in children: child_process resets 1 to 31 only',
    )
  }
  mustBeUnhandled(info)
  const ticket = native.replace_action(info.number, dispositions.indexOf(to))
  if (ticket < 0) throw systemError('sigaction', ticket, { signal: info.number }, setDisposition)
  return {
    [Symbol.dispose]() {
      native.restore_action(ticket)
    },
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
  bits[0] = bitsOf(signals, true)
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
