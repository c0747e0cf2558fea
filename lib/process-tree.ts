/**
 * The descendants of the members, and the orphans that are theirs.
 *
 * A child is its parent's by the kernel's word. An orphan has another parent now; what still tells where it came from
 * is the session or the process group that it was born into, when a member leads it. A session is only ever inherited,
 * so whoever is in it descends from its leader. A group can also be joined, by a sibling in a pipeline whose shell
 * lives: there the parent must be one that adopts. The session and group of the caller prove nothing.
 */
import { isMainThread } from 'node:worker_threads'
import { lineFrom, parentOf } from './ancestors.js'
import { errno } from './errors.js'
import { KERNEL, kernelHas } from './features.js'
import { native } from './native.js'
import { childrenOfLibuv, childrenOfThisThread } from './own-children.js'
import { childrenOfAll, membersOf } from './proc-children.js'
import { procStat, type ProcStat } from './proc-stat.js'
import type { Member } from './termination-member.js'
import type { Roster } from './termination-roster.js'
import type { OnFound, Scope } from './termination-scope.js'

/** @internal */
export class ProcessTree implements Scope {
  readonly #roster: Roster
  readonly #ownSession = native.getsid(0)
  readonly #ownGroup = native.getpgrp()
  readonly #adopters = new Map<Member, ReadonlySet<number>>()

  constructor(roster: Roster) {
    this.#roster = roster
  }

  find(onFound: OnFound): void {
    // The denied have children as well, and those may be ours to signal.
    let parents = this.#roster.members.filter(({ over }) => !over)
    let found: Member[] = []
    const add: OnFound = (member, stat) => {
      found.push(member)
      onFound(member, stat)
    }
    let sawOrphans = false
    while (parents.length > 0 || !sawOrphans) {
      this.#findChildren(parents, add)
      // Last, since it takes a look at every process.
      sawOrphans = found.length === 0
      if (sawOrphans) this.#findOrphans(add)
      parents = found
      found = []
    }
  }

  #findChildren(parents: readonly Member[], onFound: OnFound): void {
    if (parents.length === 0) return
    const roster = this.#roster
    const pairs = childrenOfAll(parents.map(({ pid }) => pid))
    for (let at = 0; at < pairs.length; at += 2) {
      const child = pairs[at] ?? 0
      const parent = pairs[at + 1] ?? 0
      // The parent's number is the parent's while the parent is there, so that is asked last.
      const isIts = (stat: ProcStat): boolean =>
        stat.ppid === parent && roster.memberWith(parent) !== undefined
      roster.admit(child, isIts, onFound)
    }
  }

  #findOrphans(onFound: OnFound): void {
    const leaders = new Map<number, Member>()
    for (const member of this.#roster.members) {
      const { pid, sid, pgid } = member
      const leads = (pid === sid && pid !== this.#ownSession) || (pid === pgid && pid !== this.#ownGroup)
      if (!leads) continue
      leaders.set(pid, member)
      if (member.alive) this.#adoptersFor(member)
    }
    if (leaders.size === 0) return
    for (const pid of membersOf([...leaders.keys()])) {
      this.#roster.admit(pid, (stat) => this.#isTheirs(pid, stat, leaders), onFound)
    }
  }

  #isTheirs(pid: number, stat: ProcStat, leaders: ReadonlyMap<number, Member>): boolean {
    const ofSession = stat.sid === this.#ownSession ? undefined : leaders.get(stat.sid)
    if (ofSession?.sid === stat.sid) return this.#isStillIts(ofSession)
    const ofGroup = stat.pgid === this.#ownGroup ? undefined : leaders.get(stat.pgid)
    if (ofGroup?.pgid !== stat.pgid) return false
    return this.#isAdopted(pid, stat, ofGroup) && this.#isStillIts(ofGroup)
  }

  /** Whether the parent is one that took it over, and not the one that made it. */
  #isAdopted(pid: number, { ppid }: ProcStat, leader: Member): boolean {
    if (ppid === process.pid) {
      // It came to the main thread, and neither that nor a Worker has made it.
      return (
        isMainThread && childrenOfThisThread()?.has(pid) === true && childrenOfLibuv()?.has(pid) === false
      )
    }
    return ppid === 1 || this.#adoptersFor(leader).has(ppid)
  }

  /**
   * A subreaper, which the kernel does not name, is an ancestor of what it adopts. The leader's own parent is left out:
   * it may as well be the shell of a pipeline, which made them both.
   */
  #adoptersFor(leader: Member): ReadonlySet<number> {
    const known = this.#adopters.get(leader)
    if (known !== undefined) return known
    const parent = procStat(leader.pid)?.ppid ?? 0
    const found = lineFrom(parentOf(parent) ?? 0)
    if (leader.link.state() === 'gone') return new Set()
    this.#adopters.set(leader, found)
    return found
  }

  /**
   * Whether a session or group with this leader's number is still the one that it led: a number is not given out again
   * while a process, a group or a session has it.
   */
  #isStillIts({ pid, link }: Member): boolean {
    if (link.state() !== 'gone') return true
    if (kernelHas(KERNEL.pidfdGroup) && link.fd !== -1 && link.send(0, 'group', undefined) !== -errno.ESRCH)
      return true
    return this.#roster.members.some(
      (one) =>
        (one.sid === pid && native.getsid(one.pid) === pid && one.link.state() !== 'gone') ||
        (one.pgid === pid && native.getpgid(one.pid) === pid && one.link.state() !== 'gone'),
    )
  }
}
