/** One process of a termination: the handle on it, what was sent to it, and what became of it. */
import { readFileSync } from 'node:fs'
import { errno, systemError } from './errors.js'
import type { Exit } from './exit-status.js'
import { ExitWaiters } from './exit-waiters.js'
import { KERNEL, kernelHas } from './features.js'
import type { Link, Watch } from './link.js'
import { native } from './native.js'
import { isOver, procStat, procStatComm, type ProcStat } from './proc-stat.js'
import { readExit } from './read-exit.js'
import { nameIfAny, type SignalName } from './signals.js'
import type { Kinship } from './target.js'
import type { Stuck, TerminatedProcess } from './termination-report.js'

const { SIGCONT = 18, SIGSTOP = 19 } = native.constants

/** EINVAL and EREMOTE: it lives in a pid namespace that is not below ours, where no signal of ours gets. */
const DENIALS = [errno.EPERM, errno.EACCES, errno.EINVAL, errno.EREMOTE].map((number) => -number)
const isDenial = (result: number): boolean => DENIALS.includes(result)

/** Of one thread or of a process of one: it does not run, and so cannot fork. */
const isStill = (state: string): boolean => 'TtZX'.includes(state)

let threadStates = new Uint8Array(1024)

function seenThrough(link: Link): ReturnType<typeof procStatComm> {
  const seen = procStatComm(link.pid)
  return link.state() === 'gone' ? undefined : seen
}

/** @internal */
export class Member {
  readonly pid: number
  readonly comm: string | null
  readonly link: Link
  readonly #kinship: Kinship
  /** The last signal meant to end it; 0 for none. */
  by = 0
  /** Nothing more is to be expected: it has ended, or was never there. */
  over = false
  /** It had ended before anything was sent. */
  wasGone = false
  denied = false
  /** Stopped by us, and not woken. */
  frozen = false
  /** Seen to be stopped, in this freeze. */
  settled = false
  watched = false
  #exit: Exit | null = null
  tookMs = 0
  #zombieAtFirst = false
  /** The session and group that it was last seen in. */
  sid = 0
  pgid = 0

  #watch: Watch | undefined
  #waiters: ExitWaiters | undefined

  /** @param seen what /proc says of it, read when the link was open, and it was there afterwards */
  constructor(link: Link, kinship: Kinship, seen = seenThrough(link)) {
    this.pid = link.pid
    this.link = link
    this.#kinship = kinship
    this.comm = seen?.comm ?? null
    this.sid = seen?.sid ?? 0
    this.pgid = seen?.pgid ?? 0
  }

  /** How it looks now; undefined when it is gone or hidden. */
  stat(): ProcStat | undefined {
    const stat = procStat(this.pid)
    if (stat === undefined || this.link.state() === 'gone') return undefined
    this.sid = stat.sid
    this.pgid = stat.pgid
    return stat
  }

  get alive(): boolean {
    return !this.over && !this.denied
  }

  /** Whether it ended before anything was sent; if so, that is its row. */
  endedAlready(): boolean {
    const state = this.link.state()
    if (state === 'alive') return false
    this.#zombieAtFirst = state === 'zombie'
    this.wasGone = true
    this.over = true
    this.#exit = readExit(this.link, state, this.#kinship.child) ?? null
    return true
  }

  /** 0, or -errno. */
  send(signal: number): number {
    const result = this.link.send(signal, 'process', undefined)
    this.denied = isDenial(result)
    if (result === 0) this.by = signal
    return result
  }

  /**
   * The signal has gone to all of its group: has it got it as well? As {@link send}.
   *
   * @param certain nobody can have been left out, whatever this user may do
   */
  sentWithAll(signal: number, certain: boolean): number {
    this.denied = !certain && isDenial(this.link.send(0, 'process', undefined))
    if (!this.denied) this.by = signal // also when it has ended by it, and been reaped
    return 0
  }

  /** Whether it has been seen to be stopped, all of it. */
  isStopped(): boolean {
    this.settled ||= this.#isStoppedNow()
    return this.settled
  }

  #isStoppedNow(): boolean {
    const stat = this.stat()
    if (stat === undefined) return this.link.state() === 'gone'
    if (stat.threads <= 1) return isStill(stat.state)
    return this.#threadStates().every(isStill)
  }

  /** Of all its threads; empty when it is gone. */
  #threadStates(): string[] {
    const count = native.proc_thread_states(this.pid, threadStates, threadStates.length)
    if (count > threadStates.length) {
      threadStates = new Uint8Array(2 * count)
      return this.#threadStates()
    }
    if (count < 0 && this.link.state() !== 'gone') throw systemError('open', count, { pid: this.pid })
    return [...threadStates.subarray(0, Math.max(count, 0))].map((state) => String.fromCharCode(state))
  }

  /** Whether somebody has stopped it. The main thread shows Z when it has ended before the others. */
  isStoppedBy(stat: ProcStat | undefined): boolean {
    if (stat === undefined) return false
    if (stat.state !== 'Z' || stat.threads <= 1) return stat.state === 'T'
    return this.#threadStates().includes('T')
  }

  /** Stops it, unless it is stopped. Whether it was sent. */
  freeze(stat: ProcStat | undefined): boolean {
    if (this.frozen || this.isStoppedBy(stat)) return false
    this.#wakeAtEnd(true) // first: a Worker can be terminated between any two lines
    const result = this.link.send(SIGSTOP, 'process', undefined)
    this.denied = isDenial(result)
    this.frozen = result === 0
    if (!this.frozen) this.#wakeAtEnd(false)
    return this.frozen
  }

  /** Somebody else may have woken it. */
  stopAgain(): void {
    if (this.frozen) this.link.send(SIGSTOP, 'process', undefined)
  }

  /** Where signals go through the pidfd: natively, when a Worker ends that runs no JavaScript any more. */
  #wakeAtEnd(on: boolean): void {
    if (this.link.raceFree) native.wake_at_end(this.link.fd, on ? 1 : 0)
  }

  /** It is awake, or will be. */
  thaw(): void {
    if (this.frozen) this.#wakeAtEnd(false)
    this.frozen = false
    this.settled = false
  }

  /** Wakes it. Never throws: it is what cleans up. Whether it was sent. */
  wake(): boolean {
    try {
      return this.link.send(SIGCONT, 'process', undefined) === 0
    } catch {
      // No descriptor left to compare its start time with. Nobody but us wakes it, and SIGCONT does no harm.
      return native.kill(this.pid, SIGCONT) === 0
    } finally {
      this.thaw()
    }
  }

  get lastSignal(): SignalName | null {
    return nameIfAny(this.by) ?? null
  }

  row(): TerminatedProcess {
    const { pid, comm, tookMs } = this
    const by = this.lastSignal
    if (this.denied) return { pid, comm, outcome: 'denied', by, exit: null, tookMs }
    if (!this.over) return { pid, comm, outcome: 'survived', by, exit: null, tookMs, ...this.#stuck() }
    const exit = this.#finalExit()
    if (this.wasGone) {
      const stuck = this.#zombieAtFirst ? { stuck: 'zombie' as const } : undefined
      return { pid, comm, outcome: 'already-gone', by, exit, tookMs, ...stuck }
    }
    const outcome = exit?.known !== true ? 'ended' : exit.signal === null ? 'exited' : 'killed'
    return { pid, comm, outcome, by, exit, tookMs }
  }

  /** Calls back once, when it has ended; `fail` when that cannot be told any more. */
  whenOver(callback: () => void, fail: (error: unknown) => void): void {
    this.watched = true
    // How it ended can be asked afterwards (6.15), of many at the price of few.
    if (this.link.fd !== -1 && kernelHas(KERNEL.exitInfo)) {
      this.#watch = this.link.watch((known) => {
        if (this.over || (known ?? this.link.state()) === 'alive') return
        this.over = true
        callback()
      })
      this.#watch.keepAlive(true)
      return
    }
    this.#waiters = new ExitWaiters(this.link, this.#kinship)
    this.#waiters.wait('exited', undefined).then((exit) => {
      this.#exit = exit
      this.over = true
      callback()
    }, fail)
  }

  /** What could not be told of the zombie can be told once it is reaped (6.15). */
  #finalExit(): Exit | null {
    if (this.#exit?.known === true) return this.#exit
    return readExit(this.link, this.link.state(), this.#kinship.child) ?? this.#exit
  }

  #stuck(): { stuck?: Stuck } {
    const stat = this.stat()
    if (stat === undefined || isOver(stat)) return {}
    if (stat.state === 'D') return { stuck: 'uninterruptible' }
    let status = ''
    try {
      status = readFileSync(`/proc/${this.pid}/status`, 'latin1')
    } catch {
      // Hidden, or gone meanwhile: then there is nothing to add.
    }
    if (stat.state === 't' || /^TracerPid:\t[1-9]/m.test(status)) return { stuck: 'traced' }
    // The innermost of its numbers, of which there is one per nested namespace.
    return /^NSpid:\t(?:\d+\t)+1$/m.test(status) ? { stuck: 'init-immune' } : {}
  }

  close(): void {
    this.#watch?.stop()
    this.#waiters?.close()
    this.link.close()
  }
}
