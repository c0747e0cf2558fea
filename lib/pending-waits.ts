/** Waits for children that are pending in this thread: who else wants to know, and what keeps the loop alive. */
import type { Link } from './link.js'
import type { WaitStatus } from './wait-status.js'

/** @internal */
export interface PendingWait {
  readonly link: Link
  tell(status: WaitStatus): void
}

const waiting = new Map<number, Set<PendingWait>>()

/** @internal */
export function pendingWaits(pid: number): PendingWait[] {
  return [...(waiting.get(pid) ?? [])]
}

/** What it returns takes it out again. @internal */
export function addPendingWait(one: PendingWait): () => void {
  const { pid } = one.link
  const all = waiting.get(pid) ?? new Set()
  waiting.set(pid, all.add(one))
  return () => {
    all.delete(one)
    if (all.size === 0 && waiting.get(pid) === all) waiting.delete(pid)
  }
}

/** Whether pending waits keep the event loop alive: one for each handle, which may change its mind meanwhile. @internal */
export class Hold {
  readonly #appliers = new Set<() => void>()
  #on = true

  get on(): boolean {
    return this.#on
  }

  set(on: boolean): void {
    this.#on = on
    for (const apply of this.#appliers) apply()
  }

  /** Calls back now and with every change, until what it returns is called. */
  follow(apply: () => void): () => void {
    this.#appliers.add(apply)
    apply()
    return () => {
      this.#appliers.delete(apply)
    }
  }
}
