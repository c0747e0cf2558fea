/** struct rusage with the names and units of process.resourceUsage(). */
import { errno } from './errors.js'
import { native } from './native.js'

/** What a child used, with its own reaped children: as `process.resourceUsage()`, times in µs, maxRSS in KiB. */
export type ResourceUsage = NodeJS.ResourceUsage

/** Written by native code; in step with native/binding/wait.cc. @internal */
export const usageFields = new Float64Array(16)

/** @internal */
export function resourceUsage(): ResourceUsage {
  const at = (index: number): number => usageFields[index] ?? 0
  return {
    userCPUTime: at(0),
    systemCPUTime: at(1),
    maxRSS: at(2),
    sharedMemorySize: at(3),
    unsharedDataSize: at(4),
    unsharedStackSize: at(5),
    minorPageFault: at(6),
    majorPageFault: at(7),
    swappedOut: at(8),
    fsRead: at(9),
    fsWrite: at(10),
    ipcSent: at(11),
    ipcReceived: at(12),
    signalsCount: at(13),
    voluntaryContextSwitches: at(14),
    involuntaryContextSwitches: at(15),
  }
}

const siginfo = new Int32Array(4)

/** What waitid(2) reports of a child. @internal */
export interface ChildNews {
  pid: number
  /** CLD_* */
  code: number
  /** Exit code or signal. */
  status: number
}

/**
 * waitid(2): the news, undefined when WNOHANG found none, or -errno. The usage is left in {@link usageFields}.
 * @internal
 */
export function waitForNews(idtype: number, id: number, options: number): ChildNews | undefined | number {
  if (Number.isNaN(id)) return -errno.ECHILD // a process of another pid namespace is no child of ours
  const result = native.waitid(idtype, id, options, siginfo, usageFields)
  if (result < 0) return result
  const [pid = 0, , code = 0, status = 0] = siginfo
  return pid === 0 ? undefined : { pid, code, status }
}
