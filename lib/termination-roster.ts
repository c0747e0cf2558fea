/**
 * Everybody whom a termination concerns: the targets, and whoever is found to belong to them.
 *
 * What is found is found by number. It is taken in only when a handle was opened first and what was read afterwards
 * says that it belongs, so that a number which changed hands in between brings no stranger in.
 */
import { isErrno, NoSuchProcessError, PermissionDeniedError } from './errors.js'
import type { Link } from './link.js'
import { invalidValue } from './node-errors.js'
import { openLink } from './open-link.js'
import type { PidFd } from './pidfd.js'
import { isOver, procStatComm, type ProcStat } from './proc-stat.js'
import { kinshipOf, PIDFD_BRAND, resolveTarget, type Target } from './target.js'
import type { Guard } from './termination-guard.js'
import { Member } from './termination-member.js'
import type { TerminatedProcess } from './termination-report.js'
import type { OnFound } from './termination-scope.js'

type Caller = (...args: never[]) => unknown

/** A match of findProcesses carries the handle that was opened before it matched. */
function handleIn(target: Target): Target {
  if (typeof target !== 'object' || (target as unknown) === null || !('pidfd' in target)) return target
  const { pidfd } = target as { pidfd: unknown }
  return typeof pidfd === 'object' && pidfd !== null && PIDFD_BRAND in pidfd
    ? (pidfd as unknown as PidFd)
    : target
}

function pidOf(target: Target, caller: Caller): number {
  try {
    const resolved = resolveTarget(target, caller)
    if (resolved.kind === 'link') return resolved.link.pid
    return resolved.kind === 'reference' ? resolved.reference.pid : resolved.pid
  } catch (error) {
    if (isErrno(error, 'ESRCH') && error.pid !== undefined) return error.pid
    throw error
  }
}

function isGoneWith(entry: Member | TerminatedProcess, pid: number): boolean {
  if (entry.pid !== pid) return false
  return entry instanceof Member ? entry.link.state() === 'gone' : entry.outcome === 'already-gone'
}

/** @internal */
export class Roster {
  readonly #guard: Guard
  /** In the order of the report; a row where there is no process to hold on to. */
  readonly #entries: (Member | TerminatedProcess)[] = []
  readonly members: Member[] = []
  readonly #byPid = new Map<number, Member>()

  constructor(guard: Guard) {
    this.#guard = guard
  }

  /** All that live and may be signalled, as far as is known. */
  get alive(): Member[] {
    return this.members.filter((member) => member.alive)
  }

  /** How many of them there are. */
  get remaining(): number {
    let count = 0
    for (const member of this.members) if (member.alive) count++
    return count
  }

  rows(): TerminatedProcess[] {
    return this.#entries.map((entry) => (entry instanceof Member ? entry.row() : entry))
  }

  /** Whether nobody lives any more, those included that may not be signalled. */
  isOver(): boolean {
    return this.#entries.every((entry) =>
      entry instanceof Member
        ? entry.over || entry.link.state() !== 'alive'
        : entry.outcome === 'already-gone',
    )
  }

  /** Who has this number among the members, if it is still its own. */
  memberWith(pid: number): Member | undefined {
    const member = this.#byPid.get(pid)
    return member === undefined || member.link.state() === 'gone' ? undefined : member
  }

  /** A target that is not there, or that cannot even be looked at, is a row. Everything else that is wrong throws. */
  addTarget(given: Target, caller: Caller): void {
    const target = handleIn(given)
    let link: Link
    try {
      link = openLink(target, false, caller)
    } catch (error) {
      if (!(error instanceof NoSuchProcessError || error instanceof PermissionDeniedError)) throw error
      const outcome = error instanceof NoSuchProcessError ? 'already-gone' : 'denied'
      const row = {
        pid: pidOf(target, caller),
        comm: null,
        outcome,
        by: null,
        exit: null,
        tookMs: 0,
      } as const
      if (!this.#entries.some((entry) => isGoneWith(entry, row.pid))) this.#entries.push(row)
      return
    }
    if (link.thread) {
      link.close()
      throw invalidValue('target', link.pid, 'it is a handle on a thread: open its process')
    }
    // Without a number in our pid namespace (NaN) it cannot be told from another such.
    if (!Number.isNaN(link.pid) && this.memberWith(link.pid) !== undefined) {
      link.close()
      return
    }
    try {
      this.#addOnce(new Member(link, kinshipOf(target)))
    } catch (error) {
      link.close()
      throw error
    }
  }

  /**
   * Takes in whoever has the number now, if `belongs` says so of what /proc has on it. `belongs` is asked when the
   * handle is open: what else it relies on it must verify then.
   * Those that are known, over, spared, or strangers are passed over.
   */
  admit(pid: number, belongs: (stat: ProcStat) => boolean, onFound: OnFound): void {
    if (this.#guard.spares(pid) || this.memberWith(pid) !== undefined) return
    let link: Link
    try {
      link = openLink(pid, false, this.admit)
    } catch (error) {
      if (error instanceof NoSuchProcessError || error instanceof PermissionDeniedError) return
      throw error
    }
    let admitted: ReturnType<typeof procStatComm>
    try {
      const stat = procStatComm(pid)
      if (stat !== undefined && !isOver(stat) && belongs(stat) && link.state() !== 'gone') admitted = stat
    } finally {
      if (admitted === undefined) link.close()
    }
    if (admitted === undefined) return
    const stat = admitted
    const member = new Member(link, kinshipOf(pid), stat)
    this.#add(member)
    onFound(member, stat)
  }

  /** One that is gone is nobody's double but for those that are gone with its number. */
  #addOnce(member: Member): void {
    const known = this.#entries.findIndex((entry) => isGoneWith(entry, member.pid))
    if (known < 0 || member.link.state() !== 'gone') this.#add(member)
    else if (this.#entries[known] instanceof Member) member.close()
    else this.#replace(known, member)
  }

  /** By the one that knows more: how it ended. */
  #replace(index: number, member: Member): void {
    this.#entries[index] = member
    this.members.push(member)
  }

  #add(member: Member): void {
    this.#entries.push(member)
    this.members.push(member)
    this.#byPid.set(member.pid, member)
  }

  close(): void {
    for (const member of this.members) member.close()
  }
}
