/** What a wait reports of a child: that it ended, stopped or went on. */
import { endingSignalName } from './exit-status.js'
import { native } from './native.js'
import type { ChildNews, ResourceUsage } from './resource-usage.js'
import type { SignalName } from './signals.js'

/** What happened to a child. */
export interface WaitStatus {
  readonly pid: number
  readonly event: 'exited' | 'killed' | 'stopped' | 'continued'
  /** The exit code; null unless it exited. */
  readonly code: number | null
  /** The signal that killed or stopped it; SIGCONT when it went on; null when it exited. */
  readonly signal: SignalName | null
  readonly coreDumped: boolean
  /** What it used until then, where the source tells. */
  readonly rusage?: ResourceUsage
}

const { CLD_EXITED, CLD_DUMPED, CLD_KILLED, CLD_CONTINUED } = native.constants

function ended(
  pid: number,
  status: number,
  coreDumped: boolean,
  rusage: ResourceUsage | undefined,
): WaitStatus {
  const signal = endingSignalName(status)
  return { pid, event: 'killed', code: null, signal, coreDumped, ...(rusage && { rusage }) }
}

/** From the siginfo of waitid(2). @internal */
export function statusOfNews({ pid, code, status }: ChildNews, rusage?: ResourceUsage): WaitStatus {
  if (code === CLD_EXITED) {
    return { pid, event: 'exited', code: status, signal: null, coreDumped: false, ...(rusage && { rusage }) }
  }
  if (code === CLD_KILLED || code === CLD_DUMPED) return ended(pid, status, code === CLD_DUMPED, rusage)
  const event = code === CLD_CONTINUED ? 'continued' : 'stopped'
  return {
    pid,
    event,
    code: null,
    signal: endingSignalName(status),
    coreDumped: false,
    ...(rusage && { rusage }),
  }
}

/** From a raw wait status, as the W* macros of wait(2) read it. @internal */
export function statusOfRaw(pid: number, raw: number, rusage?: ResourceUsage): WaitStatus {
  const usage = rusage && { rusage }
  if (raw === 0xffff)
    return { pid, event: 'continued', code: null, signal: 'SIGCONT', coreDumped: false, ...usage }
  if ((raw & 0xff) === 0x7f) {
    return {
      pid,
      event: 'stopped',
      code: null,
      signal: endingSignalName((raw >> 8) & 0xff),
      coreDumped: false,
      ...usage,
    }
  }
  const signal = raw & 0x7f
  if (signal !== 0) return ended(pid, signal, (raw & 0x80) !== 0, rusage)
  return { pid, event: 'exited', code: (raw >> 8) & 0xff, signal: null, coreDumped: false, ...usage }
}
