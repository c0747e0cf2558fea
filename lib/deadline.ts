/** What a subscription does natively when JavaScript does not answer; actions in step with core/default_action.h. */
import { native } from './native.js'
import { invalidType, invalidValue, outOfRange } from './node-errors.js'
import type { SignalInfo } from './signals.js'

/** End by the signal's default action, be killed, or exit with a code. */
export type LastResort = 'default' | 'kill' | { exit: number }

/** The natively enforced part of a subscription. */
export interface DeadlineOptions {
  /** How long JavaScript may take for one signal, from its arrival to the return of the listener (or its promise). */
  ms: number
  then: LastResort
}

/** @internal */
export interface DeadlinePlan {
  readonly ms: number
  readonly then: readonly [action: number, exitCode: number]
  readonly second: readonly [action: number, exitCode: number]
}

const NONE = 0
const DEFAULT = 1
const KILL = 2
const EXIT = 3

function action(
  value: unknown,
  name: string,
  infos: readonly SignalInfo[],
  mayKill: boolean,
): [number, number] {
  if (value === 'kill' && mayKill) return [KILL, 0]
  if (value === 'default') {
    const idle = infos.find(({ defaultAction }) => defaultAction === 'ignore' || defaultAction === 'continue')
    if (idle === undefined) return [DEFAULT, 0]
    throw invalidValue(name, value, `the default action of ${idle.name} neither ends nor stops a process`)
  }
  if (typeof value !== 'object' || value === null || !('exit' in value)) {
    throw invalidValue(name, value, `it must be 'default'${mayKill ? ", 'kill'" : ''} or { exit: code }`)
  }
  const { exit } = value
  if (typeof exit !== 'number') throw invalidType(`${name}.exit`, 'a number', exit)
  if (!Number.isInteger(exit) || exit < 0 || exit > 255)
    throw outOfRange(`${name}.exit`, 'an integer of 0 to 255', exit)
  return [EXIT, exit]
}

/** Undefined when nothing is asked for. @internal */
export function deadlinePlan(
  deadline: unknown,
  onSecond: unknown,
  infos: readonly SignalInfo[],
): DeadlinePlan | undefined {
  if (deadline === undefined && onSecond === undefined) return undefined
  let ms = -1
  let then: [number, number] = [NONE, 0]
  if (deadline !== undefined) {
    if (typeof deadline !== 'object' || deadline === null) {
      throw invalidType('options.deadline', 'an object { ms, then }', deadline)
    }
    const options = deadline as Partial<DeadlineOptions>
    if (typeof options.ms !== 'number') throw invalidType('options.deadline.ms', 'a number', options.ms)
    if (!Number.isInteger(options.ms) || options.ms < 0 || options.ms > 0x7fffffff) {
      throw outOfRange('options.deadline.ms', 'an integer of 0 to 2147483647', options.ms)
    }
    ms = options.ms
    then = action(options.then, 'options.deadline.then', infos, true)
  }
  const second: [number, number] =
    onSecond === undefined ? [NONE, 0] : action(onSecond, 'options.onSecond', infos, false)
  return { ms, then, second }
}

/** The slot, or -errno. @internal */
export function addDeadline(signo: number, { ms, then, second }: DeadlinePlan): number {
  return native.deadline_add(signo, ms, then[0], then[1], second[0], second[1])
}
