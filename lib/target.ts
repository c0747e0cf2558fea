/** Who is meant: a number, a ChildProcess or anything else with a pid, a PidFd, a ProcessRef, a ProcessEntry. */
import type { ChildProcess } from 'node:child_process'
import { positivePid } from './arguments.js'
import { isTaken, noSuchProcess } from './errors.js'
import { isReference, parseReference, type Reference } from './identity.js'
import type { Link } from './link.js'
import { invalidType, invalidValue } from './node-errors.js'
import type { PidFd } from './pidfd.js'
import type { ProcessRef } from './process-ref.js'
import type { WaitStatus } from './wait-status.js'

/**
 * A process, as every function takes it: its number, a ChildProcess (or any object with a `pid`), a {@link PidFd}, a
 * {@link ProcessRef}. The last two cannot be fooled by a recycled number, nor can a ProcessEntry or a Match, which stand
 * for their `identity` or `pidfd`, also after they were JSON.
 */
export type Target = number | { readonly pid?: number | undefined } | PidFd | ProcessRef

/** What a ChildProcess knows of its end. */
export type ChildLike = Pick<ChildProcess, 'pid' | 'exitCode' | 'signalCode' | 'once' | 'off'>

/**
 * Marks of the two classes in the global symbol registry, so that a handle of another copy of this package is not taken
 * for an object with a pid: that would drop the very identity it stands for.
 * @internal
 */
export const PIDFD_BRAND: unique symbol = Symbol.for('sigkit.PidFd')
/** @internal */
export const PROCESS_REF_BRAND: unique symbol = Symbol.for('sigkit.ProcessRef')
/**
 * Where a PidFd of this copy keeps its link.
 * @internal
 */
export const LINK: unique symbol = Symbol('sigkit link')

/**
 * What is known of a process besides who it is. What has been reaped elsewhere looks like a stranger to waitid(2): that it
 * was a child must be seen while it is one.
 * @internal
 */
export interface Kinship {
  /** Node's own word on its end is a source. */
  readonly child: ChildLike | undefined
  wasChild: boolean
  /** The end that was told already. */
  ended: WaitStatus | undefined
}
/**
 * Where a PidFd of this copy keeps that.
 * @internal
 */
export const KINSHIP: unique symbol = Symbol('sigkit kinship')

/** @internal */
export type Resolved =
  | { kind: 'pid'; pid: number }
  | { kind: 'child'; pid: number; child: ChildLike }
  | { kind: 'link'; link: Link }
  | { kind: 'reference'; reference: Reference }

/** A reference of this copy or of another, or the bare number of an old pid file. */
function referenceOf(ref: { readonly pid: number; toString(): string }): Reference {
  const text = ref.toString()
  if (text !== String(ref.pid)) return parseReference(text)
  return { pid: ref.pid, identity: { kind: 'none', value: 0n }, bootId: undefined, pidNamespace: undefined }
}

function isChild(target: object): target is ChildLike {
  return 'exitCode' in target && 'signalCode' in target && 'spawnfile' in target
}

/** What a Match or a ProcessEntry has on its process, besides the number. */
function holdOf(target: object): PidFd | ProcessRef | undefined {
  const { pidfd, identity } = target as { pidfd?: unknown; identity?: unknown }
  if (typeof pidfd === 'object' && pidfd !== null && PIDFD_BRAND in pidfd) return pidfd as unknown as PidFd
  if (typeof identity === 'object' && identity !== null && PROCESS_REF_BRAND in identity) {
    return identity as unknown as ProcessRef
  }
  return undefined
}

/** What is left of it in a copy: JSON keeps it, as text. */
function sentIdentity(target: { readonly pid?: number | undefined }, name: string): Reference | undefined {
  const { identity } = target as { identity?: unknown }
  if (typeof identity === 'object' && identity !== null) {
    const expected = 'a ProcessRef or its text; cloning loses what it says: send identity.toString()'
    throw invalidType(`${name}.identity`, expected, identity)
  }
  if (typeof identity !== 'string' || !isReference(identity)) return undefined
  const reference = parseReference(identity)
  if (reference.pid === target.pid) return reference
  throw invalidValue(`${name}.identity`, identity, `it is not of ${name}.pid, which is ${String(target.pid)}`)
}

/**
 * Tells the kinds apart and checks the argument; asks the kernel nothing.
 * @param name of the argument
 * @internal
 */
export function resolveTarget(
  target: Target,
  caller: (...args: never[]) => unknown,
  name = 'target',
): Resolved {
  if (typeof target === 'number') return { kind: 'pid', pid: positivePid(target, name) }
  if (typeof target !== 'object' || (target as unknown) === null) {
    throw invalidType(
      name,
      'a pid, an object with a pid such as a ChildProcess, a PidFd or a ProcessRef',
      target,
    )
  }
  if (PROCESS_REF_BRAND in target)
    return { kind: 'reference', reference: referenceOf(target as unknown as ProcessRef) }
  if (PIDFD_BRAND in target) {
    if (LINK in target) return { kind: 'link', link: target[LINK] }
    return { kind: 'reference', reference: referenceOf((target as unknown as PidFd).identity) }
  }
  const held = holdOf(target)
  if (held !== undefined) return resolveTarget(held, caller)
  const reference = sentIdentity(target, name)
  if (reference !== undefined) return { kind: 'reference', reference }
  if (target.pid === undefined) {
    throw invalidType(`${name}.pid`, 'a number (a ChildProcess without a pid did not start)', undefined)
  }
  const pid = positivePid(target.pid, `${name}.pid`)
  if (!isChild(target)) return { kind: 'pid', pid }
  if (target.exitCode !== null || target.signalCode !== null)
    throw noSuchProcess(pid, { reaped: true, reused: isTaken(pid) }, caller)
  return { kind: 'child', pid, child: target }
}

/**
 * What the target tells of it.
 * @internal
 */
export function kinshipOf(target: Target): Kinship {
  const stranger = { child: undefined, wasChild: false, ended: undefined }
  if (typeof target !== 'object') return stranger
  // A PidFd has an `identity` of its own.
  const held = PIDFD_BRAND in target ? target : (holdOf(target) ?? target)
  if (KINSHIP in held) return (held as PidFd)[KINSHIP]
  return isChild(target) ? { child: target, wasChild: true, ended: undefined } : stranger
}
