/**
 * Whether /proc is of our own pid namespace. Where it is not (`unshare --pid` without `--mount-proc`), its numbers are
 * other processes than ours of the same numbers, and a signal sent by them would hit an innocent.
 */
import { readlinkSync } from 'node:fs'

export function isProcOurs(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid)
  } catch {
    return false
  }
}
