/**
 * Errors that are not the kernel's: they carry Node's own codes and Node's own wording, so that a caller who
 * knows `fs` or `process.kill` knows them already. What the kernel answers becomes an error in errors.ts.
 */
import { inspect } from 'node:util'

type ErrorClass = new (message: string) => Error

function coded(errorClass: ErrorClass, code: string, message: string): Error & { code: string } {
  const error = new errorClass(message)
  return Object.assign(error, { code })
}

/**
 * The value as an error message shows it: short, and without running any code of the value's own, which even
 * util.inspect does (a getter of Symbol.toStringTag, of an error's stack). Array.isArray throws on a revoked
 * proxy. So objects are only named as such.
 */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = inspect(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function received(value: unknown): string {
  if (value === null || value === undefined) return `Received ${String(value)}`
  if (typeof value === 'object' || typeof value === 'function') return `Received ${shown(value)}`
  return `Received type ${typeof value} (${shown(value)})`
}

/** @internal */
export function invalidType(name: string, expected: string, value: unknown): Error {
  return coded(
    TypeError,
    'ERR_INVALID_ARG_TYPE',
    `The "${name}" argument must be ${expected}. ${received(value)}`,
  )
}

/** @internal */
export function outOfRange(name: string, expected: string, value: unknown): Error {
  return coded(
    RangeError,
    'ERR_OUT_OF_RANGE',
    `The value of "${name}" is out of range. It must be ${expected}. Received ${shown(value)}`,
  )
}

/** @internal */
export function invalidValue(name: string, value: unknown, reason: string): Error {
  return coded(
    TypeError,
    'ERR_INVALID_ARG_VALUE',
    `The argument "${name}" is invalid: ${reason}. Received ${shown(value)}`,
  )
}

/** @internal */
export function unknownSignal(value: unknown, suggestion: string | undefined): Error {
  const hint = suggestion === undefined ? '' : ` (did you mean '${suggestion}'?)`
  return coded(TypeError, 'ERR_UNKNOWN_SIGNAL', `Unknown signal: ${shown(value)}${hint}`)
}

/** @internal */
export function reservedSignal(value: unknown, reason: string): Error {
  return coded(TypeError, 'ERR_SIGNAL_RESERVED', `Signal ${shown(value)} is reserved: ${reason}`)
}

/** @internal */
export function closedHandle(): Error {
  return coded(Error, 'ERR_PIDFD_CLOSED', 'The PidFd is closed')
}

/** @internal */
export function invalidPidFile(path: string, reason: string): Error {
  return coded(Error, 'ERR_INVALID_PID_FILE', `Pid file ${path}: ${reason}`)
}

/** @internal */
export function mainThreadOnly(what: string): Error {
  return coded(
    TypeError,
    'ERR_WORKER_UNSUPPORTED_OPERATION',
    `${what} is for the main thread: it concerns the whole process. Post a message to the main thread instead`,
  )
}

/** @internal */
export function unavailable(feature: string): Error {
  return coded(
    TypeError,
    'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
    `The feature ${feature} is unavailable on the current platform, which is ${process.platform}: sigkit needs Linux`,
  )
}
