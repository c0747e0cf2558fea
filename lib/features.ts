/** What this kernel and sandbox offer. Probed on ourselves, since versions lie: backports, seccomp, gVisor. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { systemError } from './errors.js'
import { loopKind, type LoopKind } from './host.js'
import { native } from './native.js'

/** What {@link features} reports. */
export interface Features {
  /** pidfd_open and pidfd_send_signal (5.3): handles that a recycled pid cannot fool. */
  pidfd: boolean
  /** PIDFD_SIGNAL_PROCESS_GROUP (6.9): a group reached through its leader's handle. */
  pidfdGroup: boolean
  /** PIDFD_THREAD (6.9): handles on single threads. */
  pidfdThread: boolean
  /** PIDFD_GET_INFO (6.13): ids and credentials through the handle. */
  pidfdInfo: boolean
  /** PIDFD_INFO_EXIT (6.15): the exit status of any process, child or not. */
  exitInfo: boolean
  /** pidfs inodes (6.9): an identity that is never reused until the reboot. */
  pidfsIdentity: boolean
  /** waitid(P_PIDFD) (5.4). */
  waitidPidfd: boolean
  /** process_mrelease (5.15). */
  mrelease: boolean
  /** cgroup.kill (5.14, cgroup v2). */
  cgroupKill: boolean
  /** /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN). */
  procChildren: boolean
  /** How native events reach JavaScript. */
  loop: LoopKind
}

/**
 * The probed bits, in step with native/core/kernel_probe.h.
 * @internal
 */
export const KERNEL = {
  pidfdOpen: 1 << 0,
  pidfdSend: 1 << 1,
  pidfdGroup: 1 << 2,
  pidfdThread: 1 << 3,
  pidfdInfo: 1 << 4,
  exitInfo: 1 << 5,
  pidfsIdentity: 1 << 6,
  waitidPidfd: 1 << 7,
  mrelease: 1 << 8,
  procChildren: 1 << 9,
} as const

/**
 * Whether the kernel has a feature. While the probe itself fails for a passing reason (no file descriptor left) the
 * answer is yes: the call that follows then meets the same obstacle and reports it, instead of a silent downgrade.
 * @internal
 */
export function kernelHas(feature: number): boolean {
  if (kernelBits < 0) kernelBits = native.kernel_features()
  return kernelBits < 0 || (kernelBits & feature) !== 0
}

/** Asked of the native side until it knows: a crossing per exit less. */
let kernelBits = -1

/** Linux 5.14 or later. */
function hasReleaseOfCgroupKill(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  return major > 5 || (major === 5 && minor >= 14)
}

/**
 * Our own cgroup, or when that is the root, which cannot be killed, any below it. Where none is to
 * be seen the version has to do: the answer must not depend on who has made one, or taken it away, meanwhile.
 */
function hasCgroupKill(): boolean {
  try {
    const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
    if (own === undefined) return false
    for (const mount of ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']) {
      if (!existsSync(`${mount}/cgroup.controllers`)) continue
      if (existsSync(`${mount}${own}/cgroup.kill`)) return true
      const below = readdirSync(`${mount}${own}`, { withFileTypes: true }).find((entry) =>
        entry.isDirectory(),
      )
      const seen = below !== undefined && existsSync(`${mount}${own}/${below.name}/cgroup.kill`)
      return seen || hasReleaseOfCgroupKill()
    }
  } catch {
    // No cgroup v2, or not for us to see: then it cannot be used either.
  }
  return false
}

/**
 * What this kernel and sandbox offer, probed: never guessed from a version, but for `cgroupKill` where no control group
 * is there to look at.
 *
 * The first call makes a process that ends at once, to see whether its exit status can be read (exitInfo).
 *
 * @throws ResourceLimitError EMFILE, ENFILE, ENOMEM, EAGAIN: the probe itself could not run; ask again later
 * @throws TypeError `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` off Linux
 *
 * Any kernel. Source: `man 2 pidfd_open`, `man 2 pidfd_send_signal`, `man 2 ioctl_pidfd`.
 *
 * @example
 * if (!features().exitInfo) console.warn('exit codes of foreign processes need Linux 6.15')
 */
export function features(): Features {
  const bits = native.kernel_features()
  if (bits < 0) throw systemError('pidfd_open', bits, { pid: process.pid }, features)
  const has = (feature: number): boolean => (bits & feature) === feature
  return {
    pidfd: has(KERNEL.pidfdOpen | KERNEL.pidfdSend),
    pidfdGroup: has(KERNEL.pidfdGroup),
    pidfdThread: has(KERNEL.pidfdThread),
    pidfdInfo: has(KERNEL.pidfdInfo),
    exitInfo: has(KERNEL.exitInfo),
    pidfsIdentity: has(KERNEL.pidfsIdentity),
    waitidPidfd: has(KERNEL.waitidPidfd),
    mrelease: has(KERNEL.mrelease),
    cgroupKill: hasCgroupKill(),
    procChildren: has(KERNEL.procChildren),
    loop: loopKind(),
  }
}
