/** How a process ended: the record, and what a wait status says. */
import { native } from './native.js'
import { nameIfAny, type SignalName } from './signals.js'

/** How a process ended. Never a guess: what no source tells is `known: false`. */
export interface Exit {
  readonly pid: number
  /** The exit code; null when a signal ended it, or when it is not known. */
  readonly code: number | null
  /** The signal that ended it; null when it exited, or when that is not known. */
  readonly signal: SignalName | null
  /** Whether it dumped core; null when that is not known. */
  readonly coreDumped: boolean | null
  readonly known: boolean
  /** Who told: waitid(2) for an own child, the pidfd after the reap (6.15), /proc/PID/stat, or Node itself. */
  readonly source: 'waitid' | 'pidfd' | 'proc' | 'child_process' | null
}

/**
 * The name of a signal that was seen. Those that libc keeps have none: 'SIG32', so that the fact is told.
 * @internal
 */
export function endingSignalName(number: number): SignalName {
  return nameIfAny(number) ?? (`SIG${number}` as SignalName)
}

/**
 * From a raw wait status, as waitpid(2) and PIDFD_INFO_EXIT give it.
 * @internal
 */
export function exitFromStatus(pid: number, status: number, source: Exit['source']): Exit {
  const signal = status & 0x7f
  if (signal === 0)
    return { pid, code: (status >> 8) & 0xff, signal: null, coreDumped: false, known: true, source }
  return {
    pid,
    code: null,
    signal: endingSignalName(signal),
    coreDumped: (status & 0x80) !== 0,
    known: true,
    source,
  }
}

/**
 * From the siginfo of waitid(2).
 * @internal
 */
export function exitFromSiginfo(pid: number, code: number, status: number): Exit {
  const { CLD_EXITED, CLD_DUMPED } = native.constants
  if (code === CLD_EXITED) {
    return { pid, code: status, signal: null, coreDumped: false, known: true, source: 'waitid' }
  }
  const coreDumped = code === CLD_DUMPED
  return { pid, code: null, signal: endingSignalName(status), coreDumped, known: true, source: 'waitid' }
}

/** @internal */
export function unknownExit(pid: number): Exit {
  return { pid, code: null, signal: null, coreDumped: null, known: false, source: null }
}
