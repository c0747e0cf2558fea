/** /proc/PID/stat as a record; the fields in step with native/core/proc_reader.h. */
import { errno, systemError } from './errors.js'
import { native } from './native.js'
import { textOf } from './proc-text.js'

/** @internal */
export interface ProcStat {
  state: string
  ppid: number
  pgid: number
  sid: number
  threads: number
  /** Clock ticks since boot. */
  startTicks: number
  /** A raw wait status; 0 also where we may not know. */
  exitCode: number
}

const fields = new Float64Array(7)
const commBytes = new Uint8Array(64)

function filled(): ProcStat {
  const [state = 0, ppid = 0, pgid = 0, sid = 0, threads = 0, startTicks = 0, exitCode = 0] = fields
  return { state: String.fromCharCode(state), ppid, pgid, sid, threads, startTicks, exitCode }
}

/** What could not be looked at for want of a descriptor says nothing of the process. */
function throwIfBlind(result: number, pid: number): void {
  if (result === -errno.EMFILE || result === -errno.ENFILE || result === -errno.ENOMEM) {
    throw systemError('open', result, { pid })
  }
}

/**
 * Undefined where there is no such process, or it is hidden from us (hidepid): a later check must tell which. Throws
 * where we could not look (EMFILE): that says nothing of the process.
 * @internal
 */
export function procStat(pid: number): ProcStat | undefined {
  if (Number.isNaN(pid)) return undefined
  const result = native.proc_stat(pid, fields)
  throwIfBlind(result, pid)
  return result < 0 ? undefined : filled()
}

/**
 * {@link procStat} with the comm.
 * @internal
 */
export function procStatComm(pid: number): (ProcStat & { comm: string }) | undefined {
  if (Number.isNaN(pid)) return undefined
  const result = native.proc_stat_comm(pid, fields, commBytes)
  throwIfBlind(result, pid)
  return result < 0 ? undefined : { ...filled(), comm: textOf(commBytes.subarray(0, result)) }
}

/**
 * What a state letter says about life. A leader whose main thread has ended shows Z while its other threads run.
 * @internal
 */
export function isOver(stat: ProcStat): boolean {
  return stat.state === 'X' || (stat.state === 'Z' && stat.threads <= 1)
}

const bootTime = new Float64Array(1)
let lastBootTime = NaN

/**
 * Milliseconds since the epoch of the boot. The clocks jitter, so an earlier reading is kept until they disagree by
 * more than a second, that is until somebody set the clock: equal processes stay equal.
 * @internal
 */
export function bootTimeNow(): number {
  native.boot_time(bootTime)
  const now = Math.round(bootTime[0] ?? NaN)
  if (!(Math.abs(now - lastBootTime) < 1000)) lastBootTime = now
  return lastBootTime
}

/**
 * Date.now() for the age of what {@link bootTimeNow} dates: the time since the boot on top of that, whatever was done
 * to the clock since it was read.
 * @internal
 */
export function nowByBootTime(): number {
  const kept = bootTimeNow()
  return Date.now() - (bootTime[0] ?? NaN) + kept
}

/** @internal */
export const TICK_MS = 1000 / (native.constants['CLK_TCK'] ?? 100)

/**
 * The start of a process in ms since the epoch.
 * @internal
 */
export function startTimeOf(stat: ProcStat): number {
  return bootTimeNow() + stat.startTicks * TICK_MS
}
