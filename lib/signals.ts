/**
 * The signals of this machine: numbers from the C headers (native.constants), meaning from signal(7).
 *
 * Real-time signals have no fixed numbers: libc keeps the first ones for itself and says at run time where
 * SIGRTMIN lies (glibc 34, musl 35). So their names are computed here, the way bash's `kill -l` prints them.
 */
import { closest, distance } from 'fastest-levenshtein'
import { native } from './native.js'
import { invalidType, invalidValue, outOfRange, reservedSignal, unknownSignal } from './node-errors.js'

/** A signal's name: upper case, with SIG. Real-time signals count from either end. */
export type SignalName =
  NodeJS.Signals | 'SIGRTMIN' | 'SIGRTMAX' | `SIGRTMIN+${number}` | `SIGRTMAX-${number}`

/** A signal as every function takes it: its name or its number. */
export type Signal = SignalName | number

/** What a process that has neither handled, ignored nor blocked a signal does with it. */
export type DefaultAction = 'terminate' | 'core' | 'stop' | 'continue' | 'ignore'

/** One line of `kill -l`, with its meaning. */
export interface SignalInfo {
  /** Its number on this machine. */
  readonly number: number
  /** Its name; null when libc keeps the number for itself. */
  readonly name: SignalName | null
  /** Other names of the same number: accepted everywhere, returned nowhere. */
  readonly aliases: readonly string[]
  /** What it is for. */
  readonly description: string
  /** What happens to a process that does nothing about it. */
  readonly defaultAction: DefaultAction
  /** False for SIGKILL and SIGSTOP, and for what libc keeps for itself. */
  readonly catchable: boolean
  /** True from SIGRTMIN to SIGRTMAX: queued, in order, with a value. */
  readonly realtime: boolean
  /** True for the numbers between 31 and SIGRTMIN, which libc uses for its threads. */
  readonly reserved: boolean
}

type Meaning = readonly [defaultAction: DefaultAction, description: string]

/** signal(7), "Standard signals". The numbers come from native.constants. */
const standard: Readonly<Record<string, Meaning>> = {
  SIGHUP: ['terminate', 'terminal closed, or controlling process ended; by custom: reload the configuration'],
  SIGINT: ['terminate', 'interrupt from the keyboard (Ctrl-C)'],
  SIGQUIT: ['core', 'quit from the keyboard (Ctrl-\\), with a core dump'],
  SIGILL: ['core', 'illegal instruction'],
  SIGTRAP: ['core', 'breakpoint or trace trap'],
  SIGABRT: ['core', 'abort(3)'],
  SIGBUS: ['core', 'bus error: bad memory access'],
  SIGFPE: ['core', 'arithmetic fault, such as a division by zero'],
  SIGKILL: ['terminate', 'kill: cannot be caught, blocked or ignored'],
  SIGUSR1: ['terminate', 'user-defined, first (Node: starts the inspector)'],
  SIGSEGV: ['core', 'invalid memory reference'],
  SIGUSR2: ['terminate', 'user-defined, second'],
  SIGPIPE: ['terminate', 'write to a pipe or socket that nobody reads (Node ignores it)'],
  SIGALRM: ['terminate', 'timer of alarm(2) or setitimer(2) expired'],
  SIGTERM: ['terminate', 'please end: the polite way to stop a process'],
  SIGSTKFLT: ['terminate', 'stack fault on a coprocessor (unused)'],
  SIGCHLD: ['ignore', 'a child stopped, continued or ended'],
  SIGCONT: ['continue', 'continue if stopped'],
  SIGSTOP: ['stop', 'stop: cannot be caught, blocked or ignored'],
  SIGTSTP: ['stop', 'stop typed at the terminal (Ctrl-Z)'],
  SIGTTIN: ['stop', 'terminal input for a background process'],
  SIGTTOU: ['stop', 'terminal output for a background process'],
  SIGURG: ['ignore', 'urgent data on a socket'],
  SIGXCPU: ['core', 'CPU time limit exceeded'],
  SIGXFSZ: ['core', 'file size limit exceeded (Node ignores it)'],
  SIGVTALRM: ['terminate', 'virtual timer of setitimer(2) expired'],
  SIGPROF: ['terminate', 'profiling timer of setitimer(2) expired'],
  SIGWINCH: ['ignore', 'the terminal window changed its size'],
  SIGIO: ['terminate', 'I/O is possible now'],
  SIGPWR: ['terminate', 'power failure'],
  SIGSYS: ['core', 'bad system call; what seccomp sends'],
  SIGINFO: ['ignore', 'status request from the keyboard (BSD, Ctrl-T)'],
  SIGEMT: ['core', 'emulator trap (BSD)'],
}

/** Second names, each with the one it stands for. */
const aliasOf: Readonly<Record<string, string>> = { SIGIOT: 'SIGABRT', SIGPOLL: 'SIGIO', SIGCLD: 'SIGCHLD' }

const { SIGRTMIN, SIGRTMAX } = native.constants

function realtimeNames(number: number, min: number, max: number): [SignalName, SignalName] {
  const up: SignalName = number === min ? 'SIGRTMIN' : `SIGRTMIN+${number - min}`
  const down: SignalName = number === max ? 'SIGRTMAX' : `SIGRTMAX-${max - number}`
  return number <= Math.floor((min + max) / 2) ? [up, down] : [down, up]
}

function buildTable(): SignalInfo[] {
  const table: SignalInfo[] = []
  for (const [name, [defaultAction, description]] of Object.entries(standard)) {
    const number = native.constants[name]
    if (number === undefined) continue
    const aliases = Object.keys(aliasOf).filter((alias) => native.constants[alias] === number)
    const catchable = name !== 'SIGKILL' && name !== 'SIGSTOP'
    table[number] = {
      number,
      name: name as SignalName,
      aliases,
      description,
      defaultAction,
      catchable,
      realtime: false,
      reserved: false,
    }
  }
  if (SIGRTMIN === undefined || SIGRTMAX === undefined) return table
  for (let number = table.length; number < SIGRTMIN; number++) {
    table[number] = {
      number,
      name: null,
      aliases: [],
      description: 'kept by libc for its threads',
      defaultAction: 'terminate',
      catchable: false,
      realtime: false,
      reserved: true,
    }
  }
  for (let number = SIGRTMIN; number <= SIGRTMAX; number++) {
    const [name, alias] = realtimeNames(number, SIGRTMIN, SIGRTMAX)
    table[number] = {
      number,
      name,
      aliases: [alias],
      description: 'real-time: queued, in order, with a value',
      defaultAction: 'terminate',
      catchable: true,
      realtime: true,
      reserved: false,
    }
  }
  return table
}

const byNumber: readonly (SignalInfo | undefined)[] = buildTable()

const numberOf = new Map<unknown, number>()
for (const info of byNumber) {
  if (info === undefined || info.name === null) continue
  for (const name of [info.name, ...info.aliases]) numberOf.set(name, info.number)
}

/**
 * Every signal number of this machine, 1 to SIGRTMAX, in order: `kill -l` with its meaning.
 *
 * Frozen. 31 standard signals, the numbers libc reserves (`reserved: true`, `name: null`), then the real-time
 * ones. Off Linux: what `os.constants.signals` has. Source: `man 7 signal`.
 *
 * @example
 * import { signals } from 'sigkit'
 * for (const { number, name, defaultAction } of signals) console.log(number, name, defaultAction)
 */
export const signals: readonly SignalInfo[] = Object.freeze(
  byNumber
    .filter((info) => info !== undefined)
    .map((info) => Object.freeze({ ...info, aliases: Object.freeze([...info.aliases]) })),
)

const letters = (word: string): string => Array.from(word).sort().join('')

/** The closest right spelling of a wrong name, if one is close: a missing SIG, lower case, a slip or two. */
function suggestion(wrong: string): string | undefined {
  const upper = wrong.trim().toUpperCase()
  if (/^\d+$/.test(upper)) return nameIfAny(Number(upper))
  const full = (upper.startsWith('SIG') ? upper : `SIG${upper}`).replace(/[+-]0+$/, '')
  if (numberOf.has(full)) return full
  if (full.length < 5 || full.length > 14) return undefined
  const names = [...numberOf.keys()] as string[]
  // Swapped letters first: edit distance counts a swap as two slips, and SIGTREM is no SIGTRAP.
  const candidate = names.find((name) => letters(name) === letters(full)) ?? closest(full, names)
  return distance(full, candidate) <= 2 ? candidate : undefined
}

function reserved(number: number): Error {
  return reservedSignal(
    number,
    'libc uses it for its own threads, and it would end the target; only sigkit/syscalls sends it',
  )
}

/** The entry of a signal that may be sent or named; throws for everything else. */
function entry(signal: unknown): SignalInfo {
  const number = typeof signal === 'number' ? signal : numberOf.get(signal)
  const info = number === undefined ? undefined : byNumber[number]
  if (info === undefined) {
    if (typeof signal !== 'number' && typeof signal !== 'string') {
      throw invalidType('signal', "a signal name such as 'SIGTERM', or a number", signal)
    }
    throw unknownSignal(signal, typeof signal === 'string' ? suggestion(signal) : undefined)
  }
  if (info.reserved) throw reserved(info.number)
  return info
}

/**
 * The facts of one signal.
 * @internal
 */
export function signalInfo(signal: Signal): SignalInfo {
  return entry(signal)
}

/**
 * The number to send: 0 (probe), or a signal's. The hot path of every sending verb.
 * @internal
 */
export function sendableNumber(signal: unknown): number {
  const number = numberOf.get(signal)
  if (number !== undefined) return number
  return signal === 0 ? 0 : entry(signal).number
}

/**
 * The number that `sigkit/syscalls` hands to the kernel: any int32 as it is, a name looked up.
 * @internal
 */
export function rawSignalNumber(signal: unknown): number {
  if (typeof signal !== 'number') return entry(signal).number
  if ((signal | 0) !== signal) throw outOfRange('signal', 'an integer of 32 bits', signal)
  return signal
}

/**
 * The number of a signal on this machine.
 *
 * @param signal a name, an alias (SIGIOT, SIGPOLL, SIGCLD), or a number, which is checked and given back
 * @throws TypeError `ERR_UNKNOWN_SIGNAL` for what names no signal, 0 included, with the right spelling if one
 *   is close; `ERR_SIGNAL_RESERVED` for a number that libc keeps (32 and 33 with glibc);
 *   `ERR_INVALID_ARG_TYPE` for anything but a string or a number
 *
 * @example
 * signalNumber('SIGTERM')    // 15
 * signalNumber('SIGRTMIN+3') // 37 with glibc
 */
export function signalNumber(signal: Signal): number {
  return entry(signal).number
}

/**
 * The name of a signal number: `SIGRTMIN+n` up to the middle, `SIGRTMAX-n` above, as bash's `kill -l`.
 *
 * @param number 1 to SIGRTMAX
 * @throws TypeError `ERR_UNKNOWN_SIGNAL`, `ERR_SIGNAL_RESERVED`, or `ERR_INVALID_ARG_TYPE` when it is no number
 *
 * @example
 * signalName(15) // 'SIGTERM'
 * signalName(63) // 'SIGRTMAX-1'
 */
export function signalName(number: number): SignalName {
  if (typeof number !== 'number') throw invalidType('number', 'a signal number', number)
  const { name } = entry(number)
  if (name === null) throw reserved(number)
  return name
}

/**
 * The name for a report: undefined for 0 and for numbers that have none, never an exception.
 * @internal
 */
export function nameIfAny(number: number): SignalName | undefined {
  return byNumber[number]?.name ?? undefined
}

/**
 * The exit code a shell reports: the code itself, or 128 + the signal's number.
 *
 * @param exit how a process ended, as Node's 'exit' event says it. A number that libc reserves is taken too:
 *   a process can have died by it.
 * @throws TypeError `ERR_INVALID_ARG_VALUE` when both are null, `ERR_UNKNOWN_SIGNAL` for an unknown signal,
 *   `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` for a code that is no integer of 0 to 255
 *
 * @example
 * child.on('exit', (code, signal) => process.exit(exitCodeOf({ code, signal })))
 */
export function exitCodeOf(exit: { code: number | null; signal: Signal | null }): number {
  if (typeof exit !== 'object' || (exit as unknown) === null) {
    throw invalidType('exit', 'an object { code, signal }', exit)
  }
  const { code, signal } = exit
  if (code !== null) {
    if (typeof code !== 'number') throw invalidType('exit.code', 'a number or null', code)
    if (!Number.isInteger(code) || code < 0 || code > 255) {
      throw outOfRange('exit.code', 'an integer of 0 to 255', code)
    }
    return code
  }
  if (signal === null) {
    throw invalidValue('exit', exit, 'one of code and signal must be set, or how it ended is not known')
  }
  // 'SIG32' is how an exit tells a number that libc keeps.
  const kept = byNumber.find(
    (info) => info?.reserved === true && [info.number, `SIG${info.number}`].includes(signal),
  )
  return 128 + (kept ?? entry(signal)).number
}
