/** Argument checks that several rooms share. Each throws before anything is sent, and says what to do instead. */
import { invalidType, outOfRange } from './node-errors.js'

const MAX_PID = 0x7fffffff

/**
 * An integer of 32 bits: all that `sigkit/syscalls` asks of a number.
 * @internal
 */
export function int32(value: unknown, name: string): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  if ((value | 0) !== value) throw outOfRange(name, 'an integer of 32 bits', value)
  return value
}

/**
 * One process or thread: 1 to 2147483647.
 * @internal
 */
export function positivePid(value: unknown, name: string): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  if ((value | 0) !== value || value < 1) throw outOfRange(name, `an integer of 1 to ${MAX_PID}`, value)
  return value
}

/**
 * The target of kill(2) as the safe verbs take it: a process (>= 1), or a group as -pgid (<= -2).
 *
 * 0 and -1 are what an empty pid file, a failed lookup or `Number('')` become, and the kernel would read them
 * as "my own group" and "everything": they are refused by name.
 * @internal
 */
export function processOrGroup(value: unknown): number {
  if (
    typeof value === 'number' &&
    (value | 0) === value &&
    (value > 0 || (value < -1 && value >= -MAX_PID))
  ) {
    return value
  }
  if (typeof value !== 'number') throw invalidType('pid', 'a number', value)
  if (value === 0) {
    throw outOfRange(
      'pid',
      '>= 1 for a process or <= -2 for the group -pid; 0 would be the own process group: use killpg(getpgrp())',
      value,
    )
  }
  if (value === -1) {
    throw outOfRange(
      'pid',
      '>= 1 for a process or <= -2 for the group -pid; -1 would be every process: use killAll()',
      value,
    )
  }
  throw outOfRange(
    'pid',
    `an integer of 1 to ${MAX_PID} for a process, or of -${MAX_PID} to -2 for the group -pid`,
    value,
  )
}

/**
 * A process group that may be signalled by number.
 * @internal
 */
export function groupId(value: unknown): number {
  if (typeof value !== 'number') throw invalidType('pgid', 'a number', value)
  if (value === 0) {
    throw outOfRange('pgid', `an integer of 2 to ${MAX_PID}; for the own group use killpg(getpgrp())`, value)
  }
  if (value === 1) {
    throw outOfRange(
      'pgid',
      `an integer of 2 to ${MAX_PID}: killpg(1) is kill(-1), which is every process. ` +
        "Group 1 is reached through PidFd.open(1).send(signal, { scope: 'group' }), everything through killAll()",
      value,
    )
  }
  if ((value | 0) !== value || value < 2) throw outOfRange('pgid', `an integer of 2 to ${MAX_PID}`, value)
  return value
}

const MIN_VALUE = -(2n ** 63n)
const MAX_VALUE = 2n ** 64n - 1n

/**
 * What travels in a sigval: 64 bits, signed or unsigned. A number must be exact.
 * @internal
 */
export function queuedValue(value: unknown, name = 'value'): number | bigint {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value
    throw outOfRange(name, 'a safe integer, or a bigint of -2n ** 63n to 2n ** 64n - 1n', value)
  }
  if (typeof value !== 'bigint') throw invalidType(name, 'a number or a bigint', value)
  if (value < MIN_VALUE || value > MAX_VALUE) {
    throw outOfRange(name, 'a bigint of -2n ** 63n to 2n ** 64n - 1n', value)
  }
  return BigInt.asIntN(64, value)
}
