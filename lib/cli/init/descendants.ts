/**
 * A signal to every descendant of this process. Each is opened, seen to be the child of one of those listed, and
 * only then signalled through what was opened: a number that has been given to somebody else meanwhile is not hit. Not
 * of the very parent that listed it: that one may have ended by its own signal, and its children are ours then.
 *
 * Without a /proc of our own namespace, or without CONFIG_PROC_CHILDREN, none is known, and none is signalled.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { native } from '../../native.js'
import { isProcOurs } from '../../own-proc.js'

const stat = new Float64Array(7)
const PPID = 1

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((tid) =>
      readFileSync(`/proc/${pid}/task/${tid}/children`, 'latin1')
        .split(' ')
        .filter((text) => text !== '')
        .map(Number),
    )
  } catch {
    return [] // it has ended: what it had is listed elsewhere, and seen when that end is told
  }
}

function signalChild(parents: ReadonlySet<number>, pid: number, signo: number): void {
  const pidfd = native.pidfd_open(pid, 0)
  if (pidfd >= 0) native.own_fd(pidfd)
  const isChild = native.proc_stat(pid, stat) >= 0 && parents.has(stat[PPID] ?? 0)
  if (isChild) {
    if (pidfd < 0 || native.pidfd_send_signal(pidfd, signo, 0) < 0) native.kill(pid, signo)
  }
  if (pidfd >= 0) native.close_fd(pidfd)
}

export function signalDescendants(signo: number): void {
  // Listed before any is signalled: one that ends at once would take the list of its children with it. A set goes on
  // with what is added while it is walked.
  const listed = new Set(isProcOurs() ? [process.pid] : [])
  for (const parent of listed) for (const pid of childrenOf(parent)) listed.add(pid)
  for (const pid of listed) if (pid !== process.pid) signalChild(listed, pid, signo)
}
