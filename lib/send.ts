/**
 * Sending a signal by number, safe by default: what an empty pid file or a failed lookup turns into (0, -1)
 * never reaches the kernel. For a process that may end at any moment a number is not enough, since the kernel
 * gives it to somebody else: use a PidFd.
 */
import { groupId, positivePid, processOrGroup, queuedValue } from './arguments.js'
import { errnoCode, killError, systemError, type ErrnoCode } from './errors.js'
import { native } from './native.js'
import { sendableNumber, type Signal } from './signals.js'

/**
 * `kill(pid, sig)`: sends a signal to a process, or to the process group `-pid`.
 *
 * Success means that the signal was accepted, not that the process acted on it: a zombie accepts every signal,
 * and PID 1 of a container takes SIGTERM and does nothing. The number is a process id; the kernel also takes a
 * thread id for the process it belongs to.
 *
 * @param pid >= 1: that process. <= -2: the group `-pid`, which succeeds when one member could be signalled.
 *   Down to -2147483647.
 * @param signal a name or a number; 0 sends nothing and only checks. Default SIGTERM.
 * @throws NoSuchProcessError ESRCH: nothing has that number (a zombie still has it)
 * @throws PermissionDeniedError EPERM: it exists, this user may not signal it; EACCES from a security module
 * @throws RangeError `ERR_OUT_OF_RANGE` for 0, -0 and -1: use `killpg(getpgrp())` or `killAll` if you mean that
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_SIGNAL`, `ERR_SIGNAL_RESERVED`
 *
 * Any kernel. Source: `man 2 kill`.
 *
 * @example
 * import { kill } from 'sigkit'
 * kill(child.pid, 'SIGTERM')
 */
export function kill(pid: number, signal: Signal = 'SIGTERM'): void {
  const target = processOrGroup(pid)
  const number = sendableNumber(signal)
  const result = native.kill(target, number)
  if (result < 0) {
    const error = killError(result, target, number, target < 0 ? -target : undefined)
    Error.captureStackTrace(error, kill)
    throw error
  }
}

/**
 * `kill(pid, sig)` without an exception for what the kernel answers: an order of magnitude cheaper when the
 * process is gone. Arguments are checked as in {@link kill}, and throw.
 *
 * @returns undefined when the signal was accepted, else the errno's name: 'ESRCH', 'EPERM', ...
 * @throws TypeError or RangeError for bad arguments only
 *
 * Any kernel. Source: `man 2 kill`.
 *
 * @example
 * if (tryKill(pid, 0) === 'ESRCH') console.log('gone')
 */
export function tryKill(pid: number, signal: Signal = 'SIGTERM'): ErrnoCode | undefined {
  const result = native.kill(processOrGroup(pid), sendableNumber(signal))
  return result < 0 ? errnoCode(result) : undefined
}

/**
 * `killpg(pgrp, sig)`: sends a signal to every member of a process group that may be signalled.
 *
 * @param pgid >= 2. 0 would be the own group, 1 would be everything (killpg(1) is kill(-1)): both are refused.
 * @param signal a name or a number; 0 only checks. Default SIGTERM.
 * @throws NoSuchProcessError ESRCH: the group has no member
 * @throws PermissionDeniedError EPERM: no member may be signalled by this user. One that may is success.
 * @throws RangeError `ERR_OUT_OF_RANGE`, TypeError `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_SIGNAL`, `ERR_SIGNAL_RESERVED`
 *
 * Any kernel. Source: `man 3 killpg`.
 *
 * @example
 * const job = spawn('make', ['-j8'], { detached: true }) // leads a group of its own
 * killpg(job.pid, 'SIGINT')
 */
export function killpg(pgid: number, signal: Signal = 'SIGTERM'): void {
  const target = groupId(pgid)
  const number = sendableNumber(signal)
  const result = native.killpg(target, number)
  if (result < 0) throw systemError('killpg', result, { pid: target, pgid: target, signal: number }, killpg)
}

/**
 * `kill(-1, sig)`: sends a signal to every process that this user may signal, but PID 1 and the own process.
 * As root that is the whole machine, or the whole container.
 *
 * Linux reports success even when every single process refused (EPERM): a success says nothing about who got it.
 *
 * @param signal a name or a number; never a default
 * @throws NoSuchProcessError ESRCH: there is no other process
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_SIGNAL`, `ERR_SIGNAL_RESERVED`
 *
 * Any kernel. Source: `man 2 kill`.
 *
 * @example
 * if (process.pid === 1) killAll('SIGTERM') // an init that shuts its container down
 */
export function killAll(signal: Signal): void {
  const number = sendableNumber(signal)
  const result = native.kill(-1, number)
  if (result < 0) throw systemError('kill', result, { pid: -1, signal: number }, killAll)
}

/**
 * `tgkill(tgid, tid, sig)`: sends a signal to one thread. A default action still concerns the whole process.
 *
 * @param pid the process, >= 1
 * @param tid the thread id as in /proc/PID/task, >= 1
 * @param signal a name or a number; 0 only checks
 * @throws NoSuchProcessError ESRCH: no such thread in that process
 * @throws PermissionDeniedError EPERM
 * @throws ResourceLimitError EAGAIN: a real-time signal, and the receiver's queue is full (RLIMIT_SIGPENDING)
 * @throws RangeError `ERR_OUT_OF_RANGE`, TypeError `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_SIGNAL`, `ERR_SIGNAL_RESERVED`
 *
 * Any kernel. Source: `man 2 tgkill`.
 *
 * @example
 * tgkill(pid, tid, 'SIGUSR2')
 */
export function tgkill(pid: number, tid: number, signal: Signal): void {
  const target = positivePid(pid, 'pid')
  const thread = positivePid(tid, 'tid')
  const number = sendableNumber(signal)
  const result = native.tgkill(target, thread, number)
  if (result < 0) throw systemError('tgkill', result, { pid: target, tid: thread, signal: number }, tgkill)
}

/**
 * `sigqueue(pid, sig, value)`: sends a signal together with a value (`si_value`, SI_QUEUE).
 *
 * Real-time signals queue: every one arrives, with its value, in order. Standard signals do not: a second one
 * is dropped while the first is pending, and at the queue's limit one loses its value without an error.
 *
 * @param pid a process, >= 1
 * @param signal a name or a number; 0 only checks
 * @param value an integer of -2^63 to 2^64-1, as wide as a pointer; a number must be a safe integer. The rest
 *   of the union is zero. A receiver that reads `si_int` sees the low 32 bits.
 * @throws NoSuchProcessError ESRCH
 * @throws PermissionDeniedError EPERM
 * @throws ResourceLimitError EAGAIN: the receiver's queue is full (RLIMIT_SIGPENDING of its real uid)
 * @throws RangeError `ERR_OUT_OF_RANGE`, TypeError `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_SIGNAL`, `ERR_SIGNAL_RESERVED`
 *
 * Any kernel. Source: `man 3 sigqueue`.
 *
 * @example
 * sigqueue(worker.pid, 'SIGRTMIN+1', 42)
 */
export function sigqueue(pid: number, signal: Signal, value: number | bigint): void {
  const target = positivePid(pid, 'pid')
  const number = sendableNumber(signal)
  const result = native.sigqueue(target, number, queuedValue(value))
  if (result < 0) throw systemError('sigqueue', result, { pid: target, signal: number }, sigqueue)
}

/**
 * `raise(sig)`: sends a signal to the calling thread. The default action, or a native handler, has run when it
 * returns, unless the thread blocks the signal; a JavaScript listener runs later, as always.
 *
 * @param signal a name or a number; 0 does nothing
 * @throws ResourceLimitError EAGAIN: a blocked real-time signal, and the queue is full
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_SIGNAL`, `ERR_SIGNAL_RESERVED`
 *
 * Any kernel. Source: `man 3 raise`.
 *
 * @example
 * raise('SIGSTOP') // stop here until somebody sends SIGCONT
 */
export function raise(signal: Signal): void {
  const number = sendableNumber(signal)
  const result = native.raise(number)
  if (result < 0) throw systemError('raise', result, { pid: process.pid, signal: number }, raise)
}
