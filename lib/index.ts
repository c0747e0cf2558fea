export type { DeadlineOptions, LastResort } from './deadline.js'
export { sigpending, sigprocmask } from './action-syscalls.js'
export { disposition, setDisposition, type SignalDisposition } from './disposition.js'
export {
  isErrno,
  NoChildError,
  NoSuchProcessError,
  PermissionDeniedError,
  ResourceLimitError,
  SignalError,
  UnsupportedError,
  WaitTimeoutError,
  type ErrnoCode,
  type ErrorInfo,
} from './errors.js'
export { exitBySignal } from './exit.js'
export type { Exit } from './exit-status.js'
export { features, type Features } from './features.js'
export type { ProcessState, Scope } from './link.js'
export { findProcesses, type Match, type Matches } from './find-processes.js'
export { onSignal, Subscription, type SignalListener, type SubscribeOptions } from './handlers.js'
export { liveness } from './liveness.js'
export { supported } from './native.js'
export { readPidFile, writePidFile } from './pid-file.js'
export { PidFd, type SendOptions } from './pidfd.js'
export type { Field, ProcessEntry, SignalMasks } from './process-entry.js'
export type { ProcessInfo } from './process-info.js'
export { ProcessRef } from './process-ref.js'
export type { ProcessQuery } from './process-query.js'
export { formatTree, type TreeOptions } from './format-tree.js'
export { children, descendants } from './process-walk.js'
export { getProcess, listProcesses, type ListOptions } from './processes.js'
export { kill, killAll, killpg, raise, sigqueue, tgkill, tryKill } from './send.js'
export {
  exitCodeOf,
  signalName,
  signalNumber,
  signals,
  type DefaultAction,
  type Signal,
  type SignalInfo,
  type SignalName,
} from './signals.js'
export type { SignalCode, SignalEvent } from './signal-records.js'
export { signalEvents, waitForSignal, type SignalEvents } from './signal-waits.js'
export type { Target } from './target.js'
export {
  isChildSubreaper,
  Reaper,
  reap,
  setChildSubreaper,
  startReaper,
  type ReaperOptions,
} from './reaper.js'
export { terminate } from './terminate.js'
export type { TerminateOptions } from './termination-options.js'
export type { TerminatedProcess, TerminationProgress, TerminationReport } from './termination-report.js'
export type { ResourceUsage } from './resource-usage.js'
export type { ChildWaitOptions } from './child-wait.js'
export type { WaitStatus } from './wait-status.js'
export { wait, waitAll, waitAny } from './wait.js'
export type { WaitOptions } from './wait-options.js'
