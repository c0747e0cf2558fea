/** Who a process is: PIDFD_GET_INFO, else /proc, read and then verified against the handle. */
import { readFileSync } from 'node:fs'
import { errno, isTaken, noSuchProcess, systemError } from './errors.js'
import { KERNEL, kernelHas } from './features.js'
import type { Link } from './link.js'
import { native } from './native.js'
import { getInfo } from './pidfd-info.js'
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

function gone({ pid }: Link, reaped: boolean, caller: Caller): Error {
  return noSuchProcess(pid, { reused: isTaken(pid), reaped }, caller)
}

type Caller = (...args: never[]) => unknown

function fromPidfd(
  link: Link,
  wasChild: boolean,
  caller: Caller,
): Omit<ProcessInfo, 'startTime'> | undefined {
  if (link.fd === -1 || !kernelHas(KERNEL.pidfdInfo)) return undefined
  const got = getInfo(link.fd, PIDFD_INFO_PID | PIDFD_INFO_CREDS | PIDFD_INFO_CGROUPID)
  if (got === -errno.ESRCH) throw gone(link, wasChild, caller)
  if (typeof got === 'number') throw systemError('ioctl', got, { pid: link.pid }, caller)
  const { pid, tgid, ppid, ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid, cgroupid } = got
  if (pid === undefined || tgid === undefined || ppid === undefined) throw gone(link, wasChild, caller)
  if (ruid === undefined || euid === undefined || suid === undefined || fsuid === undefined) return undefined
  if (rgid === undefined || egid === undefined || sgid === undefined || fsgid === undefined) return undefined
  const ids = { pid, tgid, ppid, ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid }
  return cgroupid === undefined ? ids : { ...ids, cgroupId: cgroupid }
}

function fromProc(link: Link, wasChild: boolean, caller: Caller): Omit<ProcessInfo, 'startTime'> {
  let text: string
  try {
    text = readFileSync(`/proc/${link.pid}/status`, 'latin1')
  } catch (cause) {
    if (link.state() === 'gone') throw gone(link, wasChild, caller)
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
export function processInfo(link: Link, wasChild: boolean, caller: Caller): ProcessInfo {
  const ids = fromPidfd(link, wasChild, caller) ?? fromProc(link, wasChild, caller)
  const stat = procStat(link.pid)
  // Whatever was read by number was its own only if it is still there.
  if (link.state() === 'gone') throw gone(link, wasChild, caller)
  return { ...ids, startTime: stat === undefined ? NaN : startTimeOf(stat) }
}
