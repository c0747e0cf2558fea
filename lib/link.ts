/**
 * A hold on one process, whatever this kernel offers for it: a pidfd (pidfd-link.ts), or below that its number and
 * start time (start-time-link.ts). What is above asks the link and does not need to know which it is.
 */
import type { Identity } from './identity.js'

/** Alive; ended and not reaped; ended and reaped. */
export type ProcessState = 'alive' | 'zombie' | 'gone'

/** To whom a signal goes: the whole process, one thread of it, or its process group. */
export type Scope = 'process' | 'thread' | 'group'

/** @internal */
export interface Link {
  readonly pid: number
  /** -1 where there is none, and after close. */
  readonly fd: number
  readonly closed: boolean
  /** Whether sending can miss: false where the number is checked first and signalled afterwards. */
  readonly raceFree: boolean
  /** Whether it stands for a single thread. */
  readonly thread: boolean
  /** The C name of the call that sends, for errors. */
  readonly sendSyscall: string
  /** 0, or -errno; -ESRCH once the process is gone, whoever has the number. */
  send(signal: number, scope: Scope, value: number | bigint | undefined): number
  state(): ProcessState
  /** Throws when the process is gone and was never asked before. */
  identity(): Identity
  /** Clock ticks since boot, verified; undefined when the process is gone or hidden. */
  startTicks(): number | undefined
  /**
   * Calls back when the process has exited, and again when it was reaped, with the state where that is known already;
   * may call without news.
   */
  watch(onChange: (state?: ProcessState) => void): Watch
  /** A second hold on the same process. */
  dup(): Link
  close(): void
}

/** @internal */
export interface Watch {
  stop(): void
  /** Whether waiting keeps the event loop alive. */
  keepAlive(on: boolean): void
}
