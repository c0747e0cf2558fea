/** A reference to a process that can be written down. What makes it unique: identity.ts. */
import { isTaken, noSuchProcess } from './errors.js'
import { bootId, formatReference, parseReference, pidNamespace, type Reference } from './identity.js'
import { openLink } from './open-link.js'
import { kinshipOf, PROCESS_REF_BRAND, type Target } from './target.js'

/**
 * A durable reference to a process: its number with what makes it unique. It never means another process, whoever gets
 * the number, not after a reboot and not in another container. Text, so that it can be stored and sent.
 *
 * @example
 * const text = ProcessRef.of(child).toString() // '4242:10211/0f6d2c1e-…/4026531836'
 * PidFd.open(ProcessRef.parse(text)).send('SIGTERM') // that process, or NoSuchProcessError with reused: true
 */
export class ProcessRef {
  /** Its number, in the pid namespace it was made in. */
  readonly pid: number
  readonly #reference: Reference

  private constructor(reference: Reference) {
    this.pid = reference.pid
    this.#reference = reference
  }

  /**
   * The reference of a process that is there now.
   *
   * @param target a pid, a ChildProcess, a PidFd or a ProcessRef, which is checked
   * @throws NoSuchProcessError ESRCH; `reused` when a given reference's number belongs to somebody else now
   * @throws ResourceLimitError EMFILE, ENFILE
   * @throws TypeError, RangeError for a bad target
   *
   * pidfs inode from 6.9, start time below. Source: `man 2 pidfd_open`, `man 5 proc_pid_stat`.
   *
   * @example
   * console.log(`I am ${ProcessRef.of(process.pid)}`)
   */
  static of(target: Target): ProcessRef {
    const link = openLink(target, false, ProcessRef.of)
    try {
      const { pid } = link
      const identity = link.identity()
      // A handle knows who it was on for ever.
      if (link.state() === 'gone') {
        const reaped = kinshipOf(target).wasChild
        throw noSuchProcess(pid, { reused: isTaken(pid), reaped }, ProcessRef.of)
      }
      return ProcessRef.from({ pid, identity })
    } finally {
      link.close()
    }
  }

  /**
   * Reads `PID:INODE/BOOTID/PIDNS`, `PID@STARTTICKS/BOOTID/PIDNS`, or either without the part behind the slash.
   * Nobody is looked up.
   *
   * @param text what `toString` gave, or util-linux's `PID:INODE`
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   *
   * @example
   * const ref = ProcessRef.parse('4242:10211')
   */
  static parse(text: string): ProcessRef {
    return new ProcessRef(parseReference(text))
  }

  /** A process of this boot and this pid namespace. @internal */
  static from({ pid, identity }: Pick<Reference, 'pid' | 'identity'>): ProcessRef {
    return new ProcessRef({ pid, identity, bootId: bootId(), pidNamespace: pidNamespace() })
  }

  /** Whoever has the number. @internal */
  static bare(pid: number): ProcessRef {
    return new ProcessRef({
      pid,
      identity: { kind: 'none', value: 0n },
      bootId: undefined,
      pidNamespace: undefined,
    })
  }

  /** Whether this is what makes it unique. @internal */
  has({ kind, value }: Reference['identity']): boolean {
    const { identity } = this.#reference
    return identity.kind === kind && identity.value === value
  }

  /** `PID:INODE/BOOTID/PIDNS` (pidfs, 6.9), else `PID@STARTTICKS/BOOTID/PIDNS`; what was parsed is given back. */
  toString(): string {
    return formatReference(this.#reference)
  }

  /** The text, so that JSON.stringify keeps it. */
  toJSON(): string {
    return this.toString()
  }

  /**
   * Whether both name the same process. What a short form leaves out is not compared. An inode and a start time cannot
   * be compared: false.
   */
  equals(other: ProcessRef): boolean {
    if (typeof other !== 'object' || (other as unknown) === null || !(PROCESS_REF_BRAND in other))
      return false
    const mine = this.#reference
    // By its text, since it may be another copy's.
    const theirs = other.toString() === String(other.pid) ? undefined : parseReference(other.toString())
    if (theirs === undefined) return mine.identity.kind === 'none' && this.pid === other.pid
    const agree = (a: string | undefined, b: string | undefined): boolean =>
      a === undefined || b === undefined || a === b
    return (
      mine.pid === theirs.pid &&
      mine.identity.kind === theirs.identity.kind &&
      mine.identity.value === theirs.identity.value &&
      agree(mine.bootId, theirs.bootId) &&
      agree(mine.pidNamespace, theirs.pidNamespace)
    )
  }
}

Object.defineProperty(ProcessRef.prototype, PROCESS_REF_BRAND, { value: true })
