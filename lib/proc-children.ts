/**
 * Children of any process, and members of sessions and groups: as numbers, which the caller must verify.
 *
 * A list is complete only while the parent and its children stand still (proc(5)).
 */
import { errno, systemError } from './errors.js'
import { native } from './native.js'
import { mustBeOurProc } from './own-proc.js'

let buffer = new Int32Array(512)

/**
 * Asks until it fits: how many numbers of the buffer are filled, or -errno.
 *
 * @param width numbers per entry
 */
function fill(width: number, read: (out: Int32Array, capacity: number) => number): number {
  for (;;) {
    const count = read(buffer, buffer.length / width)
    if (count * width <= buffer.length) return count < 0 ? count : count * width
    buffer = new Int32Array(2 * count * width)
  }
}

/**
 * The children of a process, whichever of its threads forked them; undefined where there is no such process. Throws
 * where we could not look (EMFILE).
 * @internal
 */
export function childrenOf(pid: number): number[] | undefined {
  mustBeOurProc()
  const length = fill(1, (out, capacity) => native.proc_children(pid, out, capacity))
  if (length === -errno.ESRCH) return undefined
  if (length < 0) throw systemError('open', length, { pid })
  return Array.from(buffer.subarray(0, length))
}

/**
 * The children of many, in one crossing: child and parent in turn, [child, parent, child, parent, ...].
 * @internal
 */
export function childrenOfAll(pids: readonly number[]): number[] {
  mustBeOurProc()
  const parents = Int32Array.from(pids)
  const length = fill(2, (out, capacity) =>
    native.proc_children_of_all(parents, parents.length, out, capacity),
  )
  if (length < 0) throw systemError('open', length, { pid: parents[0] ?? process.pid })
  return Array.from(buffer.subarray(0, length))
}

/**
 * The processes, zombies included, whose session or process group is one of `ids`. Looks at every process.
 * @internal
 */
export function membersOf(ids: readonly number[]): number[] {
  mustBeOurProc()
  const wanted = Int32Array.from(ids)
  const length = fill(1, (out, capacity) => native.proc_members_of(wanted, wanted.length, out, capacity))
  if (length < 0) throw systemError('open', length, { pid: process.pid })
  return Array.from(buffer.subarray(0, length))
}
