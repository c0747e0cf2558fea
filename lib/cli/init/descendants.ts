/**
 * A signal to every descendant of this process. Each is opened, seen to be the child of one of those listed, and
 * only then signalled through what was opened: a number that has been given to somebody else meanwhile is not hit. Not
 * of the very parent that listed it: that one may have ended by its own signal, and its children are ours then.
 *
 * Without a /proc of our own namespace none is known, and none is signalled.
 */
import type { Link } from '../../link.js'
import { openLink } from '../../open-link.js'
import { isProcOurs } from '../../own-proc.js'
import { childrenOfAll } from '../../proc-children.js'
import { procStat } from '../../proc-stat.js'

/** This process and all below it; those that could be listed, where a descriptor was missing. */
function listed(): Set<number> {
  const all = new Set([process.pid])
  try {
    for (let parents = [process.pid]; parents.length > 0;) {
      const children = childrenOfAll(parents).filter((pid, index) => index % 2 === 0 && !all.has(pid))
      for (const pid of children) all.add(pid)
      parents = children
    }
  } catch {
    // Whoever is left is seen when the end of its parent is told.
  }
  return all
}

function signalChild(parents: ReadonlySet<number>, pid: number, signo: number): void {
  let link: Link | undefined
  try {
    link = openLink(pid, false, signalChild)
    const parent = procStat(pid)?.ppid
    if (parent !== undefined && parents.has(parent)) link.send(signo, 'process', undefined)
  } catch {
    // It has ended, or there is no descriptor left to be sure of it.
  } finally {
    link?.close()
  }
}

export function signalDescendants(signo: number): void {
  if (!isProcOurs()) return
  // Listed before any is signalled: one that ends at once would take the list of its children with it.
  const all = listed()
  for (const pid of all) if (pid !== process.pid) signalChild(all, pid, signo)
}
