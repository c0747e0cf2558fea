/**
 * How a process ended, from the first source that knows: waitid(2) for an own child (looking only: the status stays for
 * whoever reaps it); /proc/PID/stat while it is a zombie; the pidfd once it is reaped (6.15); Node's own word for a
 * ChildProcess. What none of them tells is unknown.
 */
import { errno } from './errors.js'
import { exitFromSiginfo, exitFromStatus, unknownExit, type Exit } from './exit-status.js'
import { KERNEL, kernelHas } from './features.js'
import type { Link, ProcessState } from './link.js'
import { native } from './native.js'
import { isOver, procStat } from './proc-stat.js'
import type { ChildLike } from './target.js'
import { waitOnLink } from './wait-on-link.js'

const { WEXITED = 4, WNOWAIT = 0x1000000, PIDFD_INFO_EXIT = 8 } = native.constants

const info = new BigInt64Array(14)
const EXIT_CODE = 13

/** @internal */
export type Peek = { child: false } | { child: true; exit: Exit | undefined }

/**
 * Whether the process is a child of ours that is not reaped, and how it ended if it has.
 * @internal
 */
export function peek(link: Link): Peek {
  const news = waitOnLink(link, WEXITED | WNOWAIT)
  if (typeof news === 'number')
    return news === -errno.EAGAIN ? { child: true, exit: undefined } : { child: false }
  if (news === undefined) return { child: true, exit: undefined }
  return { child: true, exit: exitFromSiginfo(link.pid, news.code, news.status) }
}

/** Of a zombie. Not zero is true; zero is also what the kernel says to those who may not know. */
function fromProc(link: Link): Exit | undefined {
  const stat = procStat(link.pid)
  if (stat === undefined || !isOver(stat)) return undefined
  const mayKnow = stat.exitCode !== 0 || native.proc_may_read(link.pid) === 1
  // Read by number: true only if the number was still its own afterwards.
  if (!mayKnow || link.state() === 'gone') return undefined
  return exitFromStatus(link.pid, stat.exitCode, 'proc')
}

function fromPidfd(link: Link): Exit | undefined {
  if (link.fd === -1 || !kernelHas(KERNEL.exitInfo)) return undefined
  if (native.pidfd_get_info(link.fd, PIDFD_INFO_EXIT, info) < 0) return undefined
  if ((Number(info[0]) & PIDFD_INFO_EXIT) === 0) return undefined
  return exitFromStatus(link.pid, Number(info[EXIT_CODE]), 'pidfd')
}

/** Node says 0 for a death by a real-time signal, which it has no name for: its 0 alone is no proof. */
function fromChild(pid: number, child: ChildLike): Exit | undefined {
  const { exitCode, signalCode } = child
  if (signalCode !== null) {
    return { pid, code: null, signal: signalCode, coreDumped: null, known: true, source: 'child_process' }
  }
  if (exitCode === null) return undefined
  if (exitCode === 0) return { ...unknownExit(pid), source: 'child_process' }
  return { pid, code: exitCode, signal: null, coreDumped: false, known: true, source: 'child_process' }
}

/**
 * What can be told now: undefined while it is alive, and while libuv has reaped a ChildProcess and Node's 'exit' is
 * still to come.
 * @internal
 */
export function readExit(link: Link, state: ProcessState, child: ChildLike | undefined): Exit | undefined {
  if (state === 'alive') return undefined
  // After the reap waitid has nothing to tell any more.
  const told = state === 'gone' ? fromPidfd(link) : undefined
  if (told !== undefined) return told
  const peeked = peek(link)
  if (peeked.child && peeked.exit !== undefined) return peeked.exit
  if (state === 'zombie') {
    const exit = fromProc(link)
    if (exit !== undefined) return exit
    // Reaped while we looked? Then it can be told after all.
    if (link.state() !== 'gone') return unknownExit(link.pid)
  }
  return fromPidfd(link) ?? (child === undefined ? unknownExit(link.pid) : fromChild(link.pid, child))
}
