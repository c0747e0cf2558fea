/**
 * What the kernel answered, as an error: the only file that builds system errors.
 *
 * Shaped as Node's own (`code`, negative `errno`, `syscall`), so that code written for `process.kill` keeps
 * working, plus who was meant (`pid`, `signal`).
 */
import { constants as osConstants } from 'node:os'
import { getSystemErrorMap } from 'node:util'
import {
  NoChildError,
  NoSuchProcessError,
  PermissionDeniedError,
  ResourceLimitError,
  UnsupportedError,
  SignalError,
  WaitTimeoutError,
  type ErrnoCode,
  type ErrorInfo,
  type SystemErrorFields,
} from './error-classes.js'
import { native } from './native.js'
import { nameIfAny } from './signals.js'

/**
 * Positive numbers by name, of this platform.
 * @internal
 */
export const errno: Readonly<Record<ErrnoCode, number>> = {
  ...osConstants.errno,
  EREMOTE: native.constants['EREMOTE'] ?? NaN, // Node has no name for it
}

export {
  NoChildError,
  NoSuchProcessError,
  PermissionDeniedError,
  ResourceLimitError,
  SignalError,
  UnsupportedError,
  WaitTimeoutError,
  type ErrnoCode,
  type ErrorInfo,
} from './error-classes.js'

type Caller = (...args: never[]) => unknown
type SystemErrorClass = new (message: string, fields: SystemErrorFields) => SignalError

const classOf: Partial<Record<ErrnoCode, SystemErrorClass>> = {
  ESRCH: NoSuchProcessError,
  EPERM: PermissionDeniedError,
  EACCES: PermissionDeniedError,
  ECHILD: NoChildError,
  EAGAIN: ResourceLimitError,
  EMFILE: ResourceLimitError,
  ENFILE: ResourceLimitError,
  ENOMEM: ResourceLimitError,
  ENOSYS: UnsupportedError,
  ENOTSUP: UnsupportedError,
  EOPNOTSUPP: UnsupportedError,
}

interface Errno {
  readonly code: ErrnoCode
  /** The code and what it means: joined once, not in every error. */
  readonly text: string
  readonly errorClass: SystemErrorClass
}

// By positive number. Names from os.constants.errno and not from util.getSystemErrorMap(): the latter lacks ECHILD
// on Node 20. Where two names share a number (EAGAIN and EWOULDBLOCK) the first stands, which is the one people know.
const errnos: (Errno | undefined)[] = []
const texts = getSystemErrorMap()
// Where libuv has no text, or one about sockets.
const wording: Partial<Record<ErrnoCode, string>> = {
  ECHILD: 'no child processes',
  EREMOTE: 'object is remote',
  ENOTSUP: 'operation not supported',
  EOPNOTSUPP: 'operation not supported',
}
for (const [name, number] of Object.entries(errno)) {
  const code = name as ErrnoCode
  const text = wording[code] ?? texts.get(-number)?.[1] ?? 'unknown error'
  errnos[number] ??= { code, text: `${code}: ${text}`, errorClass: classOf[code] ?? SignalError }
}

function errnoOf(result: number): Errno {
  const known = errnos[-result]
  if (known !== undefined) return known
  const code = `ERRNO_${-result}` as ErrnoCode
  return { code, text: `${code}: unknown error`, errorClass: SignalError }
}

/**
 * The name of a raw result: `-3` gives 'ESRCH'.
 * @internal
 */
export function errnoCode(result: number): ErrnoCode {
  return errnoOf(result).code
}

interface KernelFeature {
  feature: string
  /** Undefined: every kernel, but it takes Node. */
  since: string | undefined
}

/** First kernels, by the C name of the call. */
const features: Partial<Record<string, KernelFeature>> = {
  rt_tgsigqueueinfo: { feature: 'a signal with a value for one thread', since: '2.6.31' },
  pidfd_open: { feature: 'pidfd_open', since: '5.3' },
  pidfd_send_signal: { feature: 'pidfd_send_signal', since: '5.1' },
  ioctl: { feature: 'PIDFD_GET_INFO', since: '6.13' },
  process_mrelease: { feature: 'process_mrelease', since: '5.15' },
  waitid: { feature: 'waitid', since: '2.6.9' },
}

/**
 * Who was meant by the call that failed.
 * @internal
 */
export interface Subject {
  /** Absent for calls on a descriptor. */
  pid?: number
  pgid?: number
  tid?: number
  fd?: number
  /** The number, 0 for a probe. */
  signal?: number
  /** What more there is to say; ends the message. */
  note?: string
  /** What the class can say besides: NoSuchProcessError, NoChildError. */
  facts?: { reused?: boolean; reaped?: boolean; reapedElsewhere?: boolean }
  /** What the kernel lacks, where it is not the call as a whole. */
  feature?: KernelFeature
}

function subjectText({ pid, pgid, tid, fd, signal }: Subject): string {
  if (pid === undefined && fd === undefined) return nameIfAny(signal ?? 0) ?? `signal ${signal}`
  let text = pgid === undefined ? (pid === undefined ? `fd ${fd}` : `pid ${pid}`) : `pgid ${pgid}`
  if (tid !== undefined) text += `, tid ${tid}`
  if (signal !== undefined) text += `, ${nameIfAny(signal) ?? `signal ${signal}`}`
  return text
}

/** What to do about it, where the errno alone leaves its reader helpless. */
function hint(
  syscall: string,
  code: ErrnoCode,
  subject: Subject,
  feature: KernelFeature | undefined,
): string {
  if (subject.note !== undefined) return `; ${subject.note}`
  if (feature !== undefined) {
    return feature.since === undefined
      ? `; ${feature.feature} needs libuv, so Node itself as the host`
      : `; ${feature.feature} needs Linux ${feature.since}, or the sandbox forbids it`
  }
  if (subject.facts?.reused === true) return '; the number belongs to another process now'
  if (code === 'EAGAIN' && subject.signal !== undefined) {
    return "; the receiver's queue of pending signals is full: let it handle some, or raise its RLIMIT_SIGPENDING"
  }
  if (code === 'EMFILE') return `; ${native.rlimit_nofile()} may be open in this process (RLIMIT_NOFILE)`
  return code === 'ENOSYS' ? `; this kernel or sandbox has no ${syscall}` : ''
}

function infoOf({ pgid, tid }: Subject, feature: KernelFeature | undefined): ErrorInfo | undefined {
  if (pgid === undefined && tid === undefined && feature === undefined) return undefined
  const info: ErrorInfo = {}
  if (feature !== undefined) info.feature = feature.feature
  if (feature?.since !== undefined) info.since = feature.since
  if (pgid !== undefined) info.pgid = pgid
  if (tid !== undefined) info.tid = tid
  return info
}

function build(syscall: string, result: number, subject: Subject): SignalError {
  const { code, text, errorClass } = errnoOf(result)
  const feature = errorClass === UnsupportedError ? (subject.feature ?? features[syscall]) : undefined
  const message = `${syscall} ${text} (${subjectText(subject)})${hint(syscall, code, subject, feature)}`
  const signal = subject.signal === undefined ? undefined : nameIfAny(subject.signal)
  const info = infoOf(subject, feature)
  const error = new errorClass(message, { code, errno: result, syscall, pid: subject.pid, signal, info })
  return subject.facts === undefined ? error : Object.assign(error, subject.facts)
}

function withoutStack(syscall: string, result: number, subject: Subject): SignalError {
  const limit = Error.stackTraceLimit
  Reflect.set(Error, 'stackTraceLimit', 0) // not an assignment: it throws where intrinsics are frozen
  const error = build(syscall, result, subject)
  Reflect.set(Error, 'stackTraceLimit', limit)
  return error
}

/**
 * The error for a raw result below zero.
 *
 * The stack is captured once, by hand, since that is nearly all that an exception costs. It begins at the reader's
 * own code: at the caller of `caller`, the public function.
 * @internal
 */
export function systemError(
  syscall: string,
  result: number,
  subject: Subject,
  caller: Caller = systemError,
): SignalError {
  const error = withoutStack(syscall, result, subject)
  Error.captureStackTrace(error, caller)
  return error
}

/**
 * The error of `kill`, which fails more often than all else and has a peer to match, `process.kill`.
 *
 * Without a stack: the function that throws captures it, since every frame between the two adds to the price.
 * Positional: V8 leaves a function that has only ever thrown in its interpreter, where an object literal costs
 * an eighth of the whole exception.
 * @internal
 */
export function killError(result: number, pid: number, signal: number, pgid?: number): SignalError {
  return withoutStack('kill', result, pgid === undefined ? { pid, signal } : { pid, pgid, signal })
}

/**
 * Whether some process or thread has the number now.
 * @internal
 */
export function isTaken(pid: number): boolean {
  return pid > 0 && native.kill(pid, 0) !== -errno.ESRCH
}

/**
 * ESRCH without a call that said so: what we know of the process says it.
 * @internal
 */
export function noSuchProcess(
  pid: number,
  { note, ...facts }: NonNullable<Subject['facts']> & { note?: string },
  caller?: Caller,
): SignalError {
  return systemError(
    'pidfd_open',
    -errno.ESRCH,
    note === undefined ? { pid, facts } : { pid, facts, note },
    caller,
  )
}

/**
 * A wait for signals whose time has passed.
 * @internal
 */
export function waitTimeoutFor(signals: string, timeout: number): WaitTimeoutError {
  return new WaitTimeoutError(`No ${signals} came within ${timeout} ms`)
}

/**
 * A wait for a process whose time has passed.
 * @internal
 */
export function waitTimeout(pid: number, timeout: number): WaitTimeoutError {
  return new WaitTimeoutError(
    timeout === 0 ? `Process ${pid} has not ended yet` : `Process ${pid} did not end within ${timeout} ms`,
  )
}

/**
 * The kernel has no `feature`, which came with Linux `since`; undefined: it is the host that lacks libuv.
 * @internal
 */
export function unsupported(
  syscall: string,
  feature: string,
  since: string | undefined,
  pid: number,
  caller?: Caller,
): SignalError {
  return systemError(syscall, -errno.EOPNOTSUPP, { pid, feature: { feature, since } }, caller)
}

/**
 * Whether an error is the kernel's answer `code`. Narrows the type, works across copies of the package.
 *
 * @example
 * if (isErrno(error, 'EPERM')) console.error(`not allowed to signal ${error.pid}`)
 */
export function isErrno<C extends ErrnoCode>(error: unknown, code: C): error is SignalError & { code: C } {
  return error instanceof SignalError && error.code === code
}
