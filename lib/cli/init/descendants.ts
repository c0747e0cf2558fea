/**
 * A signal to every descendant of this process. Each is opened, seen to be the child of the parent that listed it, and
 * only then signalled through what was opened: a number that has been given to somebody else meanwhile is not hit.
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

function signalChild(parent: number, pid: number, signo: number): void {
  const pidfd = native.pidfd_open(pid, 0)
  if (pidfd >= 0) native.own_fd(pidfd)
  const isChild = native.proc_stat(pid, stat) >= 0 && stat[PPID] === parent
  if (isChild) {
    if (pidfd < 0 || native.pidfd_send_signal(pidfd, signo, 0) < 0) native.kill(pid, signo)
  }
  if (pidfd >= 0) native.close_fd(pidfd)
}

export function signalDescendants(signo: number): void {
  // Listed before any is signalled: one that ends at once would take the list of its children with it.
  const found: [parent: number, pid: number][] = []
  const queue = isProcOurs() ? [process.pid] : []
  for (let parent = queue.pop(); parent !== undefined; parent = queue.pop()) {
    for (const pid of childrenOf(parent)) {
      found.push([parent, pid])
      queue.push(pid)
    }
  }
  for (const [parent, pid] of found) signalChild(parent, pid, signo)
}
