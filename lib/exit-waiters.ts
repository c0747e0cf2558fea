/**
 * Everybody who waits for the end of one process, over one link.
 *
 * Two questions: has it ended (`exited`), and how did it end, for sure (`status`). One change of the process can answer
 * both, one or none. The link is watched only while somebody waits.
 */
import { errno, systemError, unsupported, waitTimeout } from './errors.js'
import { unknownExit, type Exit } from './exit-status.js'
import { KERNEL, kernelHas } from './features.js'
import type { Link, Watch } from './link.js'
import { closedHandle, invalidValue } from './node-errors.js'
import { peek, readExit } from './read-exit.js'
import type { ChildLike } from './target.js'
import { LONGEST_TIMER_MS, waitLimits, type WaitOptions } from './wait-options.js'

type Question = 'exited' | 'status'

interface Waiter {
  readonly question: Question
  readonly timer: NodeJS.Timeout | undefined
  settle(exit: Exit): void
  fail(error: unknown): void
}

/** @internal */
export class ExitWaiters {
  readonly #link: Link
  readonly #child: ChildLike | undefined
  readonly #waiters = new Set<Waiter>()
  #watch: Watch | undefined
  #keepAlive = true
  #known: Exit | undefined
  /** It is gone, and Node has had the time to say what libuv told it. */
  #nodeHadItsTurn = false
  /** The handle was forgotten: close when the last waiter has its answer. */
  #closeWhenIdle = false

  constructor(link: Link, child: ChildLike | undefined) {
    this.#link = link
    this.#child = child
  }

  async wait(question: Question, options: WaitOptions | undefined): Promise<Exit> {
    const { timeout, signal } = waitLimits(options)
    if (this.#link.closed) throw closedHandle()
    if (this.#link.thread) {
      const reason = 'a handle on a thread says nothing about the end of the process'
      throw invalidValue('this', this.#link.pid, reason)
    }
    signal?.throwIfAborted()
    const answer = this.#answer(question)
    if (answer !== undefined) return answer
    if (question === 'status') this.#refuseUnknowable()
    if (timeout === 0) throw waitTimeout(this.#link.pid, timeout)
    return new Promise((resolve, reject) => {
      this.#add(question, timeout, signal, resolve, reject)
    })
  }

  /** The answer, if there is one now. Throws where there will never be one. */
  #answer(question: Question): Exit | undefined {
    if (this.#known !== undefined) return this.#known
    const state = this.#link.state()
    let exit = readExit(this.#link, state, this.#child)
    // libuv tells Node of all the children that it reaped before it does anything else. What Node does not know a turn
    // later it never will: somebody else took the status.
    if (exit === undefined && state === 'gone' && this.#nodeHadItsTurn) exit = unknownExit(this.#link.pid)
    if (exit?.known === true) this.#known = exit
    if (exit === undefined || question === 'exited' || exit.known) return exit
    if (state !== 'gone') return undefined
    // Node's own 0, which proves nothing, is still the last word there is.
    if (exit.source === 'child_process') return exit
    throw systemError('waitid', -errno.ECHILD, {
      pid: this.#link.pid,
      facts: { reapedElsewhere: true },
      note: 'somebody else took its status',
    })
  }

  /** A foreign process's status comes only from the pidfd, after its parent has reaped it. */
  #refuseUnknowable(): void {
    if (kernelHas(KERNEL.exitInfo) && this.#link.fd !== -1) return
    if (this.#child !== undefined || peek(this.#link).child) return
    throw unsupported('ioctl', 'the exit status of a foreign process', '6.15', this.#link.pid)
  }

  #add(
    question: Question,
    timeout: number,
    signal: AbortSignal | undefined,
    resolve: (exit: Exit) => void,
    reject: (error: unknown) => void,
  ): void {
    const end = (): void => {
      this.#waiters.delete(waiter)
      clearTimeout(waiter.timer)
      signal?.removeEventListener('abort', abort)
      if (this.#waiters.size === 0) this.#stopWatching()
    }
    const waiter: Waiter = {
      question,
      timer:
        timeout > LONGEST_TIMER_MS
          ? undefined
          : setTimeout(() => {
              waiter.fail(waitTimeout(this.#link.pid, timeout))
            }, timeout),
      settle: (exit) => {
        end()
        resolve(exit)
      },
      fail: (error) => {
        end()
        reject(error)
      },
    }
    const abort = (): void => {
      waiter.fail(signal?.reason)
    }
    if (!this.#keepAlive) waiter.timer?.unref()
    signal?.addEventListener('abort', abort, { once: true })
    this.#waiters.add(waiter)
    try {
      this.#startWatching()
    } catch (error) {
      waiter.fail(error)
    }
  }

  #giveNodeItsTurn(): void {
    if (this.#nodeHadItsTurn || this.#waiters.size === 0 || this.#link.state() !== 'gone') return
    setImmediate(() => {
      this.#nodeHadItsTurn = true
      this.#onChange()
    })
  }

  readonly #onChange = (): void => {
    for (const question of ['exited', 'status'] as const) {
      const asking = [...this.#waiters].filter((waiter) => waiter.question === question)
      if (asking.length === 0) continue
      try {
        const answer = this.#answer(question)
        if (answer !== undefined) for (const waiter of asking) waiter.settle(answer)
      } catch (error) {
        for (const waiter of asking) waiter.fail(error)
      }
    }
    if (!this.#link.closed) this.#giveNodeItsTurn()
  }

  #startWatching(): void {
    if (this.#watch !== undefined) return
    this.#watch = this.#link.watch(this.#onChange)
    this.#watch.keepAlive(this.#keepAlive)
    // libuv may take the status before we look; Node's own event then says that its word is there. And where there is
    // no pidfd it is what wakes us.
    this.#child?.once('exit', this.#onChange)
  }

  #stopWatching(): void {
    this.#watch?.stop()
    this.#watch = undefined
    this.#child?.off('exit', this.#onChange)
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
