/**
 * Ending by a signal, so that the parent sees the true status.
 *
 * A program that catches SIGINT, cleans up and calls `process.exit(130)` tells its parent a lie: a shell loop
 * goes on, a supervisor sees a failure instead of a stop. It has to end by the signal itself. Done by hand that
 * goes wrong in Node: the listener catches the program's own signal again, and the exit code is 0.
 *
 * The rule: `process.exit` runs the 'exit' listeners and guards against being called from one of them, and ends
 * in `process.reallyExit`. That last step is replaced, so that all of its care is kept.
 */
import { writeSync } from 'node:fs'
import { inspect } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { native, supported } from './native.js'
import { invalidType, invalidValue, mainThreadOnly, unavailable } from './node-errors.js'
import { exitCodeOf, signalInfo, type Signal } from './signals.js'

interface ProcessInternals {
  reallyExit(code: number): never
}

/**
 * Ends this process by a signal: 'exit' listeners run, then the default disposition is set, the signal is
 * unblocked and raised. The parent sees WIFSIGNALED with that signal, and the core bit where it applies.
 *
 * Where the signal does nothing, as for PID 1 of a container, the exit code is 128 + its number. An 'exit'
 * listener that throws is reported on stderr and does not stop it.
 *
 * @param signal one whose default action ends the process
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for 0 and for signals that would not end it;
 *   `ERR_WORKER_UNSUPPORTED_OPERATION` in a Worker; `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_SIGNAL`,
 *   `ERR_SIGNAL_RESERVED`
 *
 * Any kernel. Source: `man 2 sigaction`, `man 3 raise`.
 *
 * @example
 * process.once('SIGINT', async () => {
 *   await cleanUp()
 *   exitBySignal('SIGINT')
 * })
 */
export function exitBySignal(signal: Signal): never {
  if (signal === 0) throw invalidValue('signal', signal, 'signal 0 ends nothing')
  if ((signal as unknown) === undefined) throw invalidType('signal', 'a signal', signal)
  const { number, defaultAction } = signalInfo(signal)
  if (defaultAction !== 'terminate' && defaultAction !== 'core') {
    throw invalidValue(
      'signal',
      signal,
      `its default action is to ${defaultAction}, which does not end a process`,
    )
  }
  if (!supported) throw unavailable('exitBySignal')
  if (!isMainThread) throw mainThreadOnly('exitBySignal')
  const code = exitCodeOf({ code: null, signal: number })
  const internals = process as unknown as ProcessInternals
  const reallyExit = internals.reallyExit.bind(process)
  internals.reallyExit = () => {
    native.exit_by_signal(number)
    return reallyExit(code)
  }
  try {
    process.exit(code)
  } catch (error) {
    writeSync(2, `${inspect(error)}\n`)
    return internals.reallyExit(code)
  }
}
