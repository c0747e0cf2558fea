/** Who a process runs under. */
import { errno, systemError } from './errors.js'
import { KERNEL, kernelHas } from './features.js'
import { native } from './native.js'
import { getInfo } from './pidfd-info.js'
import { procStat } from './proc-stat.js'

/** By a handle, which shows what hidepid hides. Undefined below 6.13, and where it is gone. */
function parentByPidfd(pid: number): number | undefined {
  if (!kernelHas(KERNEL.pidfdInfo)) return undefined
  const fd = native.pidfd_open_owned(pid, 0)
  if (fd === -errno.EMFILE || fd === -errno.ENFILE || fd === -errno.ENOMEM) {
    throw systemError('pidfd_open', fd, { pid })
  }
  if (fd < 0) return undefined
  const info = getInfo(fd, 0)
  native.close_fd(fd)
  return typeof info === 'number' ? undefined : info.ppid
}

/**
 * The parent of a process, 0 for one outside of our pid namespace. Undefined where nothing tells.
 * @internal
 */
export function parentOf(pid: number): number | undefined {
  return procStat(pid)?.ppid ?? parentByPidfd(pid)
}

/**
 * The process with this number, its parent, and so on. PID 1 is the last, or whoever has a parent outside of our pid
 * namespace. Where the line is hidden from us, PID 1 follows: it is the one that is known to be further up.
 * @internal
 */
export function lineFrom(first: number): Set<number> {
  const line = new Set<number>()
  for (let pid = first; pid > 0 && !line.has(pid); pid = pid === 1 ? 0 : (parentOf(pid) ?? 1)) line.add(pid)
  return line
}
