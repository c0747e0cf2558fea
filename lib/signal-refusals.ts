/** Which signals may be taken over from whom, and why not. */
import { errno, systemError } from './errors.js'
import { native } from './native.js'
import { invalidType, invalidValue, reservedSignal, unknownSignal } from './node-errors.js'
import { isBun } from './runtime.js'
import { signalInfo, signals, type Signal, type SignalInfo } from './signals.js'

type Caller = (...args: never[]) => unknown

const faults = ['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL']

/** What the runtime uses itself, with what breaks when it is taken. */
function ofRuntime(name: string): string | undefined {
  if (isBun) {
    return name === 'SIGPWR' ? 'Bun suspends its threads with it while it collects garbage' : undefined
  }
  if (name === 'SIGUSR1') return 'Node starts its inspector with it'
  if (name === 'SIGPROF') return "V8's profiler (--cpu-prof) runs on it"
  return undefined
}

/**
 * The number of a signal whose disposition may be changed.
 *
 * @param take what the runtime itself uses is taken from it
 * @internal
 */
export function handleable(signal: Signal, take: boolean, caller: Caller): SignalInfo {
  const info = signals.find(({ number }) => number === signal) ?? lookUp(signal)
  // As sigaction(2) says it.
  if (!info.catchable)
    throw systemError('sigaction', -errno.EINVAL, { signal: info.number, note: notCatchable(info) }, caller)
  const name = info.name ?? ''
  if (faults.includes(name)) {
    throw reservedSignal(name, 'a fault must be dealt with where it happens, and JavaScript runs later')
  }
  if (name === 'SIGCHLD') {
    throw reservedSignal(name, 'the ends of children come through wait, PidFd and startReaper')
  }
  const reason = take ? undefined : ofRuntime(name)
  if (reason !== undefined)
    throw reservedSignal(name, `${reason}; pass { takeFromRuntime: true } to take it all the same`)
  return info
}

function lookUp(signal: Signal): SignalInfo {
  if (signal === 0) throw unknownSignal(0, undefined)
  return signalInfo(signal)
}

function notCatchable({ name }: SignalInfo): string {
  return name === null ? 'libc keeps this signal for itself' : 'it cannot be caught, blocked or ignored'
}

/** One or several, each once. @internal */
export function handleableSet(
  signal: Signal | readonly Signal[],
  take: boolean,
  caller: Caller,
): SignalInfo[] {
  const list: readonly Signal[] = Array.isArray(signal) ? (signal as readonly Signal[]) : [signal as Signal]
  if (list.length === 0) throw invalidValue('signal', signal, 'the list is empty')
  const infos = list.map((one) => handleable(one, take, caller))
  return [...new Map(infos.map((info) => [info.number, info])).values()]
}

/** @internal */
export function checkFunction(value: unknown, name: string): void {
  if (typeof value !== 'function') throw invalidType(name, 'a function', value)
}

/** Throws while some environment handles the signal. @internal */
export function mustBeUnhandled({ number, name }: SignalInfo): void {
  if (native.signal_subscribed(number) === 1) {
    throw reservedSignal(name, 'it has subscriptions of onSignal: close them first')
  }
}
