/** Who a process is: PIDFD_GET_INFO, else /proc, read and then verified against the handle. */
import { readFileSync } from 'node:fs'
import { errno, systemError } from './errors.js'
import { KERNEL, kernelHas } from './features.js'
import type { Link } from './link.js'
import { native } from './native.js'
import { procStat, startTimeOf } from './proc-stat.js'

/** Ids and credentials of a process, read through its handle. */
export interface ProcessInfo {
  readonly pid: number
  /** The process that a thread belongs to; for a process, itself. */
  readonly tgid: number
  readonly ppid: number
  readonly ruid: number
  readonly euid: number
  readonly suid: number
  readonly fsuid: number
  readonly rgid: number
  readonly egid: number
  readonly sgid: number
  readonly fsgid: number
  /** The id of its cgroup (v2). Only from PIDFD_GET_INFO. */
  readonly cgroupId?: bigint
  /** Milliseconds since the epoch, to 10 ms; NaN where /proc hides it. */
  readonly startTime: number
}

const { PIDFD_INFO_PID = 1, PIDFD_INFO_CREDS = 2, PIDFD_INFO_CGROUPID = 4 } = native.constants

const raw = new BigInt64Array(14)

/** What PIDFD_GET_INFO returned. Ids as in {@link ProcessInfo}; what the kernel did not fill is absent. */
export interface PidfdInfo {
  /** The PIDFD_INFO_* bits that the kernel filled. */
  mask: bigint
  cgroupid?: bigint
  pid?: number
  tgid?: number
  ppid?: number
  ruid?: number
  rgid?: number
  euid?: number
  egid?: number
  suid?: number
  sgid?: number
  fsuid?: number
  fsgid?: number
  /** A raw wait status; only after the reap (6.15). */
  exitCode?: number
}

/**
 * The fields that the kernel filled, or -errno.
 * @internal
 */
export function getInfo(fd: number, mask: number | bigint): PidfdInfo | number {
  const result = native.pidfd_get_info(fd, mask, raw)
  if (result < 0) return result
  const filled = BigInt.asUintN(64, raw[0] ?? 0n)
  const has = (bit: number): boolean => (filled & BigInt(bit)) !== 0n
  const at = (index: number): number => Number(raw[index])
  return {
    mask: filled,
    ...(has(PIDFD_INFO_CGROUPID) && { cgroupid: BigInt.asUintN(64, raw[1] ?? 0n) }),
    ...(has(PIDFD_INFO_PID) && { pid: at(2), tgid: at(3), ppid: at(4) }),
    ...(has(PIDFD_INFO_CREDS) && {
      ruid: at(5),
      rgid: at(6),
      euid: at(7),
      egid: at(8),
      suid: at(9),
      sgid: at(10),
      fsuid: at(11),
      fsgid: at(12),
    }),
    ...(has(native.constants['PIDFD_INFO_EXIT'] ?? 8) && { exitCode: at(13) }),
  }
}

function gone(link: Link, caller: Caller): Error {
  return systemError('pidfd_open', -errno.ESRCH, { pid: link.pid }, caller)
}

type Caller = (...args: never[]) => unknown

function fromPidfd(link: Link, caller: Caller): Omit<ProcessInfo, 'startTime'> | undefined {
  if (link.fd === -1 || !kernelHas(KERNEL.pidfdInfo)) return undefined
  const got = getInfo(link.fd, PIDFD_INFO_PID | PIDFD_INFO_CREDS | PIDFD_INFO_CGROUPID)
  if (got === -errno.ESRCH) throw gone(link, caller)
  if (typeof got === 'number') throw systemError('ioctl', got, { pid: link.pid }, caller)
  const { pid, tgid, ppid, ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid, cgroupid } = got
  if (pid === undefined || tgid === undefined || ppid === undefined) throw gone(link, caller)
  if (ruid === undefined || euid === undefined || suid === undefined || fsuid === undefined) return undefined
  if (rgid === undefined || egid === undefined || sgid === undefined || fsgid === undefined) return undefined
  const ids = { pid, tgid, ppid, ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid }
  return cgroupid === undefined ? ids : { ...ids, cgroupId: cgroupid }
}

function fromProc(link: Link, caller: Caller): Omit<ProcessInfo, 'startTime'> {
  let text: string
  try {
    text = readFileSync(`/proc/${link.pid}/status`, 'latin1')
  } catch (cause) {
    if (link.state() === 'gone') throw gone(link, caller)
    throw systemError(
      'open',
      (cause as NodeJS.ErrnoException).errno ?? -errno.EACCES,
      { pid: link.pid },
      caller,
    )
  }
  const numbers = (name: string): number[] =>
    (new RegExp(`^${name}:(.*)$`, 'm').exec(text)?.[1] ?? '').trim().split(/\s+/).map(Number)
  const [tgid = NaN] = numbers('Tgid')
  const [ppid = NaN] = numbers('PPid')
  const [ruid = NaN, euid = NaN, suid = NaN, fsuid = NaN] = numbers('Uid')
  const [rgid = NaN, egid = NaN, sgid = NaN, fsgid = NaN] = numbers('Gid')
  return { pid: link.pid, tgid, ppid, ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid }
}

/** @internal */
export function processInfo(link: Link, caller: Caller): ProcessInfo {
  const ids = fromPidfd(link, caller) ?? fromProc(link, caller)
  const stat = procStat(link.pid)
  // Whatever was read by number was its own only if it is still there.
  if (link.state() === 'gone') throw gone(link, caller)
  return { ...ids, startTime: stat === undefined ? NaN : startTimeOf(stat) }
}
