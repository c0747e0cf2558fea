/**
 * From the native inbox to the subscriptions of this environment. The handler is installed with the first subscription
 * of a signal and taken out with the last.
 */
import { systemError } from './errors.js'
import { loopKind } from './host.js'
import { native } from './native.js'
import { SignalRecords, type SignalEvent } from './signal-records.js'

/** Who wants the events of a signal. @internal */
export interface Receiver {
  receive(event: SignalEvent): void
  /** An event that was recorded before the receiver closed and is not delivered any more. */
  missed(): void
}

const BATCH = 1024
let records: SignalRecords | undefined

const receivers = new Map<number, Set<Receiver>>()
/** Closed, while the inbox may still hold what came before. */
const leaving = new Map<number, Set<Receiver>>()
let keepingAlive = 0

function deliver(index: number): void {
  if (records === undefined) return
  const signo = records.signo(index)
  for (const receiver of leaving.get(signo) ?? []) receiver.missed()
  const present = receivers.get(signo)
  if (present === undefined || present.size === 0) return
  const event = records.event(index)
  // A copy: a listener may close or subscribe. Who subscribed meanwhile gets the next one.
  for (const receiver of [...present]) if (present.has(receiver)) receiver.receive(event)
}

function drain(): void {
  if (records === undefined) return
  let count: number
  do {
    count = native.signal_drain(records.words, BATCH)
    for (let index = 0; index < count; index++) deliver(index)
  } while (count === BATCH)
  leaving.clear()
}

function open(): void {
  if (records !== undefined) return
  const result = native.signal_open(drain, loopKind() === 'uv' ? 1 : 0)
  if (result < 0) throw systemError('eventfd', result, { pid: process.pid })
  records = new SignalRecords(BATCH)
}

/** @internal */
export function addReceiver(signo: number, receiver: Receiver, take: boolean): void {
  open()
  let present = receivers.get(signo)
  if (present === undefined) {
    const result = native.signal_subscribe(signo, take ? 1 : 0)
    if (result < 0) throw systemError('sigaction', result, { signal: signo })
    present = new Set()
    receivers.set(signo, present)
  }
  present.add(receiver)
}

/** @internal */
export function removeReceiver(signo: number, receiver: Receiver): void {
  const present = receivers.get(signo)
  if (present?.delete(receiver) !== true) return
  if (present.size === 0) {
    native.signal_unsubscribe(signo)
    receivers.delete(signo)
  }
  const gone = leaving.get(signo) ?? new Set()
  leaving.set(signo, gone.add(receiver))
}

/** One more (1) or less (-1) reason for the event loop to stay. @internal */
export function countKeepAlive(change: 1 | -1): void {
  keepingAlive += change
  if (keepingAlive === (change === 1 ? 1 : 0)) native.signal_ref(keepingAlive)
}
