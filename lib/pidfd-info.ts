/** ioctl(pidfd, PIDFD_GET_INFO) as a record. */
import { native } from './native.js'

const {
  PIDFD_INFO_PID = 1,
  PIDFD_INFO_CREDS = 2,
  PIDFD_INFO_CGROUPID = 4,
  PIDFD_INFO_EXIT = 8,
} = native.constants

const raw = new BigInt64Array(14)

/** What PIDFD_GET_INFO returned. What the kernel did not fill is absent. */
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
    ...(has(PIDFD_INFO_EXIT) && { exitCode: at(13) }),
  }
}
