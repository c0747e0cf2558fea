/**
 * Reaping what is nobody else's: the duty of PID 1, and of a subreaper.
 *
 * The danger is taking a status that somebody waits for. So only children of the main thread are looked at (a child that
 * another thread forked is that thread's, adopted orphans come to the main thread), never one in libuv's list, never one
 * that `isOwned` claims; and a zombie of unknown origin is taken only after it has been one for a while, since native
 * code may have forked it here and be about to wait for it. Always by its pid, never waitpid(-1).
 *
 * SIGCHLD wakes it, through libuv. While nothing ends nothing runs.
 */
import { isMainThread } from 'node:worker_threads'
import { native } from './native.js'
import { invalidType, mainThreadOnly, outOfRange } from './node-errors.js'
import { onChildSignal, unownedChildren } from './own-children.js'
import { resourceUsage, waitForNews } from './resource-usage.js'
import { prctlGetChildSubreaper, prctlSetChildSubreaper } from './wait-syscalls.js'
import { statusOfNews, type WaitStatus } from './wait-status.js'

const { P_PID = 1, WEXITED = 4, WNOHANG = 1, WNOWAIT = 0x1000000, __WALL = 0x40000000 } = native.constants

/** Statuses that nobody has read yet, at most. */
const UNREAD = 4096
/** Children that end one after the other are collected together: a look costs as much as there are children. */
const PAUSE_MS = 5

function take(pid: number): WaitStatus | undefined {
  const news = waitForNews(P_PID, pid, WEXITED | WNOHANG | __WALL)
  return typeof news === 'object' ? statusOfNews(news, resourceUsage()) : undefined
}

function isZombie(pid: number): boolean {
  return typeof waitForNews(P_PID, pid, WEXITED | WNOHANG | WNOWAIT | __WALL) === 'object'
}

/**
 * Reaps every exited child of the main thread that libuv does not own, now.
 *
 * Call it when no other native code of this process waits for children: what that forked on the main thread looks the
 * same. {@link startReaper} is more careful.
 *
 * @returns what was reaped, with rusage
 * @throws UnsupportedError where children cannot be told apart: no libuv, or no /proc/PID/task/TID/children
 * @throws TypeError `ERR_WORKER_UNSUPPORTED_OPERATION` in a Worker
 *
 * Linux 3.5 with CONFIG_PROC_CHILDREN. Source: `man 2 waitid`, `man 5 proc_pid_task`.
 *
 * @example
 * for (const { pid, code } of reap()) console.log(`orphan ${pid} ended with ${code}`)
 */
export function reap(): WaitStatus[] {
  if (!isMainThread) throw mainThreadOnly('reap')
  return unownedChildren(reap)
    .map(take)
    .filter((status) => status !== undefined)
}

/** How a {@link Reaper} works. */
export interface ReaperOptions {
  /** Become a child subreaper for as long as it runs: orphaned descendants come to this process. Default false. */
  subreaper?: boolean | undefined
  /** How long a zombie of unknown origin is left to whoever may wait for it, in ms. Default 1000. */
  graceMs?: number | undefined
  /** Called for each that was reaped. */
  onReap?: ((status: WaitStatus) => void) | undefined
  /** Claims a child for somebody else: it is never reaped here. */
  isOwned?: ((pid: number) => boolean) | undefined
}

/** Since when each unknown zombie is one. Shared by all reapers of the process. */
const zombies = new Map<number, number>()
const reapers = new Set<Reaper>()
let childSignal: ReturnType<typeof onChildSignal> | undefined
let nextLook: { timer: NodeJS.Timeout; due: number } | undefined

/** At the latest then: what comes in the meantime never puts it off. */
function lookLater(ms: number): void {
  const due = performance.now() + ms
  if (nextLook !== undefined && nextLook.due <= due) return
  clearTimeout(nextLook?.timer)
  const timer = setTimeout(look, ms)
  if (![...reapers].some((reaper) => reaper.keepsAlive)) timer.unref()
  nextLook = { timer, due }
}

/** How many reapers want this process to be a subreaper, and whether it was one before the first of them. */
let wanting = 0
let wasSubreaper = false

function becomeSubreaper(): void {
  if (wanting === 0) wasSubreaper = prctlGetChildSubreaper()
  if (!wasSubreaper) prctlSetChildSubreaper(true)
  wanting++
}

function beWhatItWas(): void {
  wanting--
  if (wanting === 0 && !wasSubreaper) prctlSetChildSubreaper(false)
}

/** Takes what has been a zombie for long enough, and comes back for the others. */
function look(): void {
  nextLook = undefined
  const now = performance.now()
  const grace = Math.max(...[...reapers].map(({ graceMs }) => graceMs))
  const present = new Set<number>()
  let soonest = Infinity
  for (const pid of unownedChildren(look)) {
    if (reapers.size === 0) return // the last one was stopped when it was told of one: nobody is there to be told more
    if ([...reapers].some((reaper) => reaper.owns(pid))) continue
    const since = zombies.get(pid) ?? now
    if (!zombies.has(pid) && !isZombie(pid)) continue
    if (now - since >= grace) {
      const status = take(pid)
      if (status !== undefined) for (const reaper of [...reapers]) reaper.announce(status)
    } else {
      present.add(pid)
      zombies.set(pid, since)
      soonest = Math.min(soonest, since + grace - now)
    }
  }
  for (const pid of zombies.keys()) if (!present.has(pid)) zombies.delete(pid)
  if (soonest < Infinity && reapers.size > 0) lookLater(Math.max(1, Math.ceil(soonest)))
}

function someChildEnded(): void {
  lookLater(PAUSE_MS)
}

/** What a callback throws is the program's uncaught exception, and not the end of the reaping. */
function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}

const created = Symbol('created by startReaper')

/**
 * Reaps in the background until it is stopped. `using` stops it.
 *
 * Iterating gives the statuses, and ends when it stops: without `onReap` also those from before. Unref'd by default; a
 * pending iterator step keeps the event loop alive.
 *
 * @example
 * using reaper = startReaper({ subreaper: true })
 * for await (const { pid, event } of reaper) console.log(pid, event)
 */
export class Reaper {
  readonly #onReap: ((status: WaitStatus) => void) | undefined
  readonly #isOwned: ((pid: number) => boolean) | undefined
  readonly #subreaper: boolean
  readonly #unread: WaitStatus[] = []
  readonly #waiting: ((result: IteratorResult<WaitStatus, undefined>) => void)[] = []
  /** Whether the statuses are kept for an iterator: with `onReap`, from the first iteration on. */
  #kept: boolean
  #stopped = false
  #refs = false
  #reaped = 0
  #dropped = 0
  /** @internal */
  readonly graceMs: number

  /** @internal Use {@link startReaper}. */
  constructor(key: typeof created, options: ReaperOptions) {
    if (key !== created) throw invalidType('key', 'made by startReaper', key)
    const { subreaper = false, graceMs = 1000, onReap, isOwned } = options
    if (typeof subreaper !== 'boolean') throw invalidType('options.subreaper', 'a boolean', subreaper)
    if (typeof graceMs !== 'number') throw invalidType('options.graceMs', 'a number of milliseconds', graceMs)
    if (!(graceMs >= 0 && graceMs <= 0x7fffffff))
      throw outOfRange('options.graceMs', '0 to 2147483647', graceMs)
    for (const [name, value] of Object.entries({ onReap, isOwned })) {
      if (value !== undefined && typeof value !== 'function')
        throw invalidType(`options.${name}`, 'a function', value)
    }
    this.graceMs = graceMs
    this.#onReap = onReap
    this.#kept = onReap === undefined
    this.#isOwned = isOwned
    unownedChildren(startReaper) // throws where it could not work
    childSignal ??= onChildSignal(someChildEnded, startReaper)
    this.#subreaper = subreaper
    if (subreaper) becomeSubreaper()
    reapers.add(this)
    lookLater(0)
  }

  /** @internal */
  owns(pid: number): boolean {
    try {
      return this.#isOwned?.(pid) === true
    } catch (error) {
      throwLater(error)
      return true // nobody said that it may be taken
    }
  }

  /** @internal */
  get keepsAlive(): boolean {
    return this.#refs || this.#waiting.length > 0
  }

  /** @internal */
  announce(status: WaitStatus): void {
    this.#reaped++
    const next = this.#waiting.shift()
    if (next !== undefined) next({ done: false, value: status })
    else if (this.#kept && this.#unread.length < UNREAD) this.#unread.push(status)
    else if (this.#kept) this.#dropped++
    this.#applyKeepAlive()
    try {
      this.#onReap?.(status)
    } catch (error) {
      throwLater(error)
    }
  }

  #applyKeepAlive(): void {
    childSignal?.keepAlive([...reapers].some((reaper) => reaper.keepsAlive))
  }

  /** How many were reaped. */
  get reaped(): number {
    return this.#reaped
  }

  /** How many statuses were dropped because 4096 were unread. With `onReap` none is kept before the first iteration. */
  get dropped(): number {
    return this.#dropped
  }

  /** Stops, and ends every iteration. What it became (a subreaper), it is no more. Idempotent. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    reapers.delete(this)
    if (this.#subreaper) beWhatItWas()
    for (const end of this.#waiting.splice(0)) end({ done: true, value: undefined })
    this.#applyKeepAlive()
    if (reapers.size > 0) {
      lookLater(0) // the others may wait for less
      return
    }
    childSignal?.stop()
    childSignal = undefined
    clearTimeout(nextLook?.timer)
    nextLook = undefined
    zombies.clear()
  }

  /** {@link stop}. */
  [Symbol.dispose](): void {
    this.stop()
  }

  /** It keeps the event loop alive. */
  ref(): this {
    this.#refs = !this.#stopped
    this.#applyKeepAlive()
    return this
  }

  /** It does not keep the event loop alive: the default. */
  unref(): this {
    this.#refs = false
    this.#applyKeepAlive()
    return this
  }

  [Symbol.asyncIterator](): AsyncIterator<WaitStatus, undefined> {
    this.#kept = true
    let returned = false
    const done = { done: true, value: undefined } as const
    const pending = new Set<(result: IteratorResult<WaitStatus, undefined>) => void>()
    return {
      next: () => {
        const status = returned ? undefined : this.#unread.shift()
        if (status !== undefined) return Promise.resolve({ done: false, value: status })
        if (returned || this.#stopped) return Promise.resolve(done)
        return new Promise((resolve) => {
          const answer = (result: IteratorResult<WaitStatus, undefined>): void => {
            pending.delete(answer)
            resolve(result)
          }
          pending.add(answer)
          this.#waiting.push(answer)
          this.#applyKeepAlive()
        })
      },
      return: () => {
        returned = true
        const rest = this.#waiting.filter((answer) => !pending.has(answer))
        this.#waiting.splice(0, Infinity, ...rest)
        for (const answer of [...pending]) answer(done)
        this.#applyKeepAlive()
        return Promise.resolve(done)
      },
    }
  }
}

/**
 * Reaps orphans in the background: what is a child of the main thread, not libuv's, not claimed by `isOwned`, and has
 * been a zombie for `graceMs`. Node's own children and their 'exit' events are untouched.
 *
 * @param options see {@link ReaperOptions}
 * @throws UnsupportedError where children cannot be told apart: no libuv, or no /proc/PID/task/TID/children
 * @throws TypeError `ERR_WORKER_UNSUPPORTED_OPERATION` in a Worker; bad options
 *
 * Linux 3.5 with CONFIG_PROC_CHILDREN. Source: `man 2 waitid`, `man 2 prctl`.
 *
 * @example
 * startReaper({ subreaper: true, onReap: ({ pid, code }) => console.log(`orphan ${pid} ended with ${code}`) })
 */
export function startReaper(options: ReaperOptions = {}): Reaper {
  if (typeof options !== 'object' || (options as unknown) === null)
    throw invalidType('options', 'an object', options)
  if (!isMainThread) throw mainThreadOnly('startReaper')
  return new Reaper(created, options)
}

/**
 * `prctl(PR_SET_CHILD_SUBREAPER, on)`: orphaned descendants become children of this process. Somebody has to reap them
 * then: {@link startReaper}, or `sigkit/init`, which begins to do so now.
 *
 * @param on whether
 * @throws TypeError `ERR_INVALID_ARG_TYPE`
 *
 * Linux 3.4. Source: `man 2 prctl`.
 *
 * @example
 * setChildSubreaper(true)
 */
export function setChildSubreaper(on: boolean): void {
  prctlSetChildSubreaper(on)
  if (!on) return
  const listener = becameSubreaper
  becameSubreaper = undefined
  listener?.()
}

let becameSubreaper: (() => void) | undefined

/**
 * For `sigkit/init`: what to do, once, when the program makes itself a subreaper by {@link setChildSubreaper}. Not for a
 * reaper of the program's own, which knows what is not to be reaped.
 * @internal
 */
export function whenBecomingSubreaper(listener: () => void): void {
  becameSubreaper = listener
}

/**
 * `prctl(PR_GET_CHILD_SUBREAPER)`
 *
 * Linux 3.4. Source: `man 2 prctl`.
 *
 * @example
 * console.log(isChildSubreaper())
 */
export function isChildSubreaper(): boolean {
  return prctlGetChildSubreaper()
}
