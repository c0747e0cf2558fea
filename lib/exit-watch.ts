/**
 * Exits of many processes through one epoll set: one crossing from native code for however many ended meanwhile.
 * One watch per environment (main thread, each Worker), started with the first wait.
 */
import { systemError } from './errors.js'
import { loopKind } from './host.js'
import { native, sharedByAddon } from './native.js'
import type { Watch } from './link.js'

const BATCH = 256
const pairs = new Int32Array(2 * BATCH)

interface WatchState {
  readonly watched: Map<number, () => void>
  lastToken: number
  opened: boolean
  keepingAlive: number
}

const state = sharedByAddon<WatchState>('exit-watch', () => ({
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
    const batch = pairs.slice(0, 2 * Math.max(count, 0)).filter((_, index) => index % 2 === 0)
    for (const token of batch) state.watched.get(token)?.()
  } while (count === BATCH)
}

function count(change: 1 | -1): void {
  state.keepingAlive += change
  if (state.keepingAlive === (change === 1 ? 1 : 0)) native.exit_watch_ref(state.keepingAlive)
}

/**
 * Calls back on each phase of a pidfd: it became readable (exited), it hung up (reaped, 6.9). Also for a phase that is
 * past already.
 * @internal
 */
export function watchPidfd(fd: number, pid: number, onChange: () => void): Watch {
  if (!state.opened) {
    const result = native.exit_watch_open(drain, loopKind() === 'uv' ? 1 : 0)
    if (result < 0) throw systemError('epoll_create1', result, { pid })
    state.opened = true
  }
  // A token and not the fd: the number of a closed fd may be somebody else's while its last event is on the way.
  do state.lastToken = (state.lastToken + 1) | 0
  while (state.watched.has(state.lastToken))
  const token = state.lastToken
  const added = native.exit_watch_add(fd, token)
  if (added < 0) throw systemError('epoll_ctl', added, { pid })
  state.watched.set(token, onChange)
  let alive = false
  return {
    stop() {
      if (!state.watched.delete(token)) return
      native.exit_watch_remove(fd)
      this.keepAlive(false)
    },
    keepAlive(on) {
      if (on === alive) return
      alive = on
      count(on ? 1 : -1)
    },
  }
}
