/** A handle on one process: the number may be given away again, the handle never means somebody else. */
import type { InspectOptions } from 'node:util'
import { int32, queuedValue } from './arguments.js'
import { errno, errnoCode, isTaken, noSuchProcess, systemError, type ErrnoCode } from './errors.js'
import { childWaitOptions, waitForChild, type ChildWaitOptions } from './child-wait.js'
import type { Exit } from './exit-status.js'
import { ExitWaiters } from './exit-waiters.js'
import type { Link, ProcessState, Scope } from './link.js'
import { native, supported } from './native.js'
import { closedHandle, invalidType, invalidValue, unavailable } from './node-errors.js'
import { openLink } from './open-link.js'
import { Hold } from './pending-waits.js'
import { PidfdLink } from './pidfd-link.js'
import { processInfo, type ProcessInfo } from './process-info.js'
import { ProcessRef } from './process-ref.js'
import { peek } from './read-exit.js'
import { sendableNumber, type Signal } from './signals.js'
import { KINSHIP, kinshipOf, LINK, PIDFD_BRAND, type Kinship, type Target } from './target.js'
import type { WaitOptions } from './wait-options.js'
import type { WaitStatus } from './wait-status.js'

/** What sending through a handle needs, by its scope, where the errno alone says too little. */
const SENDING = {
  process: { feature: 'pidfd_send_signal', since: '5.1' },
  thread: { feature: 'PIDFD_SIGNAL_THREAD', since: '6.9' },
  group: { feature: 'PIDFD_SIGNAL_PROCESS_GROUP', since: '6.9' },
} as const

const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/** How a signal is sent through a handle. */
export interface SendOptions {
  /** Default: what the handle is on, `process` or `thread`. `group` is the process group that the process leads. */
  scope?: Scope | undefined
  /** `si_value` of the receiver: -2^63 to 2^64-1. Makes it a queued signal (SI_QUEUE). */
  value?: number | bigint | undefined
}

// The held value must not reach the PidFd, or it would never be collected.
const forgotten = new FinalizationRegistry<ExitWaiters>((waiters) => {
  waiters.abandon()
})

/**
 * A handle on one process. Sending through it can never reach another process that got the number: it fails with
 * NoSuchProcessError instead.
 *
 * Close it when done (`using`, or `close()`); a forgotten one is closed when it is collected.
 *
 * @example
 * using server = PidFd.open(spawn('server')) // in the turn that spawned it: no race at all
 * server.send('SIGTERM')
 * const { code, signal } = await server.exited({ timeout: 5000 })
 */
export class PidFd {
  readonly #link: Link
  readonly #waiters: ExitWaiters
  readonly #kinship: Kinship
  /** Ends the waits of {@link wait} with the handle. */
  #closing: AbortController | undefined
  readonly #hold = new Hold()

  private constructor(link: Link, kinship: Kinship) {
    this.#link = link
    this.#kinship = kinship.wasChild ? kinship : { ...kinship, wasChild: peek(link).child }
    this.#waiters = new ExitWaiters(link, this.#kinship)
    forgotten.register(this, this.#waiters, this)
  }

  /**
   * `pidfd_open(pid, flags)`: a handle on a process that is there now; a zombie is.
   *
   * A ChildProcess opened in the turn that spawned it, a ProcessRef and a PidFd (which is duplicated) are race-free. A
   * bare number is whoever has it now: how it was come by is the caller's.
   *
   * @param target a pid, a ChildProcess, a ProcessRef, a PidFd
   * @param options `thread: true` takes the number for a thread id, also one that leads no process (6.9)
   * @throws NoSuchProcessError ESRCH. `reused`: the number is somebody else's now. `reaped`: it was ours and is gone.
   *   A thread id without `thread`: the message names its process.
   * @throws ResourceLimitError EMFILE, ENFILE: the message has the limit
   * @throws UnsupportedError PIDFD_THREAD below 6.9
   * @throws TypeError, RangeError for a bad target; code `ERR_PIDFD_CLOSED` for a closed PidFd
   *
   * Linux 5.3. Below it, or where a sandbox forbids it, number and start time are compared before every signal, and
   * `raceFree` is false. Source: `man 2 pidfd_open`.
   *
   * @example
   * const handle = PidFd.open(4242)
   */
  static open(target: Target, options: { thread?: boolean | undefined } = {}): PidFd {
    if (typeof options !== 'object' || (options as unknown) === null) {
      throw invalidType('options', 'an object { thread }', options)
    }
    const { thread = false } = options
    if (typeof thread !== 'boolean') throw invalidType('options.thread', 'a boolean', thread)
    return new PidFd(openLink(target, thread, PidFd.open), kinshipOf(target))
  }

  /**
   * Takes over a pidfd that came from elsewhere (SCM_RIGHTS, an inherited descriptor): from now on it is closed by this
   * handle, and close-on-exec.
   *
   * Its `pid` is NaN when the process is gone, or has no number in this pid namespace.
   *
   * @param fd a pidfd
   * @throws SignalError EBADF: no open descriptor, or not a pidfd. A directory of /proc is none either.
   * @throws TypeError, RangeError for a bad number
   *
   * Linux 5.3. Source: `man 2 pidfd_open`, `man 5 proc_pid_fdinfo`.
   *
   * @example
   * const handle = PidFd.fromFd(3)
   */
  static fromFd(fd: number): PidFd {
    const descriptor = int32(fd, 'fd')
    if (!supported) throw unavailable('PidFd.fromFd')
    const link = PidfdLink.received(descriptor, PidFd.fromFd)
    return new PidFd(link, kinshipOf(link.pid))
  }

  /** Its number. Kept after the end, when it may be somebody else's. */
  get pid(): number {
    return this.#link.pid
  }

  /** The descriptor; -1 after close, and where this kernel gives none. */
  get fd(): number {
    return this.#link.fd
  }

  /** Whether sending through this handle cannot miss: true with pidfds. */
  get raceFree(): boolean {
    return this.#link.raceFree
  }

  get closed(): boolean {
    return this.#link.closed
  }

  /** The reference to write down. Throws NoSuchProcessError below 6.9 when the process is gone. */
  get identity(): ProcessRef {
    this.#mustBeOpen()
    const { pid } = this.#link
    if (Number.isNaN(pid)) {
      // It has no number that could be written down.
      if (this.#link.state() === 'gone') throw noSuchProcess(pid, {})
      throw systemError('pidfd_open', -errno.EREMOTE, { fd: this.#link.fd })
    }
    return ProcessRef.from({ pid, identity: this.#link.identity() })
  }

  /** What it is on, with the `identity` while it is open: as a target, that is this process. */
  toJSON(): { pid: number; fd: number; raceFree: boolean; closed: boolean; identity?: ProcessRef } {
    const { pid, fd, raceFree, closed } = this
    const gone = closed || Number.isNaN(pid) || this.#link.state() === 'gone'
    return { pid, fd, raceFree, closed, ...(!gone && { identity: this.identity }) }
  }

  /** @internal */
  [INSPECT](
    depth: number,
    options: InspectOptions,
    inspect: (value: unknown, options: unknown) => string,
  ): string {
    if (depth < 0) return '[PidFd]'
    const { pid, fd, raceFree, closed } = this
    return `PidFd ${inspect({ pid, fd, raceFree, closed }, options)}`
  }

  /** @internal */
  get [LINK](): Link {
    return this.#link
  }

  /** @internal */
  get [KINSHIP](): Kinship {
    return this.#kinship
  }

  #mustBeOpen(): void {
    if (this.#link.closed) throw closedHandle()
  }

  /**
   * `pidfd_send_signal(pidfd, sig, info, flags)`: sends a signal to this process and to no other.
   *
   * @param signal a name or a number; 0 only checks
   * @param options `scope`: `process`, `thread` (one thread; 6.9), or `group`: every member of the process group that it
   *   leads, also when the leader was reaped while members live (6.9; below that killpg while the leader is there).
   *   `value` makes it a queued signal.
   * @throws NoSuchProcessError ESRCH: gone. `reused` when the number is somebody else's now, who got nothing.
   * @throws PermissionDeniedError EPERM
   * @throws ResourceLimitError EAGAIN: queued real-time signals, the receiver's queue is full
   * @throws UnsupportedError a scope that this kernel lacks
   * @throws TypeError `ERR_INVALID_ARG_VALUE`: group scope on a process that leads no group; `ERR_INVALID_ARG_TYPE`,
   *   `ERR_UNKNOWN_SIGNAL`, `ERR_SIGNAL_RESERVED`; RangeError; code `ERR_PIDFD_CLOSED`
   *
   * Linux 5.1. Source: `man 2 pidfd_send_signal`.
   *
   * @example
   * handle.send('SIGTERM', { scope: 'group' })
   */
  send(signal: Signal, options?: SendOptions): void {
    const number = sendableNumber(signal)
    const result = this.#send(number, options)
    if (result < 0) throw this.#sendError(result, number, options?.scope)
  }

  /**
   * As {@link send}, without an exception for what the kernel answers.
   *
   * @returns undefined when the signal was accepted, else the errno's name
   * @throws TypeError, RangeError, `ERR_PIDFD_CLOSED` only
   *
   * @example
   * if (handle.trySend('SIGTERM') === 'ESRCH') console.log('gone already')
   */
  trySend(signal: Signal, options?: SendOptions): ErrnoCode | undefined {
    const result = this.#send(sendableNumber(signal), options)
    return result < 0 ? errnoCode(result) : undefined
  }

  #send(number: number, options: SendOptions | undefined): number {
    const link = this.#link
    if (link.closed) throw closedHandle()
    if (options === undefined) return link.send(number, link.thread ? 'thread' : 'process', undefined)
    if (typeof options !== 'object' || (options as unknown) === null) {
      throw invalidType('options', 'an object { scope, value }', options)
    }
    const { scope = link.thread ? 'thread' : 'process', value } = options
    if (scope !== 'process' && scope !== 'thread' && scope !== 'group') {
      throw invalidValue('options.scope', scope, "it must be 'process', 'thread' or 'group'")
    }
    const queued = value === undefined ? undefined : queuedValue(value, 'options.value')
    // The kernel would reach the group that has its number, and has one errno for an empty group and for none.
    if (scope === 'group' && this.#leadsNoGroup()) {
      throw invalidValue('options.scope', scope, `process ${link.pid} does not lead its process group`)
    }
    return link.send(number, scope, queued)
  }

  /** It lives, and leads none, or no longer. */
  #leadsNoGroup(): boolean {
    const { pid } = this.#link
    if (Number.isNaN(pid)) return false // it has no number here: the kernel's word stands
    return native.getpgid(pid) !== pid && this.#link.state() !== 'gone'
  }

  #sendError(result: number, signal: number, asked: Scope | undefined): Error {
    const { pid, sendSyscall } = this.#link
    if (result === -errno.EOPNOTSUPP) {
      const feature = SENDING[asked ?? (this.#link.thread ? 'thread' : 'process')]
      return systemError(sendSyscall, result, { pid, signal, feature }, this.send)
    }
    if (result !== -errno.ESRCH) return systemError(sendSyscall, result, { pid, signal }, this.send)
    const facts = { reused: isTaken(pid), reaped: this.#kinship.wasChild }
    return systemError(sendSyscall, result, { pid, signal, facts }, this.send)
  }

  /**
   * Whether it lives, has ended and waits for its parent (`zombie`), or is `gone`. Needs no permission. A process whose
   * main thread has ended while others run is alive.
   *
   * @throws code `ERR_PIDFD_CLOSED`
   *
   * Linux 5.3. Source: `man 2 pidfd_open`.
   *
   * @example
   * if (handle.state() === 'zombie') console.log('its parent does not reap it')
   */
  state(): ProcessState {
    this.#mustBeOpen()
    return this.#link.state()
  }

  /**
   * `ioctl(pidfd, PIDFD_GET_INFO)`: ids and credentials, of this process and no other. A zombie still has them.
   *
   * @throws NoSuchProcessError ESRCH: gone
   * @throws SignalError EREMOTE: it lives in a pid namespace that is not below ours; code `ERR_PIDFD_CLOSED`
   *
   * Linux 6.13; below that /proc/PID/status, verified against the handle. Source: `man 2 ioctl_pidfd`.
   *
   * @example
   * const { ppid, euid } = handle.info()
   */
  info(): ProcessInfo {
    this.#mustBeOpen()
    return processInfo(this.#link, this.#kinship.wasChild, this.info)
  }

  /**
   * Resolves when the process has exited, child or not: at once when it is a zombie already.
   *
   * How it ended comes with it where somebody may say so; else `known` is false and {@link status} knows more, later.
   *
   * @param options `timeout` in ms (0 asks once), `signal` to stop waiting. Neither touches the process.
   * @throws WaitTimeoutError (rejects), the AbortSignal's reason, code `ERR_PIDFD_CLOSED` when closed meanwhile
   * @throws TypeError `ERR_INVALID_ARG_VALUE` on a handle on a thread
   *
   * Linux 5.3; below that an own ChildProcess by its 'exit' event, others looked at once a second. Source:
   * `man 2 pidfd_open`.
   *
   * @example
   * const { code, signal } = await PidFd.open(pid).exited()
   */
  exited(options?: WaitOptions): Promise<Exit> {
    return this.#waiters.wait('exited', options)
  }

  /**
   * Resolves when it is known for sure how the process ended: for a child when it exits, for a foreign process at the
   * latest when its parent has reaped it.
   *
   * @param options as in {@link exited}
   * @throws UnsupportedError (rejects, at once) for a foreign process below 6.15
   * @throws NoChildError (rejects) ECHILD, `reapedElsewhere`: it was a child, and who took its status did not tell
   * @throws WaitTimeoutError, the AbortSignal's reason, code `ERR_PIDFD_CLOSED`, as {@link exited}
   *
   * Linux 6.15 for foreign processes. Source: `man 2 ioctl_pidfd`.
   *
   * @example
   * const { code } = await PidFd.open(daemonPid).status()
   */
  status(options?: WaitOptions): Promise<Exit> {
    return this.#waiters.wait('status', options)
  }

  /**
   * {@link wait} through this handle: for an own child, with its stops on request and what it used. A child of
   * child_process is only looked at; any other own child is reaped, unless `reap: false`.
   *
   * @param options as in {@link wait}
   * @throws as {@link wait}, all rejecting; code `ERR_PIDFD_CLOSED` when closed meanwhile; TypeError
   *   `ERR_INVALID_ARG_VALUE` on a handle on a thread
   *
   * Linux 5.3. Source: `man 2 waitid`.
   *
   * @example
   * const { event, signal } = await handle.wait({ stopped: true })
   */
  async wait(options?: ChildWaitOptions): Promise<WaitStatus> {
    const checked = childWaitOptions(options)
    this.#mustBeOpen()
    if (this.#link.thread) {
      throw invalidValue(
        'this',
        this.#link.pid,
        'a handle on a thread says nothing about the end of the process',
      )
    }
    this.#closing ??= new AbortController()
    const closing = this.#closing.signal
    const signal = checked.signal === undefined ? closing : AbortSignal.any([checked.signal, closing])
    // A hold of its own, so that a forgotten handle does not end the wait.
    const link = this.#link.dup()
    try {
      return await waitForChild(link, this.#kinship, { ...checked, signal }, this.#hold, this.wait)
    } finally {
      link.close()
    }
  }

  /** Closes the descriptor, once; pending waits reject with `ERR_PIDFD_CLOSED`. The process is not touched. */
  close(): void {
    if (this.#link.closed) return
    forgotten.unregister(this)
    this.#closing?.abort(closedHandle())
    this.#waiters.close()
  }

  /** {@link close}. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** Pending waits keep the event loop alive: the default. */
  ref(): this {
    this.#hold.set(true)
    this.#waiters.keepAlive(true)
    return this
  }

  /** Pending waits do not keep the event loop alive. */
  unref(): this {
    this.#hold.set(false)
    this.#waiters.keepAlive(false)
    return this
  }
}

Object.defineProperty(PidFd.prototype, PIDFD_BRAND, { value: true })
