/**
 * What the command leaves behind when it ends: SIGTERM, a bounded grace, SIGKILL.
 *
 * As PID 1 that is everything in the namespace, which the kernel would kill without a word when PID 1 ends. As a
 * subreaper it is every descendant; elsewhere nothing is ours any more.
 */
import { native } from '../../native.js'
import { watchForeign } from './foreign.js'

const { SIGTERM = 15, SIGCONT = 18, SIGKILL = 9 } = native.constants

/** After SIGKILL: what is not gone then hangs in the kernel, and nobody can help that. */
const KILL_WAIT = 1000

export interface Remaining {
  signal(signo: number): void
  /** Whether anybody is left, when no child is. */
  othersLeft(): boolean
}

const wholeNamespace: Remaining = {
  signal: (signo) => void native.kill(-1, signo),
  // Entered by nsenter or `docker exec`: in our namespace and no descendants.
  othersLeft: () => native.kill(-1, 0) === 0,
}

const descendants: Remaining = {
  // Loaded when there is somebody left: handles on processes take more of the library than all the rest.
  signal: (signo) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { signalDescendants } = require('./descendants.js') as typeof import('./descendants.js')
    signalDescendants(signo)
  },
  othersLeft: () => false,
}

/** Of the command, as far as they come to us; undefined where none does. */
export function remainingOf(adopts: boolean): Remaining | undefined {
  if (process.pid === 1) return wholeNamespace
  return adopts ? descendants : undefined
}

/** Where nothing comes to us there is nobody to wait for: as dumb-init does, one SIGTERM, and SIGCONT behind it. */
export function dismissGroup(pgid: number): void {
  native.kill(-pgid, SIGTERM)
  native.kill(-pgid, SIGCONT)
}

/** Ends them, step by step; told by `changed` whenever children ended. */
export class Ending {
  readonly #remaining: Remaining
  readonly #done: () => void
  #childrenLeft: boolean
  #killing = false
  #timer: NodeJS.Timeout | undefined
  #foreign: Set<number> | undefined

  constructor(remaining: Remaining, grace: number, childrenLeft: boolean, done: () => void) {
    this.#remaining = remaining
    this.#childrenLeft = childrenLeft
    this.#done = done
    if (!this.#anyLeft()) {
      done()
      return
    }
    if (grace === 0) {
      this.#kill()
      return
    }
    remaining.signal(SIGTERM)
    remaining.signal(SIGCONT) // a stopped one cannot act on it otherwise
    this.#timer = setTimeout(() => {
      this.#kill()
    }, grace)
    this.#check()
  }

  /** What comes meanwhile is for those that are left. */
  signal(signo: number): void {
    this.#remaining.signal(signo)
  }

  changed(childrenLeft: boolean): void {
    this.#childrenLeft = childrenLeft
    this.#check()
  }

  #kill(): void {
    this.#killing = true
    this.#remaining.signal(SIGKILL)
    this.#timer = setTimeout(this.#finish, KILL_WAIT)
    this.#check()
  }

  #anyLeft(): boolean {
    return this.#childrenLeft || this.#remaining.othersLeft()
  }

  #check(): void {
    if (this.#childrenLeft) {
      // What was its child's is its own now.
      if (this.#killing) this.#remaining.signal(SIGKILL)
      return
    }
    if (!this.#remaining.othersLeft()) {
      this.#finish()
      return
    }
    if (this.#foreign !== undefined && this.#foreign.size > 0) return
    this.#foreign = watchForeign(() => {
      this.#check()
    })
    // Who counted as left a moment ago has ended, or is a zombie of somebody outside.
    if (this.#foreign?.size === 0) this.#finish()
  }

  readonly #finish = (): void => {
    clearTimeout(this.#timer)
    this.#done()
  }
}
