/**
 * What the kernel answered, as an error: the only file that builds system errors.
 *
 * Shaped as Node's own (`code`, negative `errno`, `syscall`), so that code written for `process.kill` keeps
 * working, plus who was meant (`pid`, `signal`). A class per kind, because "gone" and "not allowed" call for
 * different reactions and their codes come in more than one spelling (EPERM, and EACCES from an LSM).
 *
 * `instanceof` works across copies of the package: each class carries a brand from the global symbol registry,
 * and asks for the brand instead of the prototype chain. A subclass of somebody else's asks the usual way.
 */
import { constants as osConstants } from 'node:os'
import { getSystemErrorMap } from 'node:util'
import { native } from './native.js'
import { nameIfAny, type SignalName } from './signals.js'

/**
 * Positive numbers by name, of this platform.
 * @internal
 */
export const errno: Readonly<Record<ErrnoCode, number>> = {
  ...osConstants.errno,
  EREMOTE: native.constants['EREMOTE'] ?? NaN, // Node has no name for it
}

/** The name of an errno: 'ESRCH', 'EPERM', ... */
export type ErrnoCode = keyof typeof osConstants.errno | 'EREMOTE'

/** What more is known about a failed call. */
export interface ErrorInfo {
  /** The process group that was meant. */
  pgid?: number
  /** The thread that was meant. */
  tid?: number
  /** UnsupportedError: the missing feature of the kernel. */
  feature?: string
  /** UnsupportedError: the first kernel that has it. */
  since?: string
}

interface SystemErrorFields {
  readonly code: ErrnoCode
  readonly errno: number
  readonly syscall: string
  readonly pid?: number | undefined
  readonly signal?: SignalName | undefined
  readonly info?: ErrorInfo | undefined
}

const brands = new Map<unknown, symbol>()

function brand(errorClass: { name: string; prototype: object }): void {
  const symbol = Symbol.for(`sigkit.${errorClass.name}`)
  brands.set(errorClass, symbol)
  Object.defineProperty(errorClass.prototype, symbol, { value: true })
  Object.defineProperty(errorClass.prototype, 'name', {
    value: errorClass.name,
    writable: true,
    configurable: true,
  })
}

function isBranded(errorClass: unknown, value: unknown): boolean {
  const symbol = brands.get(errorClass)
  if (symbol === undefined) return Function.prototype[Symbol.hasInstance].call(errorClass, value)
  return typeof value === 'object' && value !== null && symbol in value
}

/**
 * A system call failed. `code` is the errno's name, `errno` its negative number, `syscall` the C name.
 *
 * @example
 * try { kill(pid) } catch (error) {
 *   if (isErrno(error, 'ESRCH')) return 'already gone'
 *   throw error
 * }
 */
export class SignalError extends Error {
  readonly code: ErrnoCode
  /** Negative, as in Node: -3 for ESRCH on Linux. */
  readonly errno: number
  /** The C name of the call that failed. */
  readonly syscall: string
  /** The process that was meant, as it was given: negative for a group addressed as -pgid. */
  declare readonly pid?: number
  /** The signal that was meant; absent for a probe and for calls that take none. */
  declare readonly signal?: SignalName
  declare readonly info?: ErrorInfo

  constructor(message: string, fields: SystemErrorFields) {
    super(message)
    this.errno = fields.errno
    this.code = fields.code
    this.syscall = fields.syscall
    if (fields.pid !== undefined) this.pid = fields.pid
    if (fields.signal !== undefined) this.signal = fields.signal
    if (fields.info !== undefined) this.info = fields.info
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isBranded(this, value)
  }
}

/**
 * ESRCH: no such process, group or thread.
 *
 * @example
 * if (error instanceof NoSuchProcessError && error.reused) console.log('its number is somebody else now')
 */
export class NoSuchProcessError extends SignalError {
  /** True when the number lives on as another process. */
  declare readonly reused: boolean
  /** True when it was ours and is gone. */
  declare readonly reaped: boolean
}

/**
 * EPERM, or EACCES from a security module: it exists, but this user may not do that to it.
 *
 * @example
 * if (error instanceof PermissionDeniedError) console.log(`alive, and not ours: ${error.pid}`)
 */
export class PermissionDeniedError extends SignalError {}

/**
 * ECHILD: no child of this process, or none that can be waited for.
 *
 * @example
 * if (error instanceof NoChildError && error.reapedElsewhere) console.log('somebody else took its status')
 */
export class NoChildError extends SignalError {
  /** True when it was a child and somebody else took its status. */
  declare readonly reapedElsewhere: boolean
}

/**
 * EAGAIN, EMFILE, ENFILE, ENOMEM: a limit was reached; the message says which.
 *
 * @example
 * if (error instanceof ResourceLimitError) await queueHasRoom()
 */
export class ResourceLimitError extends SignalError {}

/**
 * ENOSYS and its kin: this kernel or sandbox lacks the feature that `info` names.
 *
 * @example
 * if (error instanceof UnsupportedError) console.log(`needs Linux ${error.info?.since}`)
 */
export class UnsupportedError extends SignalError {}

/**
 * A wait ended because its `timeout` passed. Code `ERR_WAIT_TIMEOUT`. The process is untouched.
 *
 * @example
 * await handle.exited({ timeout: 500 }).catch((error) => {
 *   if (error instanceof WaitTimeoutError) handle.send('SIGKILL')
 * })
 */
export class WaitTimeoutError extends Error {
  readonly code = 'ERR_WAIT_TIMEOUT'

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isBranded(this, value)
  }
}

for (const errorClass of [
  SignalError,
  NoSuchProcessError,
  PermissionDeniedError,
  NoChildError,
  ResourceLimitError,
  UnsupportedError,
  WaitTimeoutError,
]) {
  brand(errorClass)
}

// Said on the prototype, so that an error carries (and prints) the fact only where it is true.
Object.assign(NoSuchProcessError.prototype, { reused: false, reaped: false })
Object.assign(NoChildError.prototype, { reapedElsewhere: false })

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
const unnamed: Partial<Record<ErrnoCode, string>> = {
  ECHILD: 'no child processes',
  EREMOTE: 'object is remote',
}
for (const [name, number] of Object.entries(errno)) {
  const code = name as ErrnoCode
  const text = texts.get(-number)?.[1] ?? unnamed[code] ?? 'unknown error'
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
  since: string
}

/** First kernels, by the C name of the call. */
const features: Partial<Record<string, KernelFeature>> = {
  rt_tgsigqueueinfo: { feature: 'a signal with a value for one thread', since: '2.6.31' },
  pidfd_open: { feature: 'pidfd_open', since: '5.3' },
  pidfd_send_signal: { feature: 'pidfd_send_signal', since: '5.1' },
  ioctl: { feature: 'PIDFD_GET_INFO', since: '6.13' },
  process_mrelease: { feature: 'process_mrelease', since: '5.15' },
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
  if (feature !== undefined)
    return `; ${feature.feature} needs Linux ${feature.since}, or the sandbox forbids it`
  if (subject.facts?.reused === true) return '; the number belongs to another process now'
  if (code === 'EAGAIN' && subject.signal !== undefined) {
    return "; the receiver's queue of pending signals is full: let it handle some, or raise its RLIMIT_SIGPENDING"
  }
  if (code === 'EMFILE') return `; ${native.rlimit_nofile()} may be open in this process (RLIMIT_NOFILE)`
  return code === 'ENOSYS' ? `; this kernel or sandbox has no ${syscall}` : ''
}

function infoOf({ pgid, tid }: Subject, feature: KernelFeature | undefined): ErrorInfo | undefined {
  if (pgid === undefined && tid === undefined && feature === undefined) return undefined
  const info: ErrorInfo = { ...feature }
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
 * The kernel has no `feature`, which came with Linux `since`.
 * @internal
 */
export function unsupported(
  syscall: string,
  feature: string,
  since: string,
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
