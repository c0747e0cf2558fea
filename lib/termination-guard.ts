/** Who is never to be hit: this process, its ancestors, and PID 1. */
import { native } from './native.js'
import { invalidValue } from './node-errors.js'
import { procStat } from './proc-stat.js'

/** This process's parent, its parent, and so on; PID 1 is among them unless it lies outside of our namespace. */
function ancestors(): Set<number> {
  const found = new Set<number>()
  for (let pid = native.getppid(); pid > 0 && !found.has(pid); pid = procStat(pid)?.ppid ?? 0) found.add(pid)
  return found
}

/** @internal */
export class Guard {
  readonly #ancestors = ancestors()

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
