/**
 * The course of a termination: the first signal, the grace, the second signal, the last wait.
 *
 * Whatever ends it, what it stopped is woken, its handles are closed and its timers cleared.
 */
import { errno, systemError } from './errors.js'
import { native } from './native.js'
import { closedHandle } from './node-errors.js'
import type { ProcStat } from './proc-stat.js'
import { abortListeners } from './shared-listeners.js'
import { nameIfAny } from './signals.js'
import type { Member } from './termination-member.js'
import type { Plan } from './termination-options.js'
import type { TerminationProgress, TerminationReport } from './termination-report.js'
import type { Roster } from './termination-roster.js'
import type { OnFound, Scope } from './termination-scope.js'
import { freezeAll } from './tree-freeze.js'
import { LONGEST_TIMER_MS } from './wait-options.js'

const { SIGCONT = 18, SIGKILL = 9, SIGSTOP = 19 } = native.constants

/** A group or a tree that goes on making new members is left to the second signal. */
const LONGEST_SEARCH = 20

/** A program that ends meanwhile, by process.exit or an exception, must not leave anybody stopped. */
const underWay = new Set<Termination>()

function wakeAllAtExit(): void {
  for (const termination of underWay) termination.wakeAll()
}

function addUnderWay(termination: Termination): void {
  if (underWay.size === 0) process.on('exit', wakeAllAtExit)
  underWay.add(termination)
}

function removeUnderWay(termination: Termination): void {
  underWay.delete(termination)
  if (underWay.size === 0) process.off('exit', wakeAllAtExit)
}

/** @internal */
export class Termination {
  readonly #plan: Plan
  readonly #roster: Roster
  readonly #scopes: readonly Scope[]
  readonly #start: number
  /** The last signal that was due. */
  #stage: number
  #failure: unknown
  #failed = false
  /** How many are watched and have not ended. */
  #pending = 0
  readonly #unlisted = new Map<Scope, () => void>()
  /** Ends the wait under way. */
  #wakeUp: (() => void) | undefined

  constructor(plan: Plan, roster: Roster, scopes: readonly Scope[], start: number) {
    this.#plan = plan
    this.#roster = roster
    this.#scopes = scopes
    this.#start = start
    this.#stage = plan.signal
  }

  async run(): Promise<TerminationReport> {
    const { abort, grace, timeout, killSignal } = this.#plan
    if (abort !== undefined) abortListeners.add(abort, this)
    addUnderWay(this)
    try {
      await this.#send()
      await this.#allEnded(grace)
      if (killSignal !== undefined && this.#isAnybodyLeft()) {
        this.#stage = killSignal
        await this.#send()
      }
      if (killSignal === undefined || this.#stage === killSignal) await this.#allEnded(timeout)
      return this.#report()
    } finally {
      if (abort !== undefined) abortListeners.remove(abort, this)
      removeUnderWay(this)
      this.wakeAll()
    }
  }

  /** The AbortSignal's event. */
  handleEvent(): void {
    this.#fail(this.#plan.abort?.reason)
  }

  /** Also those who are not listed, or may be killed with their control group alone. */
  #isAnybodyLeft(): boolean {
    return this.#roster.remaining > 0 || this.#scopes.some((scope) => scope.isPopulated?.() === true)
  }

  #fail(reason: unknown): void {
    if (!this.#failed) this.#failure = reason
    this.#failed = true
    this.#wakeUp?.()
  }

  /** Throws what happened meanwhile: an abort, an error that came with an event. */
  readonly #check = (): void => {
    if (this.#failed) throw this.#failure
  }

  /** Wakes whatever it stopped. */
  wakeAll(): void {
    for (const member of this.#roster.members) if (member.frozen) member.wake()
  }

  #emit(event: TerminationProgress['event'], member: Member, signal: number): void {
    const { onProgress } = this.#plan
    if (onProgress === undefined) return
    const tookMs = performance.now() - this.#start
    const { remaining } = this.#roster
    onProgress({ pid: member.pid, event, signal: nameIfAny(signal) ?? null, tookMs, remaining })
    this.#check()
  }

  #find(onFound: OnFound): void {
    for (const scope of this.#scopes) scope.find(onFound)
  }

  #findNew(): Member[] {
    const found: Member[] = []
    this.#find((member) => found.push(member))
    return found
  }

  #findAndFreeze(): number {
    let count = 0
    this.#find((member, stat) => {
      count++
      this.#freeze(member, stat)
    })
    return count
  }

  /** Sends the signal of this stage to all who are due, and to whoever is found until nobody is new. */
  async #send(): Promise<void> {
    this.#check()
    for (const member of this.#roster.alive) this.#endedBefore(member)
    if (this.#plan.tree) {
      await freezeAll({
        alive: () => this.#roster.alive,
        find: () => this.#findAndFreeze(),
        freeze: (member) => {
          this.#freeze(member, member.stat())
        },
        check: this.#check,
      })
      this.#deliver(this.#roster.members, false)
      return
    }
    this.#findNew()
    this.#deliver(this.#roster.members, true)
    for (let round = 0; round < LONGEST_SEARCH; round++) {
      const found = this.#findNew()
      if (found.length === 0) return
      // Once more for all would be a second SIGTERM for those that have it.
      this.#deliver(found, this.#stage === SIGKILL)
    }
  }

  #freeze(member: Member, stat: ProcStat | undefined): void {
    if (member.denied) return
    if (member.freeze(stat)) this.#emit('frozen', member, SIGSTOP)
    else if (member.denied) this.#emit('denied', member, SIGSTOP)
  }

  /** @param atOnce to whole groups in one step, where that can be: not in a tree, whose group may hold others */
  #deliver(members: readonly Member[], atOnce: boolean): void {
    const due = members.filter(
      (member) => !member.over && !this.#endedBefore(member) && !this.#hasEnded(member),
    )
    const reached = new Map<Member, boolean>()
    for (const scope of atOnce ? this.#scopes : []) {
      for (const member of scope.sendToAll?.(this.#stage) ?? [])
        reached.set(member, scope.asksNobody === true)
    }
    // All are signalled before the first is woken: who handles the end of another must have its own signal by then.
    for (const member of due) this.#deliverTo(member, reached.get(member))
    for (const member of due) this.#wake(member)
    for (const member of due) if (member.alive) this.#watch(member)
  }

  #endedBefore(member: Member): boolean {
    if (member.watched || !member.endedAlready()) return false
    member.tookMs = performance.now() - this.#start
    this.#emit('ended', member, 0)
    return true
  }

  /** Its end is there, and is told when the event loop gets to it. */
  #hasEnded(member: Member): boolean {
    return member.watched && member.link.state() !== 'alive'
  }

  #deliverTo(member: Member, reached: boolean | undefined): void {
    const signal = this.#stage
    const wasDenied = member.denied
    const result = reached === undefined ? member.send(signal) : member.sentWithAll(signal, reached)
    if (member.denied) {
      if (!wasDenied) this.#emit('denied', member, signal)
      return
    }
    if (result === -errno.ESRCH) {
      this.#endedBefore(member)
      return
    }
    if (result < 0) throw systemError(member.link.sendSyscall, result, { pid: member.pid, signal })
    this.#emit('signalled', member, signal)
    if (signal !== SIGKILL) return
    member.thaw() // SIGKILL wakes
    // Nothing that it answers is of use: the memory is freed at the end in any case.
    if (this.#plan.releaseMemory && member.link.fd !== -1) native.process_mrelease(member.link.fd, 0)
  }

  #wake(member: Member): void {
    if (!member.frozen && (!member.alive || this.#stage === SIGKILL || !member.isStoppedBy(member.stat())))
      return
    if (member.wake()) this.#emit('resumed', member, SIGCONT)
  }

  #watch(member: Member): void {
    if (member.watched) return
    this.#pending++
    const onOver = (): void => {
      member.thaw()
      member.tookMs = performance.now() - this.#start
      try {
        this.#emit('ended', member, member.by)
      } catch (error) {
        this.#fail(error)
      }
      if (--this.#pending === 0) this.#wakeUp?.()
    }
    member.whenOver(onOver, (error) => {
      this.#fail(error)
    })
  }

  /** Until all have ended and nobody is found to have come after them, or the time is over. */
  async #allEnded(milliseconds: number): Promise<void> {
    const deadline = performance.now() + milliseconds
    for (;;) {
      await this.#wait(deadline - performance.now())
      if (this.#roster.remaining > 0) return
      if (this.#findNew().length > 0) await this.#send()
      else if (!this.#awaitUnlisted() || performance.now() >= deadline) return
    }
  }

  /** Of a control group: whoever was killed with it and was never on a list. Whether there is somebody. */
  #awaitUnlisted(): boolean {
    const populated = this.#scopes.filter((scope) => scope.isPopulated?.() === true)
    for (const scope of populated) {
      if (this.#unlisted.has(scope)) continue
      this.#pending++
      const stop = scope.whenEmpty?.(() => {
        if (--this.#pending === 0) this.#wakeUp?.()
      })
      if (stop !== undefined) this.#unlisted.set(scope, stop)
    }
    return populated.length > 0
  }

  async #wait(milliseconds: number): Promise<void> {
    this.#check()
    if (this.#pending === 0 || milliseconds <= 0) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve
      // A timer of Node's may be up to a millisecond early.
      const due = Math.ceil(milliseconds) + 1
      if (due <= LONGEST_TIMER_MS) timer = setTimeout(resolve, due)
    })
    clearTimeout(timer)
    this.#wakeUp = undefined
    this.#check()
  }

  #report(): TerminationReport {
    for (const member of this.#roster.alive) {
      member.tookMs = performance.now() - this.#start
      if (this.#hasEnded(member)) member.over = true
      this.#emit(member.over ? 'ended' : 'survived', member, member.by)
    }
    return {
      complete: this.#roster.isOver() && !this.#scopes.some((scope) => scope.isPopulated?.()),
      processes: this.#roster.rows(),
    }
  }

  close(): void {
    // Their waits end with it, and nobody listens any more.
    this.#fail(closedHandle())
    for (const stop of this.#unlisted.values()) stop()
    for (const scope of this.#scopes) scope.close?.()
    this.#roster.close()
  }
}
