/**
 * The members of a process group, and how to signal them all at once.
 *
 * A signal through a handle on the number that the group bears reaches the whole group in one step, so that nobody can
 * be forked past it, and works for as long as the group has members (6.9). Below that, and where somebody in it is to
 * be spared, they are signalled one by one, and listed again until nobody is new.
 */
import { errno, isErrno } from './errors.js'
import { KERNEL, kernelHas } from './features.js'
import type { Link } from './link.js'
import { native } from './native.js'
import { openLink } from './open-link.js'
import { membersOf } from './proc-children.js'
import type { Guard } from './termination-guard.js'
import type { Member } from './termination-member.js'
import type { Roster } from './termination-roster.js'
import type { OnFound, Scope } from './termination-scope.js'

type Caller = (...args: never[]) => unknown

/**
 * The group that a process belongs to, 0 for one from outside of our pid namespace; for a process that is gone, the
 * group that it led and whose handle still reaches it.
 * @internal
 */
export function groupOf({ link }: Member): number | undefined {
  if (Number.isNaN(link.pid)) return undefined
  const pgid = native.getpgid(link.pid)
  if (link.state() !== 'gone') return pgid >= 0 ? pgid : undefined
  if (!kernelHas(KERNEL.pidfdGroup) || link.fd === -1) return undefined
  return link.send(0, 'group', undefined) === 0 ? link.pid : undefined
}

/** @internal */
export class ProcessGroup implements Scope {
  readonly id: number
  readonly #guard: Guard
  readonly #roster: Roster
  /** On whoever has the group's number, which nobody else can have while the group lives. */
  readonly #leader: Link | undefined

  constructor(id: number, roster: Roster, guard: Guard, caller: Caller) {
    this.id = id
    this.#roster = roster
    this.#guard = guard
    const known = roster.memberWith(id) ?? roster.members.find(({ pid }) => pid === id)
    const leader = known === undefined ? this.#openLeader(caller) : known.link.dup()
    // Opened by number: true only if the group was there all the while.
    const isTrue = known !== undefined || this.#isHeld()
    if (!isTrue) leader?.close()
    this.#leader = isTrue ? leader : undefined
  }

  #openLeader(caller: Caller): Link | undefined {
    try {
      return openLink(this.id, false, caller)
    } catch (error) {
      if (isErrno(error, 'EMFILE') || isErrno(error, 'ENFILE') || isErrno(error, 'ENOMEM')) throw error
      return undefined // it has been reaped
    }
  }

  /** Whether the group with this number is still the one that was meant. */
  #isStillIt(): boolean {
    const leader = this.#leader
    if (leader !== undefined && (leader.state() !== 'gone' || this.#reachesThroughLeader())) return true
    return this.#isHeld()
  }

  #isHeld(): boolean {
    return this.#roster.members.some((member) => this.#holds(member) && member.link.state() !== 'gone')
  }

  /** NaN: it has no number in our pid namespace. */
  #holds({ pid }: Member): boolean {
    return !Number.isNaN(pid) && native.getpgid(pid) === this.id
  }

  #reachesThroughLeader(): boolean {
    const leader = this.#leader
    if (leader === undefined || leader.fd === -1 || !kernelHas(KERNEL.pidfdGroup)) return false
    return leader.send(0, 'group', undefined) !== -errno.ESRCH
  }

  find(onFound: OnFound): void {
    for (const pid of membersOf([this.id])) {
      this.#roster.admit(pid, ({ pgid }) => pgid === this.id && this.#isStillIt(), onFound)
    }
  }

  sendToAll(signal: number): Set<Member> | undefined {
    const leader = this.#leader
    if (leader === undefined || !this.#reachesThroughLeader()) return undefined
    const pids = membersOf([this.id]).filter((pid) => native.getpgid(pid) === this.id)
    if (pids.some((pid) => this.#guard.spares(pid))) return undefined
    const reached = this.#roster.alive.filter((member) => this.#holds(member))
    if (leader.send(signal, 'group', undefined) !== 0) return undefined
    return new Set(reached)
  }

  close(): void {
    this.#leader?.close()
  }
}
