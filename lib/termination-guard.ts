/** Who is never to be hit: this process, its ancestors, and PID 1. */
import { lineFrom } from './ancestors.js'
import { native } from './native.js'
import { invalidValue } from './node-errors.js'

/** @internal */
export class Guard {
  readonly #ancestors = lineFrom(native.getppid())

  /** Never collateral of a tree, a group or a control group. */
  spares(pid: number): boolean {
    return pid === 1 || pid === process.pid || this.#ancestors.has(pid)
  }

  /** Throws where the target itself must not be ended this way. */
  check(pid: number, tree: boolean): void {
    if (pid === process.pid) {
      throw invalidValue('target', pid, 'it is this process: use exitBySignal(signal) to end by a signal')
    }
    if (pid === 1) {
      throw invalidValue(
        'target',
        pid,
        "it is PID 1, whose end is the end of everything: use kill(1, signal) if you mean it, or the container's own stop",
      )
    }
    if (tree && this.#ancestors.has(pid)) {
      throw invalidValue(
        'target',
        pid,
        'it is an ancestor of this process, which its tree would take along: terminate it without tree',
      )
    }
  }
}
