/**
 * From a process to its children and theirs, without a look at the rest of the machine.
 *
 * A list of children is of a number, and the number may change hands while we walk. So a child counts if it names that
 * parent itself, and if the parent, looked at again after that, is still the process it was: then both were there, one
 * the child of the other, at the same time.
 *
 * The kernel may leave children out of a list while one of them ends (proc(5)). Whenever one is missing, or a parent has
 * ended, the walk begins again; after a few times what was verified stands.
 */
import { isTaken, noSuchProcess, systemError } from './errors.js'
import { KERNEL, kernelHas } from './features.js'
import { atOnce, withLaterFields } from './lazy-fields.js'
import { native } from './native.js'
import { childrenOfAll } from './proc-children.js'
import type { ProcessEntry } from './process-entry.js'
import { procStat } from './proc-stat.js'
import { openProcess, readProcesses } from './processes.js'
import type { Target } from './target.js'

type Caller = (...args: never[]) => unknown

const WALKS = 4

/** Which of the processes are no longer who they were. */
function changed(parents: readonly ProcessEntry[], caller: Caller): ProcessEntry[] {
  const inodes = new BigInt64Array(parents.length)
  if (kernelHas(KERNEL.pidfsIdentity)) {
    const result = native.pid_inodes(
      Int32Array.from(parents, ({ pid }) => pid),
      parents.length,
      inodes,
    )
    if (result < 0) throw systemError('pidfd_open', result, { pid: process.pid }, caller)
  }
  return parents.filter(({ pid, identity }, index) => {
    const inode = BigInt.asUintN(64, inodes[index] ?? 0n)
    if (inode !== 0n) return !identity.has({ kind: 'inode', value: inode })
    const stat = procStat(pid)
    return stat === undefined || !identity.has({ kind: 'ticks', value: BigInt(stat.startTicks) })
  })
}

interface Walked {
  found: ProcessEntry[]
  /** Whether nothing ended meanwhile that may have hidden something from us. */
  complete: boolean
}

/** The children of all parents. The first generation's parent is held by a link, which is looked at in the end. */
function generation(pids: readonly number[], parents: readonly ProcessEntry[], caller: Caller): Walked {
  const pairs = childrenOfAll(pids)
  const parentOf = new Map<number, number>()
  for (let i = 0; i < pairs.length; i += 2) parentOf.set(pairs[i] ?? 0, pairs[i + 1] ?? 0)
  if (parentOf.size === 0) return { found: [], complete: true }
  const found = readProcesses([...parentOf.keys()], atOnce, caller).filter(
    ({ pid, ppid }) => ppid === parentOf.get(pid),
  )
  const fertile = new Set(found.map(({ ppid }) => ppid))
  const strangers = new Set(
    changed(
      parents.filter(({ pid }) => fertile.has(pid)),
      caller,
    ).map(({ pid }) => pid),
  )
  return {
    found: found.filter(({ ppid }) => !strangers.has(ppid)),
    complete: found.length === parentOf.size && strangers.size === 0,
  }
}

function walkOnce(root: number, deep: boolean, caller: Caller): Walked {
  const all: Walked = { found: [], complete: true }
  const seen = new Set([root])
  let pids: number[] = [root]
  let parents: ProcessEntry[] = []
  do {
    const next = generation(pids, parents, caller)
    // Once is enough, also for a number that came round while we walked.
    parents = next.found.filter(({ pid }) => !seen.has(pid))
    pids = parents.map(({ pid }) => pid)
    for (const pid of pids) seen.add(pid)
    all.found.push(...parents)
    all.complete &&= next.complete
  } while (deep && pids.length > 0)
  return all
}

function walk(target: Target, deep: boolean, caller: Caller): ProcessEntry[] {
  const root = openProcess(target, caller)
  try {
    for (let walks = 1; ; walks++) {
      const { found, complete } = walkOnce(root.pid, deep, caller)
      if (root.state() === 'gone') throw noSuchProcess(root.pid, { reused: isTaken(root.pid) }, caller)
      if (complete || walks === WALKS) return found.map(withLaterFields)
    }
  } finally {
    root.close()
  }
}

/**
 * The children of a process, whichever of its threads forked them, zombies included: `pgrep -P`, with everything that
 * {@link ProcessEntry} has. The optional fields are read when they are first used, of that very process: absent
 * where it has ended by then.
 *
 * @param target a pid, a ChildProcess, a PidFd, a ProcessRef or a ProcessEntry
 * @throws NoSuchProcessError ESRCH; `reused` when its number is somebody else's now, whose children are not reported
 * @throws ResourceLimitError EMFILE, ENFILE, ENOMEM
 * @throws TypeError, RangeError for a bad target; code `ERR_PIDFD_CLOSED` for a closed PidFd
 *
 * Linux 3.5 with CONFIG_PROC_CHILDREN; without it every process is looked at. Source: `man 5 proc_tid_children`.
 *
 * @example
 * for (const { pid, comm } of children(process.pid)) console.log(pid, comm)
 */
export function children(target: Target): ProcessEntry[] {
  return walk(target, false, children)
}

/**
 * The children of a process, their children, and so on: parents before their children. It costs what the tree costs,
 * not what the machine does. A process whose parent has ended is nobody's descendant any more, but a child of init or
 * of a subreaper. The optional fields are read when they are first used, as in {@link children}.
 *
 * A picture of a tree that moves: to act on all of it, forks included, use `terminate` with `tree`.
 *
 * @param target a pid, a ChildProcess, a PidFd, a ProcessRef or a ProcessEntry
 * @throws as {@link children}
 *
 * Linux 3.5 with CONFIG_PROC_CHILDREN; without it every process is looked at, once a generation. Source:
 * `man 5 proc_tid_children`.
 *
 * @example
 * console.log(formatTree(descendants(1)))
 */
export function descendants(target: Target): ProcessEntry[] {
  return walk(target, true, descendants)
}
