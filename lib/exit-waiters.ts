/**
 * Everybody who waits for the end of one process, over one link.
 *
 * Two questions: has it ended (`exited`), and how did it end, for sure (`status`). One change of the process can answer
 * both, one or none. The link is watched only while somebody waits.
 */
import { errno, systemError, unsupported, waitTimeout } from './errors.js'
import { unknownExit, type Exit } from './exit-status.js'
import { KERNEL, kernelHas } from './features.js'
import type { Link, ProcessState, Watch } from './link.js'
import { closedHandle, invalidValue } from './node-errors.js'
import { peek, readExit } from './read-exit.js'
import { abortListeners, childExitListeners } from './shared-listeners.js'
import type { Kinship } from './target.js'
import { LONGEST_TIMER_MS, waitLimits, type WaitOptions } from './wait-options.js'

type Question = 'exited' | 'status'

/** One wait. A class, and no closures: there may be thousands. */
class Waiter {
  readonly question: Question
  readonly #waiters: ExitWaiters
  readonly #resolve: (exit: Exit) => void
  readonly #reject: (error: unknown) => void
  readonly #signal: AbortSignal | undefined
  timer: NodeJS.Timeout | undefined

  constructor(
    waiters: ExitWaiters,
    question: Question,
    signal: AbortSignal | undefined,
    resolve: (exit: Exit) => void,
    reject: (error: unknown) => void,
  ) {
    this.#waiters = waiters
    this.question = question
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    if (signal !== undefined) abortListeners.add(signal, this)
  }

  /** The AbortSignal's event. */
  handleEvent(): void {
    this.fail(this.#signal?.reason)
  }

  settle(exit: Exit): void {
    this.#end()
    this.#resolve(exit)
  }

  fail(error: unknown): void {
    this.#end()
    this.#reject(error)
  }

  #end(): void {
    clearTimeout(this.timer)
    if (this.#signal !== undefined) abortListeners.remove(this.#signal, this)
    this.#waiters.remove(this)
  }
}

/** @internal */
export class ExitWaiters {
  readonly #link: Link
  readonly #kinship: Kinship
  readonly #waiters = new Set<Waiter>()
  #watch: Watch | undefined
  #keepAlive = true
  #known: Exit | undefined
  /** It is gone, and Node has had the time to say what libuv told it. */
  #nodeHadItsTurn = false
  /** The handle was forgotten: close when the last waiter has its answer. */
  #closeWhenIdle = false

  constructor(link: Link, kinship: Kinship) {
    this.#link = link
    this.#kinship = kinship
  }

  async wait(question: Question, options: WaitOptions | undefined): Promise<Exit> {
    const { timeout, signal } = waitLimits(options)
    if (this.#link.closed) throw closedHandle()
    if (this.#link.thread) {
      const reason = 'a handle on a thread says nothing about the end of the process'
      throw invalidValue('this', this.#link.pid, reason)
    }
    signal?.throwIfAborted()
    const state = this.#link.state()
    const answer = this.#answer(question, state)
    if (answer !== undefined) return answer
    // It has ended, and how would come with Node's 'exit', a turn later at most.
    if (timeout === 0 && question === 'exited' && state === 'gone') return unknownExit(this.#link.pid)
    if (question === 'status') this.#refuseUnknowable()
    if (timeout === 0) throw waitTimeout(this.#link.pid, timeout)
    return new Promise((resolve, reject) => {
      this.#add(new Waiter(this, question, signal, resolve, reject), timeout)
    })
  }

  /** The answer, if there is one now. Throws where there will never be one. */
  #answer(question: Question, state: ProcessState): Exit | undefined {
    if (this.#known !== undefined) return this.#known
    let exit = readExit(this.#link, state, this.#kinship.child)
    // libuv tells Node of all the children that it reaped before it does anything else. What Node does not know a turn
    // later it never will: somebody else took the status.
    if (exit === undefined && state === 'gone' && this.#nodeHadItsTurn) exit = unknownExit(this.#link.pid)
    if (exit?.known === true) this.#known = exit
    if (exit === undefined || question === 'exited' || exit.known) return exit
    if (state !== 'gone') return undefined
    // Node's own 0, which proves nothing, is still the last word there is.
    if (exit.source === 'child_process') return exit
    if (!this.#kinship.wasChild) throw this.#unknowable()
    throw systemError('waitid', -errno.ECHILD, {
      pid: this.#link.pid,
      facts: { reapedElsewhere: true },
      note: 'somebody else took its status',
    })
  }

  #unknowable(): Error {
    const { pid, fd } = this.#link
    // It lives in a pid namespace that is not below ours: the kernel tells us nothing of it.
    if (Number.isNaN(pid)) return systemError('ioctl', -errno.EREMOTE, { fd })
    return unsupported('ioctl', 'the exit status of a foreign process', '6.15', pid)
  }

  /** A foreign process's status comes only from the pidfd, after its parent has reaped it. */
  #refuseUnknowable(): void {
    if (kernelHas(KERNEL.exitInfo) && this.#link.fd !== -1) return
    if (this.#kinship.child !== undefined || peek(this.#link).child) return
    throw this.#unknowable()
  }

  #add(waiter: Waiter, timeout: number): void {
    this.#waiters.add(waiter)
    if (timeout <= LONGEST_TIMER_MS) {
      waiter.timer = setTimeout(() => {
        waiter.fail(waitTimeout(this.#link.pid, timeout))
      }, timeout)
      if (!this.#keepAlive) waiter.timer.unref()
    }
    try {
      this.#startWatching()
    } catch (error) {
      waiter.fail(error)
    }
  }

  remove(waiter: Waiter): void {
    if (this.#waiters.delete(waiter) && this.#waiters.size === 0) this.#stopWatching()
  }

  #giveNodeItsTurn(): void {
    setImmediate(() => {
      this.#nodeHadItsTurn = true
      this.#onChange()
    })
  }

  readonly #onChange = (known?: ProcessState): void => {
    if (this.#waiters.size === 0) return
    const state = known ?? this.#link.state()
    for (const question of ['exited', 'status'] as const) {
      const asking = [...this.#waiters].filter((waiter) => waiter.question === question)
      if (asking.length === 0) continue
      try {
        const answer = this.#answer(question, state)
        if (answer !== undefined) for (const waiter of asking) waiter.settle(answer)
      } catch (error) {
        for (const waiter of asking) waiter.fail(error)
      }
    }
    if (state === 'gone' && this.#waiters.size > 0 && !this.#nodeHadItsTurn) this.#giveNodeItsTurn()
  }

  /** Node's 'exit' event. */
  handleEvent(): void {
    this.#onChange()
  }

  #startWatching(): void {
    if (this.#watch !== undefined) return
    const { child } = this.#kinship
    this.#watch = this.#link.watch(this.#onChange)
    this.#watch.keepAlive(this.#keepAlive)
    // libuv may take the status before we look; Node's own event then says that its word is there. And where there is
    // no pidfd it is what wakes us.
    if (child !== undefined) childExitListeners.add(child, this)
  }

  #stopWatching(): void {
    const { child } = this.#kinship
    this.#watch?.stop()
    this.#watch = undefined
    if (child !== undefined) childExitListeners.remove(child, this)
    if (this.#closeWhenIdle) this.#link.close()
  }

  keepAlive(on: boolean): void {
    this.#keepAlive = on
    this.#watch?.keepAlive(on)
    for (const { timer } of this.#waiters) {
      if (on) timer?.ref()
      else timer?.unref()
    }
  }

  /** Ends every wait, then the link. */
  close(): void {
    for (const waiter of [...this.#waiters]) waiter.fail(closedHandle())
    this.#link.close()
  }

  /** The handle is unreachable, its promises may not be. */
  abandon(): void {
    this.#closeWhenIdle = true
    if (this.#waiters.size === 0) this.#link.close()
  }
}
