/** What a termination tells: while it runs, and at its end. */
import type { Exit } from './exit-status.js'
import type { SignalName } from './signals.js'

/** One step of a {@link terminate} under way. */
export interface TerminationProgress {
  readonly pid: number
  /**
   * `signalled`: a signal was sent. `ended`: it is over, also when it was before. `survived`: given up. `denied`: this
   * user may not signal it. `frozen`: stopped for the walk through its tree. `resumed`: sent SIGCONT, after a freeze or
   * because it was stopped.
   */
  readonly event: 'signalled' | 'ended' | 'survived' | 'denied' | 'frozen' | 'resumed'
  /** The signal that was sent, or refused; with `ended` and `survived` the last one sent, null when none was. */
  readonly signal: SignalName | null
  /** Milliseconds since the call. */
  readonly tookMs: number
  /** How many of the processes known so far are still to end. */
  readonly remaining: number
}

/** Why a process did not end, or is still there: see {@link TerminatedProcess}. */
export type Stuck = 'uninterruptible' | 'zombie' | 'traced' | 'init-immune'

/** One process of a {@link TerminationReport}. */
export interface TerminatedProcess {
  readonly pid: number
  /** Its name, 15 bytes at most; null when it was gone before it could be read. */
  readonly comm: string | null
  /**
   * `exited` with an exit code, `killed` by a signal, `ended` nobody can tell how; `already-gone`: it had ended before
   * anything was sent to it; `survived`; `denied`: this user may not signal it.
   */
  readonly outcome: 'exited' | 'killed' | 'ended' | 'already-gone' | 'survived' | 'denied'
  /** The last signal sent to it to end it, null when none was. */
  readonly by: SignalName | null
  /** How it ended; null while it lives, and for one that was gone without a handle on it. */
  readonly exit: Exit | null
  /** Milliseconds from the call to its end, or to the end of the wait for it. */
  readonly tookMs: number
  /**
   * `uninterruptible`: in a system call that no signal ends (D). `traced`: a debugger holds it. `init-immune`: PID 1 of
   * a pid namespace, to which only signals that it handles, and SIGKILL from outside, mean anything. `zombie`: it had
   * ended, and its parent has not reaped it.
   */
  readonly stuck?: Stuck
}

/** What {@link terminate} did. */
export interface TerminationReport {
  /** Whether nothing that was targeted is left alive. */
  readonly complete: boolean
  /** The targets in their order, each once, then what belonged to them. */
  readonly processes: TerminatedProcess[]
}
