/** What may be asked of a termination, and whether it makes sense: all of it checked before anything is sent. */
import { invalidType, invalidValue, outOfRange } from './node-errors.js'
import { signalInfo, type Signal } from './signals.js'
import type { TerminationProgress } from './termination-report.js'

/** How to end processes, and which besides the targets. */
export interface TerminateOptions {
  /** What is sent first. Default SIGTERM. */
  signal?: Signal | undefined
  /** Milliseconds from the first signal to `killSignal`. 0: at once; Infinity: never. Default 5000. */
  grace?: number | undefined
  /** What is sent to those that did not end, or false for nothing. Default SIGKILL. */
  killSignal?: Signal | false | undefined
  /** The targets and all their descendants, none of which can escape by forking. */
  tree?: boolean | undefined
  /** The process groups that the targets belong to. */
  group?: boolean | undefined
  /** The control groups (v2) that the targets belong to, with those below them. */
  cgroup?: boolean | undefined
  /** Takes the memory of a process back right after its SIGKILL (process_mrelease, 5.15), not when it gets to it. */
  releaseMemory?: boolean | undefined
  /** Milliseconds to wait after the last signal, before what still lives has `survived`. Default 10000. */
  timeout?: number | undefined
  /** Cancels what is still to be sent, wakes what is frozen, and rejects with the reason. What was sent stays sent. */
  abort?: AbortSignal | undefined
  /** Told of each step as it happens. What it throws ends the termination as an abort does. */
  onProgress?: ((event: TerminationProgress) => void) | undefined
}

/** @internal */
export interface Plan {
  readonly signal: number
  readonly grace: number
  /** Undefined: no second signal. */
  readonly killSignal: number | undefined
  readonly tree: boolean
  readonly group: boolean
  readonly cgroup: boolean
  readonly releaseMemory: boolean
  readonly timeout: number
  readonly abort: AbortSignal | undefined
  readonly onProgress: ((event: TerminationProgress) => void) | undefined
}

const DEFAULT_GRACE_MS = 5000
const DEFAULT_TIMEOUT_MS = 10_000

/** A signal that only stops would leave behind what nothing wakes. */
function endingSignal(name: string, value: Signal): number {
  const { number, defaultAction } = signalInfo(value)
  if (defaultAction !== 'stop') return number
  throw invalidValue(
    name,
    value,
    'a signal that stops a process does not end it: use SIGTERM, SIGINT, SIGKILL',
  )
}

function milliseconds(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number of milliseconds', value)
  if (!(value >= 0)) throw outOfRange(name, '>= 0 milliseconds', value)
  return value
}

function flag(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidType(name, 'a boolean', value)
  return value
}

/** @internal */
export function terminationPlan(options: TerminateOptions = {}): Plan {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw invalidType('options', 'an object', options)
  }
  const { signal = 'SIGTERM', killSignal = 'SIGKILL', abort, onProgress } = options
  const { grace = DEFAULT_GRACE_MS, timeout = DEFAULT_TIMEOUT_MS } = options
  const { tree = false, group = false, cgroup = false, releaseMemory = false } = options
  if ((killSignal as unknown) === true) {
    throw invalidType('options.killSignal', 'a signal, or false for none', killSignal)
  }
  if (abort !== undefined && !(abort instanceof AbortSignal)) {
    throw invalidType('options.abort', 'an AbortSignal', abort)
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidType('options.onProgress', 'a function', onProgress)
  }
  const plan = {
    signal: endingSignal('options.signal', signal),
    grace: milliseconds('options.grace', grace),
    killSignal: killSignal === false ? undefined : endingSignal('options.killSignal', killSignal),
    tree: flag('options.tree', tree),
    group: flag('options.group', group),
    cgroup: flag('options.cgroup', cgroup),
    releaseMemory: flag('options.releaseMemory', releaseMemory),
    timeout: milliseconds('options.timeout', timeout),
    abort,
    onProgress,
  }
  if (plan.cgroup && (plan.tree || plan.group)) {
    throw invalidValue(
      'options.cgroup',
      true,
      'a control group is ended as a whole: leave out tree and group, or call terminate once for each',
    )
  }
  return plan
}
