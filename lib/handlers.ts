/** Signals that reach JavaScript, with the whole siginfo. */
import { addDeadline, deadlinePlan, type DeadlineOptions, type LastResort } from './deadline.js'
import { systemError } from './errors.js'
import { native } from './native.js'
import { invalidType } from './node-errors.js'
import { addReceiver, countKeepAlive, removeReceiver } from './signal-dispatch.js'
import type { SignalEvent } from './signal-records.js'
import { checkFunction, handleableSet } from './signal-refusals.js'
import type { Signal, SignalInfo } from './signals.js'

/** What is called for each delivery. A promise is awaited before the signal counts as handled. */
export type SignalListener = (event: SignalEvent) => void | Promise<void>

/** How a subscription behaves. */
export interface SubscribeOptions {
  /** Close before the first call. */
  once?: boolean | undefined
  /** Whether the subscription keeps the event loop alive. Default false, as with `process.on`. */
  keepAlive?: boolean | undefined
  /** Read the sender's comm in the handler, before the sender can be gone. */
  identifySender?: boolean | undefined
  /**
   * Take a signal that the runtime itself uses. SIGUSR1: `kill -USR1` does not start Node's inspector meanwhile. SIGPROF:
   * --cpu-prof records nothing meanwhile. SIGPWR in Bun: garbage collection may hang.
   */
  takeFromRuntime?: boolean | undefined
  /** What happens, natively, when JavaScript has not handled the signal in time: also while the loop is blocked. */
  deadline?: DeadlineOptions | undefined
  /** What happens, natively and at once, when a second one comes before the first is handled. */
  onSecond?: Exclude<LastResort, 'kill'> | undefined
}

function flag(options: SubscribeOptions, name: keyof SubscribeOptions): boolean {
  const value = options[name]
  if (value === undefined) return false
  if (typeof value !== 'boolean') throw invalidType(`options.${name}`, 'a boolean', value)
  return value
}

const created = Symbol('created by onSignal')

/**
 * A listener's hold on its signals. `using` closes it.
 *
 * @example
 * using hangup = onSignal('SIGHUP', reload)
 */
export class Subscription {
  readonly #infos: readonly SignalInfo[]
  readonly #listener: SignalListener
  readonly #once: boolean
  /** Deadline slots by signal. */
  readonly #slots = new Map<number, number>()
  /** What was lost of each signal before this subscription. */
  readonly #lostBefore = new Map<number, number>()
  readonly #identified: number[] = []
  #closed = false
  #keepAlive = false
  #delivered = 0
  #lost = 0

  readonly #receiver = {
    receive: (event: SignalEvent): void => {
      this.#receive(event)
    },
    missed: (): void => {
      this.#lost++
    },
  }

  /** @internal Use {@link onSignal}. */
  constructor(
    key: typeof created,
    infos: readonly SignalInfo[],
    listener: SignalListener,
    options: SubscribeOptions,
  ) {
    if (key !== created) throw invalidType('key', 'made by onSignal', key)
    this.#infos = infos
    this.#listener = listener
    this.#once = flag(options, 'once')
    const identify = flag(options, 'identifySender')
    const take = flag(options, 'takeFromRuntime')
    const keepAlive = flag(options, 'keepAlive')
    const plan = deadlinePlan(options.deadline, options.onSecond, infos)
    try {
      for (const { number } of infos) {
        // Before the deadline is armed: what that counts must be delivered.
        const since = process.hrtime.bigint()
        if (plan !== undefined) {
          const slot = addDeadline(number, plan)
          if (slot < 0) throw systemError('deadline', slot, { signal: number }, onSignal)
          this.#slots.set(number, slot)
        }
        if (identify) {
          native.signal_identify(number, 1)
          this.#identified.push(number)
        }
        addReceiver(number, this.#receiver, take, since)
        this.#lostBefore.set(number, native.signal_lost(number))
      }
    } catch (error) {
      this.close()
      throw error
    }
    if (keepAlive) this.ref()
  }

  #receive(event: SignalEvent): void {
    this.#delivered++
    const slot = this.#slots.size === 0 ? undefined : this.#slots.get(event.number)
    if (this.#once) this.#leave(slot)
    try {
      const result: unknown = this.#listener(event)
      if (isThenable(result)) {
        this.#settle(Promise.resolve(result), event.number, slot)
        return
      }
    } catch (error) {
      uncaught(error)
    }
    if (slot !== undefined) this.#handled(event.number, slot)
  }

  #settle(result: Promise<unknown>, signo: number, slot: number | undefined): void {
    const handled = (): void => {
      if (slot !== undefined) this.#handled(signo, slot)
    }
    void result.then(handled, (error: unknown) => {
      handled()
      uncaught(error)
    })
  }

  #handled(signo: number, slot: number): void {
    if (this.#slots.get(signo) !== slot) return
    native.deadline_handled(slot)
    if (this.#once) this.#freeSlots()
  }

  /** The listener is not called again, not even for what was recorded already (counted as `lost`). Idempotent. */
  close(): void {
    this.#leave(undefined)
  }

  /** All but the deadline of what is being handled: with `once` it holds until that is done. */
  #leave(kept: number | undefined): void {
    this.#freeSlots(kept)
    if (this.#closed) return
    this.#closed = true
    for (const { number } of this.#infos) {
      const before = this.#lostBefore.get(number)
      removeReceiver(number, this.#receiver)
      if (before !== undefined) this.#lost += native.signal_lost(number) - before
    }
    for (const number of this.#identified) native.signal_identify(number, -1)
    if (this.#keepAlive) countKeepAlive(-1)
    this.#keepAlive = false
  }

  #freeSlots(kept?: number): void {
    for (const [number, slot] of this.#slots) {
      if (slot === kept) continue
      native.deadline_remove(slot)
      this.#slots.delete(number)
    }
  }

  /** {@link close}. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** The subscription keeps the event loop alive. */
  ref(): this {
    if (!this.#closed && !this.#keepAlive) countKeepAlive(1)
    this.#keepAlive = !this.#closed
    return this
  }

  /** The subscription does not keep the event loop alive: the default. */
  unref(): this {
    if (this.#keepAlive) countKeepAlive(-1)
    this.#keepAlive = false
    return this
  }

  /** False when closed, or when somebody replaced the handler of one of its signals: then nothing arrives. */
  get installed(): boolean {
    return !this.#closed && this.#infos.every(({ number }) => native.signal_installed(number) === 1)
  }

  /** How many did not fit into the inbox (131 072 unread), or were recorded and not delivered when it closed. */
  get lost(): number {
    if (this.#closed) return this.#lost
    let lost = this.#lost
    for (const [number, before] of this.#lostBefore) lost += native.signal_lost(number) - before
    return lost
  }

  /** How many the listener was called for. */
  get delivered(): number {
    return this.#delivered
  }
}

/** A promise of whatever realm or library. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return isObject && typeof (value as { then?: unknown }).then === 'function'
}

/** As for any callback that throws: 'uncaughtException', with the error itself; the next signal still arrives. */
function uncaught(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}

/**
 * `sigaction(sig, { sa_sigaction })`: calls a listener for each delivery, with who sent it, with what value, and when.
 *
 * Real-time signals arrive in the kernel's order, every one. Standard signals do not queue in the kernel: a second one
 * is dropped there while the first is pending. `process.on` for the same signal keeps working, before or after, in any
 * order. Any number of subscriptions, in any threads; each gets every event.
 *
 * @param signal one or several; one that is refused refuses all
 * @param listener called with a {@link SignalEvent}. What it throws goes to 'uncaughtException'.
 * @param options see {@link SubscribeOptions}; `deadline` and `onSecond` act natively, whatever JavaScript does. As PID
 *   1, where raised signals do nothing, they exit with 128 + the signal's number.
 * @returns a {@link Subscription}; close it, or the handler stays installed
 * @throws SignalError EINVAL: SIGKILL, SIGSTOP, and what libc keeps for itself
 * @throws TypeError `ERR_SIGNAL_RESERVED`: SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGCHLD, and without `takeFromRuntime` what
 *   the runtime uses; `ERR_UNKNOWN_SIGNAL`, `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; RangeError
 * @throws ResourceLimitError EMFILE, ENOMEM
 *
 * Any kernel. Source: `man 2 sigaction`.
 *
 * @example
 * onSignal('SIGTERM', async ({ sender }) => {
 *   console.log(`asked to stop by ${sender?.comm} (${sender?.pid})`)
 *   await server.close()
 *   exitBySignal('SIGTERM')
 * }, { identifySender: true, deadline: { ms: 10_000, then: 'default' }, onSecond: 'default' })
 */
export function onSignal(
  signal: Signal | readonly Signal[],
  listener: SignalListener,
  options: SubscribeOptions = {},
): Subscription {
  if (typeof options !== 'object' || (options as unknown) === null)
    throw invalidType('options', 'an object', options)
  const infos = handleableSet(signal, flag(options, 'takeFromRuntime'), onSignal)
  checkFunction(listener, 'listener')
  return new Subscription(created, infos, listener, options)
}
