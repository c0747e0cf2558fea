/** What the native handler recorded (native/core/signal_event.h), as the event that a listener gets. */
import { readlinkSync } from 'node:fs'
import { endingSignalName } from './exit-status.js'
import { native } from './native.js'
import type { SignalName } from './signals.js'

/** `si_code` by its name; the number itself where it has none. */
export type SignalCode =
  | 'SI_USER'
  | 'SI_KERNEL'
  | 'SI_QUEUE'
  | 'SI_TIMER'
  | 'SI_MESGQ'
  | 'SI_ASYNCIO'
  | 'SI_SIGIO'
  | 'SI_TKILL'
  | 'CLD_EXITED'
  | 'CLD_KILLED'
  | 'CLD_DUMPED'
  | 'CLD_TRAPPED'
  | 'CLD_STOPPED'
  | 'CLD_CONTINUED'
  | 'POLL_IN'
  | 'POLL_OUT'
  | 'POLL_MSG'
  | 'POLL_ERR'
  | 'POLL_PRI'
  | 'POLL_HUP'
  | number

/** One delivery of a signal, with all that the kernel told about it. */
export interface SignalEvent {
  readonly signal: SignalName
  readonly number: number
  /** Why it came: SI_USER by kill(2), SI_QUEUE by sigqueue(3), SI_TKILL by tgkill(2), SI_TIMER, SI_KERNEL, ... */
  readonly code: SignalCode
  /**
   * Who sent it; null where nobody did (a timer, the kernel) or the kernel had no room to say. `pid` is 0 for a sender
   * outside of our pid namespace. `trusted` is false where the sender itself filled in the fields (SI_QUEUE and other
   * negative codes). `comm` with `identifySender`.
   */
  readonly sender: {
    readonly pid: number
    readonly uid: number
    readonly trusted: boolean
    readonly comm?: string
  } | null
  /** `sival_ptr` as a signed integer of 64 bits, where the code carries a value. */
  readonly value: bigint | null
  /** `sival_int`, its low half. */
  readonly valueInt: number | null
  /** Of a child, where the code is CLD_*: `status` is its exit code or signal, times are in clock ticks. */
  readonly child: {
    readonly pid: number
    readonly uid: number
    readonly status: number
    readonly utime: number
    readonly stime: number
  } | null
  /** CLOCK_MONOTONIC in ns (as `process.hrtime.bigint()`), taken in the handler. */
  readonly timestamp: bigint
  /** The queue was full and the kernel dropped who sent it; null where that cannot be told. */
  readonly infoLost: boolean | null
}

const c = native.constants
const {
  SI_USER = 0,
  SI_KERNEL = 128,
  SI_TIMER = -2,
  SI_SIGIO = -5,
  SI_TKILL = -6,
  CLD_EXITED = 1,
  CLD_CONTINUED = 6,
} = c

function codeNames(names: readonly string[]): Map<number, SignalCode> {
  return new Map(
    names.filter((name) => c[name] !== undefined).map((name) => [c[name], name] as [number, SignalCode]),
  )
}

const anyCodes = codeNames([
  'SI_USER',
  'SI_KERNEL',
  'SI_QUEUE',
  'SI_TIMER',
  'SI_MESGQ',
  'SI_ASYNCIO',
  'SI_SIGIO',
  'SI_TKILL',
])
const childCodes = codeNames([
  'CLD_EXITED',
  'CLD_KILLED',
  'CLD_DUMPED',
  'CLD_TRAPPED',
  'CLD_STOPPED',
  'CLD_CONTINUED',
])
const pollCodes = codeNames(['POLL_IN', 'POLL_OUT', 'POLL_MSG', 'POLL_ERR', 'POLL_PRI', 'POLL_HUP'])

/** The same small codes mean something else for each signal: as native/core/signal_hub.cc tells them apart. */
function specificCodes(signo: number): Map<number, SignalCode> | undefined {
  if (signo === c['SIGTRAP']) return undefined
  return signo === c['SIGIO'] || signo >= (c['SIGRTMIN'] ?? Infinity) ? pollCodes : childCodes
}

/** /proc/self/ns/pid of the first namespace of a machine: PROC_PID_INIT_INO. There, nobody's pid is 0. */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]'
let initialNamespace: boolean | undefined

function inInitialNamespace(): boolean {
  try {
    initialNamespace ??= readlinkSync('/proc/self/ns/pid') === INITIAL_PID_NAMESPACE
  } catch {
    initialNamespace = false
  }
  return initialNamespace
}

/** Words of 8 bytes in a record. @internal */
export const RECORD_WORDS = 8

/** Where sival_int is, as C has it: in front of the union. */
const LOW_HALF = 4

/** @internal */
export class SignalRecords {
  readonly words: BigInt64Array
  readonly #ints: Int32Array
  readonly #bytes: Uint8Array

  constructor(capacity: number) {
    this.words = new BigInt64Array(RECORD_WORDS * capacity)
    this.#ints = new Int32Array(this.words.buffer)
    this.#bytes = new Uint8Array(this.words.buffer)
  }

  signo(index: number): number {
    return this.#ints[16 * index] ?? 0
  }

  timestamp(index: number): bigint {
    return this.words[8 * index + 3] ?? 0n
  }

  event(index: number): SignalEvent {
    const at = 16 * index
    const signo = this.signo(index)
    const code = this.#ints[at + 1] ?? 0
    const pid = this.#ints[at + 2] ?? 0
    const uid = (this.#ints[at + 3] ?? 0) >>> 0
    const names = specificCodes(signo)
    const ofChild = names === childCodes && code >= CLD_EXITED && code <= CLD_CONTINUED
    const carriesValue = code < 0 && code !== SI_TKILL && code !== SI_SIGIO
    // What the kernel writes where it had no room for a siginfo: SI_USER of pid 0 and uid 0.
    const blank = code === SI_USER && pid === 0 && uid === 0
    const lost = blank ? (inInitialNamespace() ? true : null) : false
    const sent = code === SI_USER || (code < 0 && code !== SI_TIMER && code !== SI_SIGIO)
    return {
      signal: endingSignalName(signo),
      number: signo,
      code: anyCodes.get(code) ?? names?.get(code) ?? code,
      sender: sent && lost !== true ? this.#sender(index, pid, uid, code) : null,
      value: carriesValue ? (this.words[8 * index + 2] ?? 0n) : null,
      valueInt: carriesValue ? (this.#ints[at + LOW_HALF] ?? 0) : null,
      child: ofChild
        ? {
            pid,
            uid,
            status: this.#ints[at + 8] ?? 0,
            utime: Number(this.words[8 * index + 2]),
            stime: Number(this.words[8 * index + 5]),
          }
        : null,
      timestamp: this.timestamp(index),
      infoLost: lost,
    }
  }

  #sender(index: number, pid: number, uid: number, code: number): NonNullable<SignalEvent['sender']> {
    const trusted = code === SI_USER || code === SI_TKILL || code === SI_KERNEL
    const start = 64 * index + 40
    if (this.#bytes[start] === 0) return { pid, uid, trusted }
    const bytes = this.#bytes.subarray(start, start + 16)
    const end = bytes.indexOf(0)
    return { pid, uid, trusted, comm: Buffer.from(bytes.subarray(0, end < 0 ? 16 : end)).toString('utf8') }
  }
}
