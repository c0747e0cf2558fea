/**
 * Whether /proc is of our own pid namespace. Where it is not (`unshare --pid` without `--mount-proc`), its numbers are
 * other processes than ours of the same numbers, and a signal sent by them would hit an innocent.
 */
import { readlinkSync } from 'node:fs'
import { errno, systemError, type SignalError } from './errors.js'

let known = false

/** @internal */
export function isProcOurs(): boolean {
  if (known) return true
  try {
    known = readlinkSync('/proc/self') === String(process.pid)
  } catch {
    // There is none.
  }
  return known
}

/** Undefined where it is ours. @internal */
export function foreignProc(): SignalError | undefined {
  if (isProcOurs()) return undefined
  const note = '/proc is not mounted, or shows another pid namespace: mount -t proc proc /proc'
  return systemError('open', -errno.EOPNOTSUPP, { pid: process.pid, note })
}

/** @internal */
export function mustBeOurProc(): void {
  const error = foreignProc()
  if (error !== undefined) throw error
}
