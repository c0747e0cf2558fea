/**
 * The life of `sigkit init` from the start of the command to the exit: signals go on, children are reaped, stops are
 * followed, and what the command leaves behind is ended.
 *
 * All of it is driven by signals, through one inbox: while nothing happens nothing runs.
 */
import { native } from '../../native.js'
import { addReceiver, countKeepAlive } from '../../signal-dispatch.js'
import type { SignalEvent } from '../../signal-records.js'
import { signals } from '../../signals.js'
import { complain } from '../usage.js'
import { earlySignals } from '../../early-signals.js'
import { Forwarder, isOurOwn } from './forward.js'
import { dismissGroup, Ending, remainingOf } from './remaining.js'
import type { Rewrites } from './rewrites.js'
import { spawnCommand } from './spawn-command.js'
import { Terminal } from './terminal.js'

export interface Supervision {
  readonly command: readonly string[]
  /** Signals go to the command's process group. */
  readonly group: boolean
  readonly rewrites: Rewrites
  /** Milliseconds between SIGTERM and SIGKILL for what the command leaves behind. */
  readonly grace: number
  /** Orphans come to this process. */
  readonly adopts: boolean
}

const { SIGCHLD, SIGCONT, SIGSTOP = 19, SIGTSTP, SIGTTIN, SIGTTOU } = native.constants
const { WNOHANG = 1, WUNTRACED = 2, __WALL = 0x40000000 } = native.constants

const jobControl: readonly (number | undefined)[] = [SIGTSTP, SIGTTIN, SIGTTOU]
const stops = [...jobControl, SIGSTOP]
/** How long after a stop that it handles a command may take to stop itself. */
const ANSWER_MS = 1000

const waitStatus = new Int32Array(1)
const usage = new Float64Array(16)

/** All but SIGKILL and SIGSTOP; of those that libc keeps as many as this machine lets us have. */
const handled = signals.filter(({ catchable, reserved }) => catchable || reserved)

class Supervisor {
  readonly #options: Supervision
  readonly #pid: number
  readonly #forwarder: Forwarder
  readonly #terminal = new Terminal()
  readonly #exit: (code: number) => void
  #code: number | undefined
  #ending: Ending | undefined
  #reapScheduled = false
  /** The stop that was forwarded last, with no SIGCONT since. */
  #stopAsked: { signo: number; at: number } | undefined
  /** The command is stopped, and so will we be. */
  #stopDue = false

  constructor(options: Supervision, exit: (code: number) => void) {
    this.#options = options
    this.#exit = exit
    // Before there is a child: what comes from now on waits in the inbox until it can be forwarded.
    const early = earlySignals()
    const now = process.hrtime.bigint()
    const receiver = {
      receive: (event: SignalEvent): void => {
        this.#receive(event)
      },
      missed: (): void => undefined,
    }
    for (const { number, reserved } of handled) {
      try {
        addReceiver(number, receiver, true, now)
      } catch (error) {
        if (!reserved) throw error
      }
    }
    countKeepAlive(1)
    this.#pid = spawnCommand(options.command, this.#terminal.fd)
    this.#forwarder = new Forwarder(this.#pid, options.group, options.rewrites)
    for (const signo of early) this.#forwarder.send(signo, null)
    // No SIGCHLD tells of those that ended before there was a handler: what whoever ran us by exec left, orphans.
    queueMicrotask(() => {
      this.#reap()
    })
  }

  #receive(event: SignalEvent): void {
    // With every batch, whatever it is of: a SIGCHLD that found the inbox full is made up for.
    if (!this.#reapScheduled) {
      this.#reapScheduled = true
      queueMicrotask(() => {
        this.#reapScheduled = false
        this.#reap()
      })
    }
    if (event.number === SIGCHLD || isOurOwn(event)) return
    if (this.#ending !== undefined) {
      const signo = this.#forwarder.target(event.number)
      if (signo !== 0) this.#ending.signal(signo)
      return
    }
    if (event.number === SIGCONT) {
      this.#stopAsked = undefined
      this.#stopDue = false
      this.#terminal.lend(this.#pid)
    }
    const signo = this.#forwarder.target(event.number)
    if (stops.includes(signo)) this.#stopAsked = { signo, at: performance.now() }
    this.#forwarder.send(event.number, event.value)
  }

  #reap(): void {
    let pid: number
    for (;;) {
      pid = native.wait4(-1, WNOHANG | WUNTRACED | __WALL, waitStatus, usage)
      if (pid <= 0) break
      // Once it is reaped, its number may be that of an orphan.
      if (pid === this.#pid && this.#code === undefined) this.#changed(waitStatus[0] ?? 0)
    }
    const childrenLeft = pid === 0
    if (this.#ending !== undefined) this.#ending.changed(childrenLeft)
    else if (this.#code !== undefined) this.#end(childrenLeft)
    else this.#followStop()
  }

  /** A raw wait status of the command, as the W* macros of wait(2) read it. */
  #changed(status: number): void {
    if ((status & 0xff) === 0x7f) {
      this.#stopped((status >> 8) & 0xff)
      return
    }
    const signal = status & 0x7f
    this.#code = signal === 0 ? (status >> 8) & 0xff : 128 + signal
  }

  /**
   * A shell that started us waits for us, not for the command: when that is stopped by the terminal, by a stop that we
   * forwarded, or by itself in front of the terminal, so are we. PID 1 cannot be stopped, and need not.
   */
  #stopped(signal: number): void {
    const byTerminal = jobControl.includes(signal)
      ? this.#terminal.isThere()
      : this.#terminal.isInFront(this.#pid)
    this.#stopDue = process.pid !== 1 && (byTerminal || this.#isAnswer(signal))
  }

  /** A command may handle the stop that it is asked for, and stop itself by SIGSTOP when it has done so. */
  #isAnswer(signal: number): boolean {
    const asked = this.#stopAsked
    if (asked === undefined) return false
    return signal === asked.signo || (signal === SIGSTOP && performance.now() - asked.at < ANSWER_MS)
  }

  #followStop(): void {
    // What has come meanwhile goes first: it may be the SIGCONT that ends this stop. We are here again after it.
    if (!this.#stopDue || native.signal_unread() === 1) return
    this.#stopAsked = undefined
    this.#stopDue = false
    native.kill(process.pid, SIGSTOP)
  }

  #end(childrenLeft: boolean): void {
    const { group, adopts, grace } = this.#options
    const remaining = remainingOf(adopts)
    const finish = (): void => {
      this.#terminal.takeBack(this.#pid)
      for (const { number, name } of handled) {
        const lost = native.signal_lost(number)
        if (lost > 0) complain(`${lost} of ${name ?? number} were not forwarded: too many at once`)
      }
      this.#exit(this.#code ?? 0)
    }
    if (remaining === undefined) {
      if (group) dismissGroup(this.#pid)
      finish()
    } else this.#ending = new Ending(remaining, grace, childrenLeft, finish)
  }
}

/** Resolves with the exit code. */
export function supervise(options: Supervision): Promise<number> {
  return new Promise((resolve) => new Supervisor(options, resolve))
}
