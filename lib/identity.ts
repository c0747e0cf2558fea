/**
 * What tells a process from the next one with its number, and how that is written down.
 *
 * The inode of its pidfd (pidfs, 6.9) is never given out twice before the reboot. Below that it is the start time in
 * ticks of 10 ms: two processes share number and tick only if the whole range of numbers went round within it.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { systemError } from './errors.js'
import { invalidType, invalidValue } from './node-errors.js'

/** @internal */
export interface Identity {
  /** 'none': a bare number, as an old pid file has it. */
  readonly kind: 'inode' | 'ticks' | 'none'
  readonly value: bigint
}

/** @internal */
export interface Reference {
  readonly pid: number
  readonly identity: Identity
  /** Absent in the short forms. */
  readonly bootId: string | undefined
  readonly pidNamespace: string | undefined
}

const FORM =
  /^([1-9]\d{0,9})([:@])(\d{1,20})(?:\/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\/(\d{1,20}))?$/

/** Whether it is of the form that {@link parseReference} reads. @internal */
export function isReference(text: string): boolean {
  return FORM.test(text)
}

/** @internal */
export function parseReference(text: string): Reference {
  if (typeof text !== 'string') throw invalidType('text', 'a string', text)
  const match = FORM.exec(text)
  const pid = Number(match?.[1])
  if (match === null || pid > 0x7fffffff) {
    throw invalidValue('text', text, 'it must be PID:INODE or PID@STARTTICKS, with or without /BOOTID/PIDNS')
  }
  const [, , separator, value = '', bootIdText, namespace] = match
  const identity: Identity = { kind: separator === ':' ? 'inode' : 'ticks', value: BigInt(value) }
  return { pid, identity, bootId: bootIdText, pidNamespace: namespace }
}

/** @internal */
export function formatReference({ pid, identity, bootId: boot, pidNamespace: namespace }: Reference): string {
  if (identity.kind === 'none') return String(pid)
  const place = boot === undefined || namespace === undefined ? '' : `/${boot}/${namespace}`
  return `${pid}${identity.kind === 'inode' ? ':' : '@'}${identity.value}${place}`
}

/** What `fs` throws (EMFILE, no /proc) becomes an error as all of ours. */
function fromProc(read: () => string): string {
  try {
    return read()
  } catch (error) {
    const { errno: number, syscall = 'open' } = error as NodeJS.ErrnoException
    throw number === undefined ? error : systemError(syscall, number, { pid: process.pid })
  }
}

let bootIdText: string | undefined
let pidNamespaceInode: string | undefined

/** Which boot this is. Constant while a process lives. @internal */
export function bootId(): string {
  bootIdText ??= fromProc(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())
  return bootIdText
}

/** The inode of our pid namespace, in decimal. @internal */
export function pidNamespace(): string {
  pidNamespaceInode ??= fromProc(() => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0')
  return pidNamespaceInode
}
