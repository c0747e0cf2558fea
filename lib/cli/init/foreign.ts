/**
 * Processes of PID 1's namespace that somebody has entered it with (nsenter, `docker exec`): none of our children, so
 * no SIGCHLD tells when they end. A pidfd does. Where /proc does not show them they are not waited for any sooner than
 * the grace is over.
 */
import { readdirSync } from 'node:fs'
import { watchPidfd } from '../../exit-watch.js'
import { native } from '../../native.js'
import { isOver, procStat } from '../../proc-stat.js'
import { isProcOurs } from '../../own-proc.js'

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

/**
 * Those that live now; `ended` is called when one has ended and left the set. Zombies are not among them: whoever is to
 * reap them is outside. Undefined where /proc does not show anybody.
 */
export function watchForeign(ended: () => void): Set<number> | undefined {
  const pids = processes()
  if (pids === undefined) return undefined
  const watched = new Set<number>()
  for (const pid of pids) {
    if (isOverNow(pid)) continue
    const fd = native.pidfd_open(pid, 0)
    if (fd < 0) continue
    watched.add(pid)
    watchPidfd(fd, pid, () => {
      if (watched.delete(pid)) ended()
    }).keepAlive(true)
  }
  return watched
}
