/** Who a process runs under. */
import { procStat } from './proc-stat.js'

/**
 * The process with this number, its parent, and so on, as far as /proc shows them. PID 1 is the last, or whoever has a
 * parent outside of our pid namespace.
 * @internal
 */
export function lineFrom(first: number): Set<number> {
  const line = new Set<number>()
  for (let pid = first; pid > 0 && !line.has(pid); pid = procStat(pid)?.ppid ?? 0) line.add(pid)
  return line
}
