/** From a target to a hold on it: open, compare, and only then hand out. */
import { readFileSync } from 'node:fs'
import { errno, isErrno, isTaken, noSuchProcess, systemError, unsupported } from './errors.js'
import { KERNEL, kernelHas } from './features.js'
import { bootId, pidNamespace, type Reference } from './identity.js'
import type { Link } from './link.js'
import { native } from './native.js'
import { closedHandle } from './node-errors.js'
import { PidfdLink } from './pidfd-link.js'
import { waitForNews } from './resource-usage.js'
import { openByStartTime } from './start-time-link.js'
import { resolveTarget, type Resolved, type Target } from './target.js'

type Caller = (...args: never[]) => unknown

const { P_PID = 1, WEXITED = 4, WNOHANG = 1, WNOWAIT = 0x1000000, PIDFD_THREAD = 0 } = native.constants

/** The process that a thread id belongs to; undefined for a process's own id, or when it cannot be told. */
function processOfThread(tid: number): number | undefined {
  try {
    const tgid = Number(/^Tgid:\t(\d+)$/m.exec(readFileSync(`/proc/${tid}/status`, 'latin1'))?.[1])
    return tgid === tid || Number.isNaN(tgid) ? undefined : tgid
  } catch {
    return undefined
  }
}

function isThreadId(pid: number, tgid: number | undefined, caller: Caller): Error {
  const whose = tgid === undefined ? 'it is a thread id' : `it is a thread of process ${tgid}`
  return noSuchProcess(pid, { note: `${whose}: open that, or pass { thread: true }` }, caller)
}

function openPid(pid: number, thread: boolean, caller: Caller): Link {
  if (!kernelHas(KERNEL.pidfdOpen)) {
    if (thread) throw unsupported('pidfd_open', 'PIDFD_THREAD', '6.9', pid, caller)
    const tgid = processOfThread(pid)
    if (tgid !== undefined) throw isThreadId(pid, tgid, caller)
    return openByStartTime(pid, caller)
  }
  const fd = native.pidfd_open_owned(pid, thread ? PIDFD_THREAD : 0)
  if (fd >= 0) return new PidfdLink(fd, pid, thread)
  if (fd === -errno.EINVAL || fd === -errno.ENOENT) {
    // Without the flag: EINVAL before 6.18 and ENOENT since, for a thread that leads no process. With it: before 6.9.
    if (thread) throw unsupported('pidfd_open', 'PIDFD_THREAD', '6.9', pid, caller)
    throw isThreadId(pid, processOfThread(pid), caller)
  }
  throw systemError('pidfd_open', fd, { pid }, caller)
}

/** Whether it is a child of ours that nobody has reaped. Looks, takes nothing. */
function isUnreapedChild(pid: number): boolean {
  return waitForNews(P_PID, pid, WEXITED | WNOHANG | WNOWAIT) !== -errno.ECHILD
}

/** Without its start time nothing tells it from its successor (hidepid). */
function hiddenFromUs(pid: number, caller: Caller): Error {
  return systemError('open', -errno.EACCES, { pid, note: `/proc/${pid}/stat is hidden from us` }, caller)
}

function openReference(
  { pid, identity, bootId: boot, pidNamespace: namespace }: Reference,
  caller: Caller,
): Link {
  const elsewhere =
    boot !== undefined && boot !== bootId()
      ? 'the reference is from another boot'
      : namespace !== undefined && namespace !== pidNamespace()
        ? 'the reference is from another pid namespace'
        : undefined
  if (elsewhere !== undefined) throw noSuchProcess(pid, { reused: isTaken(pid), note: elsewhere }, caller)
  if (identity.kind === 'none') return openPid(pid, false, caller)
  let link: Link
  try {
    link = openPid(pid, false, caller)
  } catch (error) {
    // Nobody, or a thread of a stranger: whose advice (open its process) would lead to that stranger.
    if (isErrno(error, 'ESRCH')) throw noSuchProcess(pid, { reused: isTaken(pid) }, caller)
    throw error
  }
  try {
    if (identity.kind === 'inode') {
      const found = link.identity()
      if (found.kind !== 'inode')
        throw unsupported('pidfd_open', 'identity by pidfs inode', '6.9', pid, caller)
      if (found.value === identity.value) return link
    } else {
      const ticks = link.startTicks()
      if (ticks !== undefined && BigInt(ticks) === identity.value) return link
      if (ticks === undefined && link.state() !== 'gone') throw hiddenFromUs(pid, caller)
    }
    throw noSuchProcess(pid, { reused: true }, caller)
  } catch (error) {
    link.close()
    throw error
  }
}

/** The first thread of the process that a link holds: it has the same number. */
function threadOf(link: Link, caller: Caller): Link {
  if (Number.isNaN(link.pid)) throw systemError('pidfd_open', -errno.EREMOTE, { fd: link.fd }, caller)
  const thread = openPid(link.pid, true, caller)
  if (link.state() !== 'gone') return thread
  thread.close()
  throw noSuchProcess(link.pid, { reused: isTaken(link.pid) }, caller)
}

/**
 * @param thread the thread with that id; of what is no number, the first thread of the process
 * @internal
 */
export function openLink(target: Target, thread: boolean, caller: Caller): Link {
  const resolved = resolveTarget(target, caller)
  if (resolved.kind === 'pid') return openPid(resolved.pid, thread, caller)
  const link = openResolved(resolved, caller)
  if (!thread || link.thread) return link
  try {
    return threadOf(link, caller)
  } finally {
    link.close()
  }
}

function openResolved(resolved: Exclude<Resolved, { kind: 'pid' }>, caller: Caller): Link {
  switch (resolved.kind) {
    case 'reference':
      return openReference(resolved.reference, caller)
    case 'link':
      if (resolved.link.closed) throw closedHandle()
      return resolved.link.dup()
    case 'child': {
      const { pid } = resolved
      let link: Link
      try {
        link = openPid(pid, false, caller)
      } catch (error) {
        if (isErrno(error, 'ESRCH')) throw noSuchProcess(pid, { reaped: true, reused: isTaken(pid) }, caller)
        throw error
      }
      // libuv may have reaped it already, with Node's 'exit' event still to come: then the number may be anybody's, but
      // a stranger is no child of ours.
      if (isUnreapedChild(pid)) return link
      link.close()
      throw noSuchProcess(pid, { reaped: true, reused: isTaken(pid) }, caller)
    }
  }
}
