/**
 * `sigkit/syscalls`: one function per system call, with exact POSIX and Linux semantics and typed errors.
 *
 * No policy: any int32 goes to the kernel as it is (signal names are looked up), so EINVAL and its precedence
 * are the kernel's: an absent pid with a bad signal is ESRCH, a bad signal for a process one may not touch is
 * EINVAL. `kill(0)` and `kill(-1)` do what the manual says.
 */
import { int32, queuedValue } from './arguments.js'
import { killError, systemError } from './errors.js'
import { native } from './native.js'
import { queuedInfo, type QueuedInfo } from './queued-info.js'
import { rawSignalNumber, type Signal } from './signals.js'

export { sigaction, sigpending, sigprocmask, type SignalAction } from './action-syscalls.js'
export {
  prctlGetChildSubreaper,
  prctlSetChildSubreaper,
  prctlSetPdeathsig,
  wait4,
  waitid,
  waitpid,
} from './wait-syscalls.js'
export type { WaitStatus } from './wait-status.js'
export {
  WNOHANG,
  WUNTRACED,
  WCONTINUED,
  WNOWAIT,
  WEXITED,
  WSTOPPED,
  __WALL,
  P_PID,
  P_PGID,
  P_ALL,
  P_PIDFD,
  CLD_EXITED,
  CLD_KILLED,
  CLD_DUMPED,
  CLD_TRAPPED,
  CLD_STOPPED,
  CLD_CONTINUED,
  PIDFD_INFO_CGROUPID,
  PIDFD_INFO_CREDS,
  PIDFD_INFO_EXIT,
  PIDFD_INFO_PID,
  PIDFD_NONBLOCK,
  PIDFD_SIGNAL_PROCESS_GROUP,
  PIDFD_SIGNAL_THREAD,
  PIDFD_SIGNAL_THREAD_GROUP,
  PIDFD_THREAD,
  SA_NOCLDSTOP,
  SA_NOCLDWAIT,
  SA_NODEFER,
  SA_ONSTACK,
  SA_RESETHAND,
  SA_RESTART,
  SA_RESTORER,
  SA_SIGINFO,
  SI_ASYNCIO,
  SI_ASYNCNL,
  SI_DETHREAD,
  SI_KERNEL,
  SI_MESGQ,
  SI_QUEUE,
  SI_SIGIO,
  SI_TIMER,
  SI_TKILL,
  SI_USER,
} from './constants.js'
export {
  pidfdGetInfo,
  pidfdOpen,
  pidfdSendSignal,
  processMrelease,
  type PidfdInfo,
} from './pidfd-syscalls.js'

/**
 * `kill(pid, sig)`
 *
 * @param pid > 0: that process. 0: every process of the caller's own group, the caller included. -1: every
 *   process that the caller may signal but PID 1 and itself; success even when each refused. < -1: the group -pid.
 * @param signal any int32, or a name; 0 only checks
 * @throws SignalError ESRCH (before EINVAL), EINVAL (before EPERM), EPERM
 *
 * Any kernel. Source: `man 2 kill`.
 *
 * @example
 * kill(0, 'SIGTERM') // this breaks: the own shell pipeline ends, and this process with it
 */
export function kill(pid: number, signal: Signal): void {
  const target = int32(pid, 'pid')
  const number = rawSignalNumber(signal)
  const result = native.kill(target, number)
  if (result < 0) {
    const error = killError(result, target, number)
    Error.captureStackTrace(error, kill)
    throw error
  }
}

/**
 * `killpg(pgrp, sig)`
 *
 * @param pgid >= 0; 0 is the caller's own group. 1 is a broadcast to everything: killpg(1) is kill(-1).
 * @param signal any int32, or a name; 0 only checks
 * @throws SignalError EINVAL for pgid < 0, ESRCH, EPERM
 *
 * Any kernel. Source: `man 3 killpg`.
 *
 * @example
 * killpg(getpgrp(), 'SIGWINCH')
 */
export function killpg(pgid: number, signal: Signal): void {
  const target = int32(pgid, 'pgid')
  const number = rawSignalNumber(signal)
  const result = native.killpg(target, number)
  if (result < 0) throw systemError('killpg', result, { pid: target, pgid: target, signal: number }, killpg)
}

/**
 * `tgkill(tgid, tid, sig)`
 *
 * @param tgid the process (thread group)
 * @param tid the thread
 * @param signal any int32, or a name; 0 only checks
 * @throws SignalError EINVAL for ids <= 0, ESRCH, EPERM, EAGAIN (real-time signal, queue full)
 *
 * Linux 2.5.75. Source: `man 2 tgkill`.
 *
 * @example
 * tgkill(process.pid, process.pid, 'SIGUSR2')
 */
export function tgkill(tgid: number, tid: number, signal: Signal): void {
  const target = int32(tgid, 'tgid')
  const thread = int32(tid, 'tid')
  const number = rawSignalNumber(signal)
  const result = native.tgkill(target, thread, number)
  if (result < 0) throw systemError('tgkill', result, { pid: target, tid: thread, signal: number }, tgkill)
}

/**
 * `raise(sig)`: tgkill of the calling thread.
 *
 * @param signal any int32, or a name
 * @throws SignalError EINVAL, EAGAIN (blocked real-time signal, queue full)
 *
 * Any kernel. Source: `man 3 raise`.
 *
 * @example
 * raise('SIGSTOP')
 */
export function raise(signal: Signal): void {
  const number = rawSignalNumber(signal)
  const result = native.raise(number)
  if (result < 0) throw systemError('raise', result, { pid: process.pid, signal: number }, raise)
}

/**
 * `sigqueue(pid, sig, value)`
 *
 * @param pid a process
 * @param signal any int32, or a name; 0 only checks
 * @param value 64 bits, -2^63 to 2^64-1; a number must be a safe integer
 * @throws SignalError ESRCH, EINVAL, EPERM, EAGAIN (queue full, RLIMIT_SIGPENDING)
 *
 * Any kernel. Source: `man 3 sigqueue`.
 *
 * @example
 * sigqueue(pid, 'SIGRTMIN', 0x1234n)
 */
export function sigqueue(pid: number, signal: Signal, value: number | bigint): void {
  const target = int32(pid, 'pid')
  const number = rawSignalNumber(signal)
  const result = native.sigqueue(target, number, queuedValue(value))
  if (result < 0) throw systemError('sigqueue', result, { pid: target, signal: number }, sigqueue)
}

/**
 * `rt_tgsigqueueinfo(tgid, tid, sig, info)`: a signal with a value to one thread.
 *
 * `si_pid` and `si_uid` are the caller's own; all that is not named here is zero.
 *
 * @param tgid the process (thread group)
 * @param tid the thread
 * @param signal any int32, or a name; 0 only checks
 * @param info `value` and `code`
 * @throws SignalError EINVAL, ESRCH, EPERM (also for a code >= 0 or SI_TKILL to another thread), EAGAIN
 *
 * Linux 2.6.31. Source: `man 2 rt_tgsigqueueinfo`.
 *
 * @example
 * rtTgsigqueueinfo(pid, tid, 'SIGRTMIN', { value: 7 })
 */
export function rtTgsigqueueinfo(tgid: number, tid: number, signal: Signal, info: QueuedInfo): void {
  const target = int32(tgid, 'tgid')
  const thread = int32(tid, 'tid')
  const number = rawSignalNumber(signal)
  const { code, value } = queuedInfo(info)
  const result = native.rt_tgsigqueueinfo(target, thread, number, code, value)
  if (result < 0)
    throw systemError(
      'rt_tgsigqueueinfo',
      result,
      { pid: target, tid: thread, signal: number },
      rtTgsigqueueinfo,
    )
}

/**
 * `getpgid(pid)`: the process group of a process.
 *
 * @param pid a process; 0 is the calling one. A zombie still has its group.
 * @throws SignalError ESRCH
 *
 * Any kernel. Source: `man 2 getpgid`.
 *
 * @example
 * const sameJob = getpgid(pid) === getpgrp()
 */
export function getpgid(pid: number): number {
  const target = int32(pid, 'pid')
  const result = native.getpgid(target)
  if (result < 0) throw systemError('getpgid', result, { pid: target }, getpgid)
  return result
}

/**
 * `getsid(pid)`: the session of a process.
 *
 * @param pid a process; 0 is the calling one
 * @throws SignalError ESRCH
 *
 * Any kernel. Source: `man 2 getsid`.
 *
 * @example
 * const leadsSession = getsid(0) === process.pid
 */
export function getsid(pid: number): number {
  const target = int32(pid, 'pid')
  const result = native.getsid(target)
  if (result < 0) throw systemError('getsid', result, { pid: target }, getsid)
  return result
}

/**
 * `getpgrp()`: the calling process's own group. Cannot fail.
 *
 * Any kernel. Source: `man 2 getpgrp`.
 *
 * @example
 * killpg(getpgrp(), 'SIGTERM')
 */
export function getpgrp(): number {
  return native.getpgrp()
}

/**
 * `setpgid(pid, pgid)`: moves a process into a group of the same session, or makes it lead a new one.
 *
 * @param pid the caller itself (0), or a child of it that has not called execve yet
 * @param pgid an existing group; 0 is the group with the number of `pid`
 * @throws SignalError EACCES: the child has called execve. EINVAL: pgid < 0. EPERM: a session leader, another
 *   session, or no such group. ESRCH: neither the caller nor a child of it.
 *
 * Any kernel. Source: `man 2 setpgid`.
 *
 * @example
 * setpgid(0, 0) // lead a group of one's own
 */
export function setpgid(pid: number, pgid: number): void {
  const target = int32(pid, 'pid')
  const group = int32(pgid, 'pgid')
  const result = native.setpgid(target, group)
  if (result < 0) throw systemError('setpgid', result, { pid: target, pgid: group }, setpgid)
}
