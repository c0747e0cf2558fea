/**
 * One listener on an AbortSignal, or on a ChildProcess, for everybody who waits with it. Node takes more than ten on one
 * object for a leak and says so on stderr, and a program that waits for a hundred processes with one signal has no leak.
 */
import type { ChildLike } from './target.js'

interface Listener {
  handleEvent(): void
}

interface Entry {
  readonly listeners: Set<Listener>
  readonly fire: () => void
}

class SharedListeners<T extends object> {
  readonly #entries = new WeakMap<T, Entry>()
  readonly #attach: (to: T, fire: () => void) => void
  readonly #detach: (from: T, fire: () => void) => void

  constructor(attach: (to: T, fire: () => void) => void, detach: (from: T, fire: () => void) => void) {
    this.#attach = attach
    this.#detach = detach
  }

  add(to: T, listener: Listener): void {
    let entry = this.#entries.get(to)
    if (entry === undefined) {
      const listeners = new Set<Listener>()
      const fire = (): void => {
        for (const each of [...listeners]) each.handleEvent()
      }
      entry = { listeners, fire }
      this.#entries.set(to, entry)
    }
    if (entry.listeners.size === 0) this.#attach(to, entry.fire)
    entry.listeners.add(listener)
  }

  remove(from: T, listener: Listener): void {
    const entry = this.#entries.get(from)
    if (entry?.listeners.delete(listener) === true && entry.listeners.size === 0)
      this.#detach(from, entry.fire)
  }
}

/** @internal */
export const abortListeners = new SharedListeners<AbortSignal>(
  (signal, fire) => {
    signal.addEventListener('abort', fire, { once: true })
  },
  (signal, fire) => {
    signal.removeEventListener('abort', fire)
  },
)

/** @internal */
export const childExitListeners = new SharedListeners<ChildLike>(
  (child, fire) => {
    child.once('exit', fire)
  },
  (child, fire) => {
    child.off('exit', fire)
  },
)
