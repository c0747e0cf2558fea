/** The pidfd calls of `sigkit/syscalls`. */
import { int32 } from './arguments.js'
import { PIDFD_INFO_CGROUPID, PIDFD_INFO_CREDS, PIDFD_INFO_EXIT, PIDFD_INFO_PID } from './constants.js'
import { systemError } from './errors.js'
import { native } from './native.js'
import { invalidType, outOfRange } from './node-errors.js'
import { getInfo, type PidfdInfo } from './pidfd-info.js'
import { queuedInfo, type QueuedInfo } from './queued-info.js'
import { rawSignalNumber, type Signal } from './signals.js'

export type { PidfdInfo } from './pidfd-info.js'

/**
 * `pidfd_open(pid, flags)`: a descriptor that refers to a process, close-on-exec. It is the caller's to close, with
 * `fs.closeSync`.
 *
 * @param pid a process; with PIDFD_THREAD a thread
 * @param flags PIDFD_NONBLOCK (5.10), PIDFD_THREAD (6.9)
 * @returns the fd
 * @throws SignalError ESRCH; EINVAL: pid <= 0, unknown flag, a thread id without PIDFD_THREAD (ENOENT since 6.18);
 *   EMFILE, ENFILE, ENOMEM; ENOSYS below 5.3
 *
 * Linux 5.3. Source: `man 2 pidfd_open`.
 *
 * @example
 * const fd = pidfdOpen(process.ppid)
 */
export function pidfdOpen(pid: number, flags = 0): number {
  const target = int32(pid, 'pid')
  const result = native.pidfd_open(target, int32(flags, 'flags'))
  if (result < 0) throw systemError('pidfd_open', result, { pid: target }, pidfdOpen)
  return result
}

/**
 * `pidfd_send_signal(pidfd, sig, info, flags)`
 *
 * @param fd a pidfd; a descriptor of a /proc/PID directory works too
 * @param signal any int32, or a name; 0 only checks
 * @param info null or undefined as kill(2) does it; else `value` and `code`, the rest of the siginfo is zero
 * @param flags PIDFD_SIGNAL_THREAD, PIDFD_SIGNAL_THREAD_GROUP, PIDFD_SIGNAL_PROCESS_GROUP (6.9)
 * @throws SignalError EBADF: not a pidfd. EINVAL: unknown signal or flags, or the process is in a pid namespace that is
 *   not below ours. ESRCH: gone, or PROCESS_GROUP on what leads no group. EPERM: not allowed, or a forged code. EAGAIN.
 *
 * Linux 5.1. Source: `man 2 pidfd_send_signal`.
 *
 * @example
 * pidfdSendSignal(fd, 'SIGTERM')
 */
export function pidfdSendSignal(fd: number, signal: Signal, info?: QueuedInfo | null, flags = 0): void {
  const descriptor = int32(fd, 'fd')
  const number = rawSignalNumber(signal)
  const bits = int32(flags, 'flags')
  let result: number
  if (info === undefined || info === null) {
    result = native.pidfd_send_signal(descriptor, number, bits)
  } else {
    const { code, value } = queuedInfo(info)
    result = native.pidfd_send_siginfo(descriptor, number, code, value, bits)
  }
  if (result < 0)
    throw systemError('pidfd_send_signal', result, { fd: descriptor, signal: number }, pidfdSendSignal)
}

const ALL_INFO = PIDFD_INFO_PID | PIDFD_INFO_CREDS | PIDFD_INFO_CGROUPID | PIDFD_INFO_EXIT

/**
 * `ioctl(pidfd, PIDFD_GET_INFO, info)`: what the kernel returned; fields it did not fill are undefined.
 *
 * @param fd a pidfd
 * @param mask PIDFD_INFO_* bits to ask for; by default all of them. After the reap only PIDFD_INFO_EXIT is answered.
 * @throws SignalError EBADF; ENOTTY below 6.13, or not a pidfd; ESRCH: reaped, and PIDFD_INFO_EXIT was not asked for;
 *   EREMOTE: in a pid namespace that is not below ours
 *
 * Linux 6.13, exit info 6.15. Source: `man 2 ioctl_pidfd`.
 *
 * @example
 * const { ppid, exitCode } = pidfdGetInfo(fd)
 */
export function pidfdGetInfo(fd: number, mask: number | bigint = ALL_INFO): PidfdInfo {
  const descriptor = int32(fd, 'fd')
  if (typeof mask !== 'number' && typeof mask !== 'bigint') {
    throw invalidType('mask', 'a number or a bigint', mask)
  }
  if (typeof mask === 'bigint' ? mask < 0n || mask >= 2n ** 64n : !Number.isSafeInteger(mask) || mask < 0) {
    throw outOfRange('mask', 'an unsigned integer of 64 bits', mask)
  }
  const result = getInfo(descriptor, typeof mask === 'bigint' ? BigInt.asIntN(64, mask) : mask)
  if (typeof result === 'number') throw systemError('ioctl', result, { fd: descriptor }, pidfdGetInfo)
  return result
}

/**
 * `process_mrelease(pidfd, flags)`: frees the memory of a process that is being killed, without waiting for it to
 * get round to it.
 *
 * @param fd a pidfd
 * @param flags 0
 * @throws SignalError EINVAL: it is not dying, or flags; ESRCH: it has ended; EBADF; ENOSYS below 5.15
 *
 * Linux 5.15. Source: `man 2 process_mrelease`.
 *
 * @example
 * pidfdSendSignal(fd, 'SIGKILL')
 * processMrelease(fd)
 */
export function processMrelease(fd: number, flags = 0): void {
  const descriptor = int32(fd, 'fd')
  const result = native.process_mrelease(descriptor, int32(flags, 'flags'))
  if (result < 0) throw systemError('process_mrelease', result, { fd: descriptor }, processMrelease)
}
