/**
 * Stops a whole tree, so that nobody in it can fork any more, and finds everybody.
 *
 * Walking alone is a race that the tree wins: what forks between the look and the signal has escaped. A stopped process
 * forks no more. But SIGSTOP takes effect only when its receiver gets to it, and may come in the middle of a fork that
 * still succeeds. So: stop everybody who is found, wait until all of them are seen to be stopped, and look again, until
 * a look that began when all were stopped finds nobody new.
 *
 * Nothing tells us that a stranger has stopped, so that is looked at: at once, having let others run, then in a few turns
 * of the event loop, then every millisecond. A process in uninterruptible sleep cannot be stopped while that lasts
 * (the parent of a vfork, whose child is stopped, never): it is waited for SETTLE_MS, and goes without.
 */
import { setImmediate as nextTurn, setTimeout as after } from 'node:timers/promises'
import { native } from './native.js'
import type { Member } from './termination-member.js'

const QUICK_TURNS = 10
const SETTLE_MS = 100
/** Somebody who may not be signalled can make new ones for ever. */
const LONGEST_MS = 10_000

/** @internal */
export interface Freezing {
  /** All that live and may be signalled. */
  readonly alive: () => Member[]
  /** Looks for those that are not known yet, stops each, and says how many there were. */
  readonly find: () => number
  /** Stops one, unless it is stopped. */
  readonly freeze: (member: Member) => void
  /** Throws when it is to end here. */
  readonly check: () => void
}

async function settle({ alive, freeze, check }: Freezing): Promise<void> {
  const deadline = performance.now() + SETTLE_MS
  let restless = alive().filter((member) => !member.isStopped())
  for (let turn = 0; restless.length > 0 && performance.now() < deadline; turn++) {
    native.sched_yield() // they may be waiting for this very CPU
    if (turn > 0) await (turn < QUICK_TURNS ? nextTurn() : after(1))
    check()
    restless = restless.filter((member) => member.alive && !member.isStopped())
    for (const member of restless) {
      // One that was stopped when it was found, and has been woken by somebody since; and one that we stopped.
      freeze(member)
      if (turn >= QUICK_TURNS) member.stopAgain()
    }
  }
}

/** @internal */
export async function freezeAll(freezing: Freezing): Promise<void> {
  const { alive, find, freeze } = freezing
  const deadline = performance.now() + LONGEST_MS
  for (const member of alive()) freeze(member)
  for (let allStopped = false; performance.now() < deadline; allStopped = true) {
    if (find() === 0 && allStopped) return
    await settle(freezing)
  }
}
