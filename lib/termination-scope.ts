/** Who belongs to a target: what each of these finds is new, verified and taken in. */
import type { ProcStat } from './proc-stat.js'
import type { Member } from './termination-member.js'

/**
 * Called for each at once, and not for all in the end: whoever is to be stopped goes on forking until then.
 * @internal
 */
export type OnFound = (member: Member, stat: ProcStat) => void

/** @internal */
export interface Scope {
  /** Looks for those that are not known yet. */
  find(onFound: OnFound): void
  /**
   * Sends to many at once, atomically, where it can: whom it has reached, or undefined for nobody, so that each is
   * sent to by itself.
   */
  sendToAll?(signal: number): Set<Member> | undefined
  /** What it sends to all reaches those too that this user may not signal. */
  readonly asksNobody?: boolean
  /** Whether somebody lives in it whom nobody listed; and calls back when that is over, until stopped. */
  isPopulated?(): boolean
  whenEmpty?(callback: () => void): () => void
  close?(): void
}
