/** Who belongs to a target: what each of these finds is new, verified and taken in. */
import type { Member } from './termination-member.js'

/** @internal */
export interface Scope {
  /** Looks for those that are not known yet. */
  find(): Member[]
  /**
   * Sends to many at once, atomically, where it can: whom it has reached, or undefined for nobody, so that each is
   * sent to by itself.
   */
  sendToAll?(signal: number): Set<Member> | undefined
  close?(): void
}
