/**
 * Exits of many processes through one epoll set: one crossing from native code for however many ended meanwhile.
 * One watch per environment (main thread, each Worker), started with the first wait.
 */
import { systemError } from './errors.js'
import { loopKind } from './host.js'
import type { ProcessState, Watch } from './link.js'
import { native, sharedByAddon } from './native.js'

type OnChange = (state?: ProcessState) => void

const { POLLHUP = 16 } = native.constants

const BATCH = 256
const pairs = new Int32Array(2 * BATCH)

interface WatchState {
  readonly watched: Map<number, OnChange>
  lastToken: number
  opened: boolean
  keepingAlive: number
}

const shared = sharedByAddon<WatchState>('exit-watch', () => ({
  watched: new Map(),
  lastToken: 0,
  opened: false,
  keepingAlive: 0,
}))

function drain(): void {
  let count: number
  do {
    count = native.exit_watch_drain(pairs, BATCH)
    // Copied first: a callback may drain again, through a nested wait.
    const batch = pairs.slice(0, 2 * Math.max(count, 0))
    for (let at = 0; at < batch.length; at += 2) {
      const reaped = ((batch[at + 1] ?? 0) & POLLHUP) !== 0
      shared.watched.get(batch[at] ?? 0)?.(reaped ? 'gone' : undefined)
    }
  } while (count === BATCH)
}

class PidfdWatch implements Watch {
  readonly #fd: number
  readonly #token: number
  #keepsAlive = false

  constructor(fd: number, token: number) {
    this.#fd = fd
    this.#token = token
  }

  stop(): void {
    if (!shared.watched.delete(this.#token)) return
    native.exit_watch_remove(this.#fd)
    this.keepAlive(false)
  }

  keepAlive(on: boolean): void {
    if (on === this.#keepsAlive) return
    this.#keepsAlive = on
    shared.keepingAlive += on ? 1 : -1
    if (shared.keepingAlive === (on ? 1 : 0)) native.exit_watch_ref(shared.keepingAlive)
  }
}

/**
 * Calls back on each phase of a pidfd: it became readable (exited), it hung up (reaped, 6.9). Also for a phase that is
 * past already.
 * @internal
 */
export function watchPidfd(fd: number, pid: number, onChange: OnChange): Watch {
  if (!shared.opened) {
    const result = native.exit_watch_open(drain, loopKind() === 'uv' ? 1 : 0)
    if (result < 0) throw systemError('epoll_create1', result, { pid })
    shared.opened = true
  }
  // A token and not the fd: the number of a closed fd may be somebody else's while its last event is on the way.
  do shared.lastToken = (shared.lastToken + 1) | 0
  while (shared.watched.has(shared.lastToken))
  const token = shared.lastToken
  const added = native.exit_watch_add(fd, token)
  if (added < 0) throw systemError('epoll_ctl', added, { pid })
  shared.watched.set(token, onChange)
  return new PidfdWatch(fd, token)
}
