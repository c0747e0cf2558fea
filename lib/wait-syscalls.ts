/** The waiting and parenthood calls of `sigkit/syscalls`. */
import { int32 } from './arguments.js'
import { systemError, type Subject } from './errors.js'
import { native } from './native.js'
import { invalidType } from './node-errors.js'
import { resourceUsage, usageFields, waitForNews } from './resource-usage.js'
import { rawSignalNumber, type Signal } from './signals.js'
import { statusOfNews, statusOfRaw, type WaitStatus } from './wait-status.js'

const status = new Int32Array(1)

function wait4Raw(
  syscall: string,
  pid: number,
  flags: number,
  withUsage: boolean,
  caller: (...args: never[]) => unknown,
): WaitStatus | null {
  const target = int32(pid, 'pid')
  const result = native.wait4(target, int32(flags, 'flags'), status, usageFields)
  if (result < 0) throw systemError(syscall, result, { pid: target }, caller)
  if (result === 0) return null
  return statusOfRaw(result, status[0] ?? 0, withUsage ? resourceUsage() : undefined)
}

/**
 * `waitpid(pid, wstatus, options)`: takes the status of a child.
 *
 * Without WNOHANG it blocks the thread: no timer, no I/O, nothing runs until a child ends.
 *
 * @param pid > 0: that child. -1: any child. This breaks child_process: libuv's children are taken from it, their
 *   'exit' events never come and their handles keep the loop alive for ever. 0: any of the own group; < -1: of the
 *   group -pid.
 * @param flags WNOHANG, WUNTRACED, WCONTINUED, __WALL
 * @returns null when WNOHANG found nothing
 * @throws NoChildError ECHILD: no such child, or somebody took its status, or SIGCHLD is ignored
 * @throws SignalError EINVAL: unknown flags; ESRCH: pid is -2147483648
 *
 * Any kernel. Source: `man 2 waitpid`.
 *
 * @example
 * const status = waitpid(pid, WNOHANG)
 */
export function waitpid(pid: number, flags = 0): WaitStatus | null {
  return wait4Raw('waitpid', pid, flags, false, waitpid)
}

/**
 * `wait4(pid, wstatus, options, rusage)`: {@link waitpid}, with what the child used.
 *
 * @param pid as in waitpid, with the same warning about -1
 * @param flags WNOHANG, WUNTRACED, WCONTINUED, __WALL
 * @returns null when WNOHANG found nothing; else with `rusage`
 * @throws NoChildError ECHILD; SignalError EINVAL, ESRCH
 *
 * Any kernel. Source: `man 2 wait4`.
 *
 * @example
 * const { rusage } = wait4(pid) ?? {}
 */
export function wait4(pid: number, flags = 0): WaitStatus | null {
  return wait4Raw('wait4', pid, flags, true, wait4)
}

/** Whom a failed waitid was about, as waitpid would name them. */
function whom(idtype: number, id: number): Subject {
  const { P_PGID, P_ALL, P_PIDFD } = native.constants
  if (idtype === P_PIDFD) return { fd: id }
  if (idtype === P_PGID) return { pid: -id, pgid: id }
  return { pid: idtype === P_ALL ? -1 : id }
}

/**
 * `waitid(idtype, id, info, options)`: waits for a change of a child, with `rusage`.
 *
 * @param idtype P_PID, P_PGID, P_PIDFD (5.4), P_ALL, which without WNOWAIT takes libuv's children from it
 * @param id a pid, a group (0: the own one, 5.4), a pidfd; ignored with P_ALL
 * @param flags at least one of WEXITED, WSTOPPED, WCONTINUED; WNOHANG, WNOWAIT (look, take nothing: the same news again
 *   and again), __WALL
 * @returns null when WNOHANG found nothing
 * @throws NoChildError ECHILD; SignalError EINVAL: none of the three, unknown idtype; EBADF: no pidfd;
 *   EAGAIN: a PIDFD_NONBLOCK pidfd has nothing to tell
 *
 * Any kernel. Source: `man 2 waitid`.
 *
 * @example
 * const peeked = waitid(P_PID, pid, WEXITED | WNOHANG | WNOWAIT)
 */
export function waitid(idtype: number, id: number, flags: number): WaitStatus | null {
  const target = int32(id, 'id')
  const news = waitForNews(int32(idtype, 'idtype'), target, int32(flags, 'flags'))
  if (typeof news === 'number') throw systemError('waitid', news, whom(idtype, target), waitid)
  return news === undefined ? null : statusOfNews(news, resourceUsage())
}

/**
 * `prctl(PR_SET_CHILD_SUBREAPER, on)`: descendants whose parent ends become children of this process, as they would of
 * PID 1. Somebody has to reap them then: `startReaper`. Not inherited by children, kept over exec.
 *
 * @param on whether
 * @throws SignalError EINVAL before 3.4
 * @throws TypeError `ERR_INVALID_ARG_TYPE`
 *
 * Linux 3.4. Source: `man 2 prctl`.
 *
 * @example
 * prctlSetChildSubreaper(true)
 */
export function prctlSetChildSubreaper(on: boolean): void {
  if (typeof on !== 'boolean') throw invalidType('on', 'a boolean', on)
  const result = native.prctl(native.constants['PR_SET_CHILD_SUBREAPER'] ?? 36, on ? 1 : 0)
  if (result < 0) throw systemError('prctl', result, { pid: process.pid }, prctlSetChildSubreaper)
}

/**
 * `prctl(PR_GET_CHILD_SUBREAPER, &on)`
 *
 * @throws SignalError EINVAL before 3.4
 *
 * Linux 3.4. Source: `man 2 prctl`.
 *
 * @example
 * if (!prctlGetChildSubreaper()) prctlSetChildSubreaper(true)
 */
export function prctlGetChildSubreaper(): boolean {
  const result = native.prctl_get_child_subreaper()
  if (result < 0) throw systemError('prctl', result, { pid: process.pid }, prctlGetChildSubreaper)
  return result === 1
}

/**
 * `prctl(PR_SET_PDEATHSIG, sig)`: this process gets the signal when its parent ends.
 *
 * Its parent is a thread: the one that forked it. When a Worker spawned it, the signal comes when that Worker ends.
 * And the parent may be gone already: compare `process.ppid` with what it should be, afterwards. Cleared by fork, by the
 * exec of a set-user-ID program, and by a change of credentials.
 *
 * @param signal a name or a number; 0 clears it
 * @throws SignalError EINVAL: no such signal
 *
 * Any kernel. Source: `man 2 prctl`, PR_SET_PDEATHSIG.
 *
 * @example
 * prctlSetPdeathsig('SIGTERM')
 * if (process.ppid !== expectedParent) process.exit(1) // it ended before we asked
 */
export function prctlSetPdeathsig(signal: Signal): void {
  const number = rawSignalNumber(signal)
  const result = native.prctl(native.constants['PR_SET_PDEATHSIG'] ?? 1, number)
  if (result < 0) throw systemError('prctl', result, { pid: process.pid, signal: number }, prctlSetPdeathsig)
}
