/** Which children of ours are whose: this thread's, libuv's, or nobody's that we know. */
import { errno, unsupported } from './errors.js'
import { native } from './native.js'

let buffer = new Int32Array(256)

/** Asks for a list of pids until it fits. */
function listOf(read: (out: Int32Array, capacity: number) => number): Set<number> | number {
  for (;;) {
    const count = read(buffer, buffer.length)
    if (count < 0) return count
    if (count <= buffer.length) return new Set(buffer.subarray(0, count))
    buffer = new Int32Array(2 * count)
  }
}

/**
 * The children that this thread forked, and for the main thread those that were adopted; undefined where the kernel
 * does not list them (CONFIG_PROC_CHILDREN).
 * @internal
 */
export function childrenOfThisThread(): Set<number> | undefined {
  const children = listOf((out, capacity) => native.own_children(out, capacity))
  return typeof children === 'number' ? undefined : children
}

/**
 * The children that this thread's libuv will reap; undefined in a host without libuv.
 * @internal
 */
export function childrenOfLibuv(): Set<number> | undefined {
  const processes = listOf((out, capacity) => native.loop_processes(out, capacity))
  return typeof processes === 'number' ? undefined : processes
}

/**
 * The children of this thread that libuv will not reap. Throws where they cannot be told apart.
 * @internal
 */
export function unownedChildren(caller: (...args: never[]) => unknown): number[] {
  const children = childrenOfThisThread()
  if (children === undefined) {
    throw unsupported(
      'open',
      '/proc/PID/task/TID/children (CONFIG_PROC_CHILDREN)',
      '3.5',
      process.pid,
      caller,
    )
  }
  const libuvs = childrenOfLibuv()
  if (libuvs === undefined) {
    throw unsupported('uv_walk', 'telling children apart', undefined, process.pid, caller)
  }
  return [...children].filter((pid) => !libuvs.has(pid))
}

/** Of SIGCHLD in this thread's loop: who wants to be told. */
const listeners = new Set<() => void>()
let opened = false

/**
 * Calls back whenever SIGCHLD came, through libuv, which child_process listens to as well.
 * @internal
 */
export function onChildSignal(
  listener: () => void,
  caller: (...args: never[]) => unknown,
): { stop(): void; keepAlive(on: boolean): void } {
  if (!opened) {
    const result = native.child_signal_open(() => {
      for (const each of [...listeners]) each()
    })
    if (result === -errno.ENOSYS) {
      throw unsupported('uv_signal_start', 'SIGCHLD through libuv', undefined, process.pid, caller)
    }
    opened = true
  }
  const entry = (): void => {
    listener()
  }
  listeners.add(entry)
  let alive = false
  const apply = (): void => {
    native.child_signal_set(listeners.size > 0 ? 1 : 0, keepingAlive > 0 ? 1 : 0)
  }
  apply()
  const keepAlive = (on: boolean): void => {
    if (on === alive) return
    alive = on
    keepingAlive += on ? 1 : -1
    apply()
  }
  return {
    keepAlive,
    stop() {
      if (!listeners.delete(entry)) return
      keepAlive(false)
      apply()
    },
  }
}

let keepingAlive = 0
