/**
 * Waiting for one own child: its end, and on request its stops and continuations.
 *
 * Who may take a status: a child of child_process is libuv's and only looked at, or Node's 'exit' would never come; so
 * is a child of another thread. Any other is ours to reap. The end comes through the child's pidfd; a stop does not, so
 * for that SIGCHLD is listened to, through libuv.
 */
import { errno, systemError, waitTimeout } from './errors.js'
import type { Exit } from './exit-status.js'
import { KERNEL, kernelHas } from './features.js'
import type { Link } from './link.js'
import { native } from './native.js'
import { invalidType } from './node-errors.js'
import { childrenOfLibuv, childrenOfThisThread, onChildSignal } from './own-children.js'
import { resourceUsage, waitForNews } from './resource-usage.js'
import { readExit } from './read-exit.js'
import type { ChildLike } from './target.js'
import { LONGEST_TIMER_MS, waitLimits, type WaitLimits, type WaitOptions } from './wait-options.js'
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

const c = native.constants
const {
  P_PID = 1,
  P_PIDFD = 3,
  WEXITED = 4,
  WSTOPPED = 2,
  WCONTINUED = 8,
  WNOHANG = 1,
  WNOWAIT = 0x1000000,
} = c
const { __WALL = 0x40000000 } = c

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

function waitOn(link: Link, options: number): ReturnType<typeof waitForNews> {
  const flags = options | WNOHANG | __WALL
  return link.fd !== -1 && kernelHas(KERNEL.waitidPidfd)
    ? waitForNews(P_PIDFD, link.fd, flags)
    : waitForNews(P_PID, link.pid, flags)
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

/**
 * One look: what there is to tell now, undefined for nothing yet. Throws NoChildError.
 *
 * @param wasChild it was a child of ours when the wait began
 */
function look(
  link: Link,
  child: ChildLike | undefined,
  options: CheckedOptions,
  wasChild: boolean,
  caller: Caller,
): WaitStatus | undefined {
  // A stop is taken, or the next wait would see the same one again; the end is taken only where that is ours to do.
  const changes = (options.stopped ? WSTOPPED : 0) | (options.continued ? WCONTINUED : 0)
  if (changes !== 0) {
    const news = waitOn(link, changes)
    if (typeof news === 'object') return statusOfNews(news, resourceUsage())
  }
  const reaps = options.reap && mayReap(link.pid)
  const news = waitOn(link, reaps ? WEXITED : WEXITED | WNOWAIT)
  if (typeof news === 'object') return statusOfNews(news, resourceUsage())
  if (news === undefined || news === -errno.EAGAIN) return undefined
  if (news !== -errno.ECHILD) throw systemError('waitid', news, { pid: link.pid }, caller)
  if (!wasChild && child === undefined) throw systemError('waitid', news, { pid: link.pid }, caller)
  // Somebody was quicker: libuv, whose word Node has, or a thief, of whom the pidfd tells all the same.
  const state = link.state()
  const exit = state === 'gone' ? readExit(link, state, child) : undefined
  if (exit?.known === true) return statusOfExit(exit)
  throw systemError(
    'waitid',
    news,
    { pid: link.pid, facts: { reapedElsewhere: true }, note: 'somebody else took its status' },
    caller,
  )
}

/** @internal */
export async function waitForChild(
  link: Link,
  child: ChildLike | undefined,
  options: CheckedOptions,
  keepsAlive: boolean,
  caller: Caller,
): Promise<WaitStatus> {
  const { timeout, signal } = options
  signal?.throwIfAborted()
  const now = look(link, child, options, false, caller)
  if (now !== undefined) return now
  if (timeout === 0) throw waitTimeout(link.pid, 0)
  return new Promise((resolve, reject) => {
    const ends: (() => void)[] = []
    const end = (): void => {
      for (const each of ends.splice(0)) each()
    }
    const check = (): void => {
      try {
        const status = look(link, child, options, true, caller)
        if (status === undefined) return
        end()
        resolve(status)
      } catch (error) {
        end()
        reject(error)
      }
    }
    const watch = link.watch(check)
    ends.push(() => {
      watch.stop()
    })
    watch.keepAlive(keepsAlive)
    if (options.stopped || options.continued) {
      const childSignal = onChildSignal(check, caller)
      ends.push(childSignal.stop)
      childSignal.keepAlive(keepsAlive)
    }
    if (timeout <= LONGEST_TIMER_MS) {
      const timer = setTimeout(() => {
        end()
        reject(waitTimeout(link.pid, timeout))
      }, timeout)
      if (!keepsAlive) timer.unref()
      ends.push(() => {
        clearTimeout(timer)
      })
    }
    if (signal !== undefined) {
      const abort = (): void => {
        end()
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', abort, { once: true })
      ends.push(() => {
        signal.removeEventListener('abort', abort)
      })
    }
  })
}
