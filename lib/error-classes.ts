/**
 * The classes of errors that a system call's answer becomes; errors.ts makes them.
 *
 * A class per kind, because "gone" and "not allowed" call for different reactions and their codes come in more than one
 * spelling (EPERM, and EACCES from an LSM).
 *
 * `instanceof` works across copies of the package: each class carries a brand from the global symbol registry,
 * and asks for the brand instead of the prototype chain. A subclass of somebody else's asks the usual way.
 */
import type { constants as osConstants } from 'node:os'
import type { SignalName } from './signals.js'

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

/** @internal */
export interface SystemErrorFields {
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
