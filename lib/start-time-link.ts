/**
 * A hold on a process where the kernel or a sandbox gives no pidfd: its number and its start time, compared before
 * every signal. Between the comparison and the signal the number can still change hands: `raceFree` is false.
 *
 * Nothing here can wake us when it ends, so a wait looks, every 50 ms at first and every second later; the exit of an
 * own ChildProcess comes as Node's 'exit' event at once (exit-waiters.ts).
 */
import { errno, systemError } from './errors.js'
import type { Identity } from './identity.js'
import type { Link, ProcessState, Scope, Watch } from './link.js'
import { native } from './native.js'
import { isOver, procStat } from './proc-stat.js'

const FIRST_LOOK_MS = 50
const LONGEST_PAUSE_MS = 1000

/** @internal */
export class StartTimeLink implements Link {
  readonly fd = -1
  readonly raceFree = false
  readonly thread = false
  readonly sendSyscall = 'kill'
  #closed = false

  readonly #startTicks: number

  constructor(
    readonly pid: number,
    startTicks: number,
  ) {
    this.#startTicks = startTicks
  }

  get closed(): boolean {
    return this.#closed
  }

  #isStillThere(): boolean {
    return procStat(this.pid)?.startTicks === this.#startTicks
  }

  send(signal: number, scope: Scope, value: number | bigint | undefined): number {
    if (!this.#isStillThere()) return -errno.ESRCH
    if (scope === 'group') {
      if (native.getpgid(this.pid) !== this.pid) return -errno.ESRCH
      if (this.pid === 1 || value !== undefined) return -errno.EOPNOTSUPP
      return native.killpg(this.pid, signal)
    }
    if (scope === 'thread') {
      return value === undefined
        ? native.tgkill(this.pid, this.pid, signal)
        : native.rt_tgsigqueueinfo(this.pid, this.pid, signal, native.constants['SI_QUEUE'] ?? -1, value)
    }
    return value === undefined ? native.kill(this.pid, signal) : native.sigqueue(this.pid, signal, value)
  }

  state(): ProcessState {
    const stat = procStat(this.pid)
    if (stat?.startTicks !== this.#startTicks) return 'gone'
    return isOver(stat) ? 'zombie' : 'alive'
  }

  identity(): Identity {
    return { kind: 'ticks', value: BigInt(this.#startTicks) }
  }

  startTicks(): number {
    return this.#startTicks
  }

  watch(onChange: () => void): Watch {
    let pause = FIRST_LOOK_MS
    let alive = false
    let timer: NodeJS.Timeout
    const look = (): void => {
      pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)
      timer = setTimeout(look, pause)
      if (!alive) timer.unref()
      try {
        if (this.state() !== 'alive') onChange()
      } catch {
        // Could not look (EMFILE): the next time, perhaps.
      }
    }
    // At once as well: the process may be over already.
    timer = setTimeout(look, 0)
    return {
      stop: () => {
        clearTimeout(timer)
      },
      keepAlive: (on) => {
        alive = on
        if (on) timer.ref()
        else timer.unref()
      },
    }
  }

  dup(): StartTimeLink {
    return new StartTimeLink(this.pid, this.#startTicks)
  }

  close(): void {
    this.#closed = true
  }
}

/**
 * Opens by number: the caller has found out that there are no pidfds.
 * @internal
 */
export function openByStartTime(pid: number, caller: (...args: never[]) => unknown): StartTimeLink {
  const stat = procStat(pid)
  if (stat === undefined) {
    const exists = native.kill(pid, 0) !== -errno.ESRCH
    if (exists)
      throw systemError('open', -errno.EACCES, { pid, note: `/proc/${pid}/stat is hidden from us` }, caller)
    throw systemError('pidfd_open', -errno.ESRCH, { pid }, caller)
  }
  return new StartTimeLink(pid, stat.startTicks)
}
