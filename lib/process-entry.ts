/** A process as /proc shows it. */
import type { ProcessRef } from './process-ref.js'
import type { SignalName } from './signals.js'

/** What a process does with signals, as sets of names. The numbers that libc keeps for itself have none. */
export interface SignalMasks {
  /** Pending for the process or for its main thread. */
  pending: SignalName[]
  /** Blocked by its main thread. */
  blocked: SignalName[]
  ignored: SignalName[]
  /** With a handler. */
  caught: SignalName[]
}

/**
 * A process at the moment it was read. A field that may not be read is absent, never guessed. As a target it stands for
 * the process that was read, whoever has the number later (through `identity`).
 *
 * Text that is not UTF-8 is kept: each byte that does not fit is a lone surrogate, U+DC80 for 0x80 to U+DCFF for 0xff.
 */
export interface ProcessEntry {
  pid: number
  ppid: number
  pgid: number
  sid: number
  /** `pts/0`, `tty1`; null without a controlling terminal. */
  tty: string | null
  /** As ps: running, sleeping, uninterruptible, zombie, stopped, traced, dead, idle. */
  state: 'R' | 'S' | 'D' | 'Z' | 'T' | 't' | 'X' | 'I'
  /** Its name: 15 bytes at most (more for kernel threads), whatever it chose. */
  comm: string
  /** The path of its program, without the kernel's " (deleted)" when the file is gone. Absent for kernel threads. */
  exe?: string
  /**
   * Its arguments, as it has them now (setproctitle changes them). Empty for kernel threads; absent for what has ended,
   * whose arguments are gone.
   */
  argv?: string[]
  /** The effective uid. */
  uid: number
  /** The name of the effective uid; absent where it has none. */
  user?: string
  /** Milliseconds since the epoch, to 10 ms. */
  startTime: number
  threads: number
  /** Resident memory in bytes. */
  rss: number
  /** CPU time in ms, user and system, without its children's. */
  cpuTime: number
  /** Its path in cgroup v2, as seen from our cgroup namespace; absent without cgroup v2. */
  cgroup?: string
  signals?: SignalMasks
  /** The durable reference of this very process. */
  identity: ProcessRef
}

/** A field of {@link ProcessEntry}. */
export type Field = keyof ProcessEntry
