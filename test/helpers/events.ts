/** Signals that this process sends itself, and the listeners they reach. */
import { onSignal, type Signal, type SignalEvent, type SubscribeOptions, type Subscription } from 'sigkit'
import { onTestFinished } from 'vitest'
import { within } from './deadline.js'

export class Inbox {
  readonly events: SignalEvent[] = []
  readonly subscription: Subscription
  #arrived: (() => void) | undefined

  constructor(signal: Signal | readonly Signal[], options?: SubscribeOptions) {
    this.subscription = onSignal(
      signal,
      (event) => {
        this.events.push(event)
        this.#arrived?.()
      },
      options,
    )
    onTestFinished(() => {
      this.subscription.close()
    })
  }

  /** The first `count` events, when that many have come. */
  async first(count: number): Promise<SignalEvent[]> {
    const arrived = new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.events.length >= count) resolve()
      }
      this.#arrived = look
      look()
    })
    await within(arrived, `${count} signals, of which ${this.events.length} came`)
    return this.events.slice(0, count)
  }
}

/**
 * Whatever was recorded before this call has been delivered when it resolves: a signal of our own, behind it in the
 * inbox, has come through.
 */
export async function allDelivered(signal: Signal = 'SIGRTMAX'): Promise<void> {
  const { raise } = await import('sigkit')
  await within(
    new Promise<void>((resolve) => {
      const marker = onSignal(
        signal,
        () => {
          marker.close()
          resolve()
        },
        { keepAlive: true },
      )
      raise(signal)
    }),
    `${signal} behind all others`,
  )
}
