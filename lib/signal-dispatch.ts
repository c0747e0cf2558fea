/**
 * From the native inbox to the subscriptions of this environment. The handler is installed with the first subscription
 * of a signal and taken out with the last.
 */
import { systemError } from './errors.js'
import { loopKind } from './host.js'
import { native, sharedByAddon } from './native.js'
import { SignalRecords, type SignalEvent } from './signal-records.js'
import { noteSpare } from './signal-spares.js'

/** Who wants the events of a signal. @internal */
export interface Receiver {
  receive(event: SignalEvent): void
  /** An event that was recorded before the receiver closed and is not delivered any more. */
  missed(): void
}

const BATCH = 1024
/** Batches in one turn of the loop: signals that come faster than they are handled must not hold up everything else. */
const BATCHES = 16
const records = new SignalRecords(BATCH)

interface Present {
  readonly receiver: Receiver
  readonly since: bigint
  /** Also for those who still have the list of before. */
  left: boolean
}

interface DispatchState {
  /** Each list is replaced and never changed: a listener may close or subscribe while it is gone through. */
  readonly receivers: Map<number, readonly Present[]>
  /** Closed, while the inbox may still hold what came before. */
  readonly leaving: Map<number, { receiver: Receiver; from: bigint; to: bigint }[]>
  /** What is to be done when a signal has no receiver any more. */
  readonly afterwards: Map<number, (() => void)[]>
  /** Somebody came or left, so that what is in the inbox may be from before; over when it has been emptied. */
  changed: boolean
  draining: boolean
  opened: boolean
  keepingAlive: number
}

const state = sharedByAddon<DispatchState>('signal-dispatch', () => ({
  receivers: new Map(),
  leaving: new Map(),
  afterwards: new Map(),
  changed: false,
  draining: false,
  opened: false,
  keepingAlive: 0,
}))

const now = (): bigint => process.hrtime.bigint()

function countMissed(signo: number, at: bigint): void {
  for (const { receiver, from, to } of state.leaving.get(signo) ?? []) {
    if (from <= at && at <= to) receiver.missed()
  }
}

function deliver(index: number): void {
  const signo = records.signo(index)
  const at = state.changed ? records.timestamp(index) : undefined
  if (at !== undefined) countMissed(signo, at)
  const present = state.receivers.get(signo)
  if (present === undefined) return
  const event = records.event(index)
  for (const one of present) {
    // Who subscribed after the signal came gets the next one.
    if (at !== undefined && at < one.since) continue
    if (one.left) one.receiver.missed()
    else one.receiver.receive(event)
  }
}

function drain(): void {
  state.draining = true
  let count = BATCH
  for (let turn = 0; turn < BATCHES && count > 0; turn++) {
    count = native.signal_drain(records.words, BATCH)
    for (let index = 0; index < count; index++) deliver(index)
  }
  state.draining = false
  // libuv reads its pipe in this very poll; the next turn comes after it.
  if (native.chain_sample() === 1) setImmediate(() => native.chain_settle())
  if (count > 0) return // the inbox wakes the loop again
  state.changed = false
  state.leaving.clear()
}

function open(): void {
  if (state.opened) return
  const result = native.signal_open(drain, loopKind() === 'uv' ? 1 : 0)
  if (result < 0) throw systemError('eventfd', result, { pid: process.pid })
  state.opened = true
}

/** @internal */
export function addReceiver(signo: number, receiver: Receiver, take: boolean, since: bigint): void {
  open()
  const present = state.receivers.get(signo)
  if (present === undefined) {
    const result = native.signal_subscribe(signo, take ? 1 : 0)
    if (result < 0) throw systemError('sigaction', result, { signal: signo })
  }
  state.receivers.set(signo, [...(present ?? []), { receiver, since, left: false }])
  state.changed = true
}

/** @internal */
export function removeReceiver(signo: number, receiver: Receiver): void {
  const present = state.receivers.get(signo)
  const leaver = present?.find((one) => one.receiver === receiver)
  if (present === undefined || leaver === undefined) return
  leaver.left = true
  if (present.length === 1) {
    if (native.signal_unsubscribe(signo) === 1) noteSpare(signo)
    state.receivers.delete(signo)
    for (const callback of state.afterwards.get(signo) ?? []) callback()
    state.afterwards.delete(signo)
  } else {
    const rest = present.filter((one) => one !== leaver)
    state.receivers.set(signo, rest)
  }
  if (!state.draining && native.signal_unread() === 0) return
  const gone = state.leaving.get(signo) ?? []
  gone.push({ receiver, from: leaver.since, to: now() })
  state.leaving.set(signo, gone)
  state.changed = true
}

/** One more (1) or less (-1) reason for the event loop to stay. @internal */
export function countKeepAlive(change: 1 | -1): void {
  state.keepingAlive += change
  if (state.keepingAlive === (change === 1 ? 1 : 0)) native.signal_ref(state.keepingAlive)
}

/** Calls back when the last receiver of a signal has left. @internal */
export function whenUnhandled(signo: number, callback: () => void): void {
  state.afterwards.set(signo, [...(state.afterwards.get(signo) ?? []), callback])
}
