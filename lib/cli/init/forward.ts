/** What reaches `sigkit init` goes on to the command, as it came. */
import { native } from '../../native.js'
import type { SignalEvent } from '../../signal-records.js'
import { nameIfAny } from '../../signals.js'
import { complain } from '../usage.js'
import { errnoText } from './spawn-command.js'
import type { Rewrites } from './rewrites.js'

const { SI_QUEUE = -1, PIDFD_SIGNAL_PROCESS_GROUP = 4 } = native.constants

/** Not sent to us but caused by us: SIGPIPE of our own message, what abort(3) raises. */
export function isOurOwn({ sender, code }: SignalEvent): boolean {
  return sender?.pid === process.pid && (code === 'SI_USER' || code === 'SI_TKILL')
}

export class Forwarder {
  readonly #pid: number
  readonly #group: boolean
  readonly #rewrites: Rewrites
  #pidfd = -1
  #warned = false

  constructor(pid: number, group: boolean, rewrites: Rewrites) {
    this.#pid = pid
    this.#group = group
    this.#rewrites = rewrites
  }

  /** What is to be sent for this one; 0 for nothing. */
  target(signo: number): number {
    return this.#rewrites.get(signo) ?? signo
  }

  /** What came, rewritten; `value` is null where it had none. */
  send(came: number, value: bigint | null): void {
    const signo = this.target(came)
    if (signo === 0) return
    if (value !== null && this.#queue(signo, value)) return
    // The command may be a zombie, or not be ours to signal any more (it changed its user): as with kill(1).
    native.kill(this.#group ? -this.#pid : this.#pid, signo)
  }

  /** Whether it went out with its value. */
  #queue(signo: number, value: bigint): boolean {
    const result = this.#group ? this.#queueToGroup(signo, value) : native.sigqueue(this.#pid, signo, value)
    if (result >= 0) return true
    if (!this.#warned)
      complain(`${nameIfAny(signo) ?? signo} goes on without its value (said once): ${errnoText(result)}`)
    this.#warned = true
    return false
  }

  /** sigqueue(3) takes one process; a pidfd takes a group since Linux 6.9. */
  #queueToGroup(signo: number, value: bigint): number {
    if (this.#pidfd < 0) this.#pidfd = native.pidfd_open(this.#pid, 0)
    if (this.#pidfd < 0) return this.#pidfd
    return native.pidfd_send_siginfo(this.#pidfd, signo, SI_QUEUE, value, PIDFD_SIGNAL_PROCESS_GROUP)
  }
}
