/**
 * Waiting for one own child: its end, and on request its stops and continuations.
 *
 * Who may take a status: a child of child_process is libuv's and only looked at, or Node's 'exit' would never come; so
 * is a child of another thread. Any other is ours to reap. The end comes through the child's pidfd; a stop does not, so
 * for that SIGCHLD is listened to, through libuv.
 */
import { errno, systemError, waitTimeout } from './errors.js'
import type { Exit } from './exit-status.js'
import type { Link } from './link.js'
import { native } from './native.js'
import { invalidType } from './node-errors.js'
import { childrenOfLibuv, childrenOfThisThread, onChildSignal } from './own-children.js'
import { addPendingWait, pendingWaits, type Hold } from './pending-waits.js'
import { resourceUsage } from './resource-usage.js'
import { readExit } from './read-exit.js'
import { abortListeners } from './shared-listeners.js'
import type { Kinship } from './target.js'
import { LONGEST_TIMER_MS, waitLimits, type WaitLimits, type WaitOptions } from './wait-options.js'
import { waitOnLink } from './wait-on-link.js'
import { statusOfNews, type WaitStatus } from './wait-status.js'

/** What to wait for, and what may be taken. */
export interface ChildWaitOptions extends WaitOptions {
  /** Also resolve when it stops. */
  stopped?: boolean | undefined
  /** Also resolve when it goes on after a stop. */
  continued?: boolean | undefined
  /** Whether to reap a child that nobody else does. Default true. */
  reap?: boolean | undefined
}

type Caller = (...args: never[]) => unknown

const { WEXITED = 4, WSTOPPED = 2, WCONTINUED = 8, WNOWAIT = 0x1000000 } = native.constants

/** @internal */
export interface CheckedOptions extends WaitLimits {
  readonly stopped: boolean
  readonly continued: boolean
  readonly reap: boolean
}

/** @internal */
export function childWaitOptions(options: ChildWaitOptions | undefined): CheckedOptions {
  const limits = waitLimits(options)
  const flag = (name: 'stopped' | 'continued' | 'reap', standard: boolean): boolean => {
    const value: unknown = options?.[name]
    if (value === undefined) return standard
    if (typeof value !== 'boolean') throw invalidType(`options.${name}`, 'a boolean', value)
    return value
  }
  return {
    ...limits,
    stopped: flag('stopped', false),
    continued: flag('continued', false),
    reap: flag('reap', true),
  }
}

/** Whether reaping it takes nothing from anybody. */
function mayReap(pid: number): boolean {
  const libuvs = childrenOfLibuv()
  return libuvs !== undefined && !libuvs.has(pid) && childrenOfThisThread()?.has(pid) === true
}

function statusOfExit({ pid, code, signal, coreDumped }: Exit): WaitStatus {
  const event = signal === null ? 'exited' : 'killed'
  return { pid, event, code, signal, coreDumped: coreDumped ?? false }
}

interface Look {
  status: WaitStatus
  /** Nobody can see it again. */
  taken: boolean
}

/** One look: what there is to tell now, undefined for nothing yet. Throws NoChildError. */
function look(
  link: Link,
  { child, wasChild, ended }: Kinship,
  options: CheckedOptions,
  caller: Caller,
): Look | undefined {
  // A stop is taken, or the next wait would see the same one again; the end is taken only where that is ours to do.
  const changes = (options.stopped ? WSTOPPED : 0) | (options.continued ? WCONTINUED : 0)
  if (changes !== 0) {
    const news = waitOnLink(link, changes)
    if (typeof news === 'object') return { status: statusOfNews(news, resourceUsage()), taken: true }
  }
  const reaps = options.reap && mayReap(link.pid)
  const news = waitOnLink(link, reaps ? WEXITED : WEXITED | WNOWAIT)
  if (typeof news === 'object') return { status: statusOfNews(news, resourceUsage()), taken: reaps }
  if (news === undefined || news === -errno.EAGAIN) return undefined
  if (news !== -errno.ECHILD) throw systemError('waitid', news, { pid: link.pid }, caller)
  if (!wasChild) throw systemError('waitid', news, { pid: link.pid }, caller)
  const state = link.state()
  if (ended !== undefined && state === 'gone') return { status: ended, taken: false }
  // Somebody was quicker: libuv, whose word Node has, or a thief, of whom the pidfd tells all the same.
  const exit = state === 'gone' ? readExit(link, state, child) : undefined
  if (exit?.known === true) return { status: statusOfExit(exit), taken: false }
  throw systemError(
    'waitid',
    news,
    { pid: link.pid, facts: { reapedElsewhere: true }, note: 'somebody else took its status' },
    caller,
  )
}

/** What is taken can be seen once: whoever takes it tells all others that wait for the same process. */
function lookForAll(...[link, ...rest]: Parameters<typeof look>): WaitStatus | undefined {
  // Before the look: a child that is not reaped has its number for itself, so they mean the same one.
  const others = pendingWaits(link.pid).filter((each) => each.link.state() !== 'gone')
  const found = look(link, ...rest)
  if (found?.taken === true) for (const each of others) each.tell(found.status)
  return found?.status
}

/** @internal */
export async function waitForChild(
  link: Link,
  kinship: Kinship,
  options: CheckedOptions,
  hold: Hold,
  caller: Caller,
): Promise<WaitStatus> {
  const { timeout, signal } = options
  signal?.throwIfAborted()
  const remembered = (status: WaitStatus): WaitStatus => {
    if (status.event === 'exited' || status.event === 'killed') kinship.ended = status
    return status
  }
  const now = lookForAll(link, kinship, options, caller)
  if (now !== undefined) return remembered(now)
  if (timeout === 0) throw waitTimeout(link.pid, 0)
  kinship.wasChild = true // only a child has nothing to tell yet
  return new Promise((resolve, reject) => {
    const ends: (() => void)[] = []
    const end = (): void => {
      for (const each of ends.splice(0)) each()
    }
    const settle = (status: WaitStatus): void => {
      end()
      resolve(remembered(status))
    }
    const fail = (reason: Error): void => {
      end()
      reject(reason)
    }
    const giveUp = (): void => {
      fail(waitTimeout(link.pid, timeout))
    }
    const abort = (): void => {
      fail(signal?.reason as Error)
    }
    const check = (): void => {
      try {
        const status = lookForAll(link, kinship, options, caller)
        if (status !== undefined) settle(status)
      } catch (error) {
        fail(error as Error)
      }
    }
    const tell = (status: WaitStatus): void => {
      const { event } = status
      const asked = (event !== 'stopped' || options.stopped) && (event !== 'continued' || options.continued)
      if (asked) settle(status)
    }
    try {
      ends.push(addPendingWait({ link, tell }))
      const childSignal = options.stopped || options.continued ? onChildSignal(check, caller) : undefined
      if (childSignal !== undefined) ends.push(childSignal.stop)
      const watch = link.watch(check)
      ends.push(() => {
        watch.stop()
      })
      const timer = timeout <= LONGEST_TIMER_MS ? setTimeout(giveUp, timeout) : undefined
      ends.push(() => {
        clearTimeout(timer)
      })
      if (signal !== undefined) {
        const onAbort = { handleEvent: abort }
        abortListeners.add(signal, onAbort)
        ends.push(() => {
          abortListeners.remove(signal, onAbort)
        })
      }
      const unfollow = hold.follow(() => {
        watch.keepAlive(hold.on)
        childSignal?.keepAlive(hold.on)
        if (hold.on) timer?.ref()
        else timer?.unref()
      })
      ends.push(unfollow)
      // What happened before SIGCHLD was listened to.
      if (childSignal !== undefined) check()
    } catch (error) {
      fail(error as Error)
    }
  })
}
