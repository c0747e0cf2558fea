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
export { supported } from './native.js'
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
