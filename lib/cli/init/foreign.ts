/**
 * Processes of PID 1's namespace that somebody has entered it with (nsenter, `docker exec`): none of our children, so
 * no SIGCHLD tells when they end. A pidfd does. Where there is none of these, or /proc does not show them, the grace
 * passes to its end.
 */
import { readdirSync } from 'node:fs'
import { errno, systemError } from '../../errors.js'
import { watchPidfd } from '../../exit-watch.js'
import { native } from '../../native.js'
import { isOver, procStat } from '../../proc-stat.js'
import { isProcOurs } from './own-proc.js'

function processes(): number[] | undefined {
  if (!isProcOurs()) return undefined
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 1)
  } catch {
    return undefined
  }
}

function isOverNow(pid: number): boolean {
  const stat = procStat(pid)
  return stat === undefined || isOver(stat)
}

function watchAll(pids: readonly number[], ended: () => void): Set<number> {
  const watched = new Set<number>()
  for (const pid of pids) {
    if (isOverNow(pid)) continue
    const fd = native.pidfd_open(pid, 0)
    if (fd === -errno.ESRCH) continue
    if (fd < 0) throw systemError('pidfd_open', fd, { pid })
    watched.add(pid)
    watchPidfd(fd, pid, () => {
      if (watched.delete(pid)) ended()
    }).keepAlive(true)
  }
  return watched
}

/**
 * Those that live now; `ended` is called when one has ended and left the set. Zombies are not among them: whoever is to
 * reap them is outside. Undefined where they cannot be seen or watched: no /proc, no pidfd_open, no descriptor left.
 */
export function watchForeign(ended: () => void): Set<number> | undefined {
  const pids = processes()
  if (pids === undefined) return undefined
  try {
    return watchAll(pids, ended)
  } catch {
    return undefined // as if there were no /proc: the grace decides
  }
}
