/** What a signal does to this process. */
import { errno, systemError } from './errors.js'
import { native } from './native.js'
import { invalidValue, reservedSignal } from './node-errors.js'
import { whenUnhandled } from './signal-dispatch.js'
import { handleable, mustBeUnhandled } from './signal-refusals.js'
import { signalNumber, type Signal } from './signals.js'

/** What happens when a signal comes: its default action, nothing, or a handler runs. */
export type SignalDisposition = 'default' | 'ignore' | 'handler'

const dispositions: readonly SignalDisposition[] = ['default', 'ignore', 'handler']

const action = new BigInt64Array(3)

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
      // While it is handled what was there is not to be put over the handler: then it goes back after the last one.
      if (native.restore_action(ticket) === -errno.EBUSY)
        whenUnhandled(info.number, () => native.restore_action(ticket))
    },
  }
}
