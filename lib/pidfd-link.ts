/** A hold on a process through a pidfd. */
import { readFileSync, readlinkSync } from 'node:fs'
import { errno, systemError } from './errors.js'
import { watchPidfd } from './exit-watch.js'
import { KERNEL, kernelHas } from './features.js'
import type { Identity } from './identity.js'
import type { Link, ProcessState, Scope, Watch } from './link.js'
import { native } from './native.js'
import { procStat } from './proc-stat.js'

const { POLLIN = 1, POLLHUP = 16, SI_QUEUE = -1 } = native.constants
const {
  PIDFD_SIGNAL_THREAD = 1,
  PIDFD_SIGNAL_THREAD_GROUP = 2,
  PIDFD_SIGNAL_PROCESS_GROUP = 4,
} = native.constants

const inode = new BigInt64Array(1)

/** What /proc says of a descriptor of ours; undefined when it is no pidfd. */
function pidfdInfo(fd: number): { pid: number; thread: boolean } | undefined {
  try {
    // The same text on pidfs and before it. A directory of /proc, which pidfd_send_signal takes too, has another.
    if (readlinkSync(`/proc/self/fd/${fd}`) !== 'anon_inode:[pidfd]') return undefined
    const text = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')
    const pid = Number(/^Pid:\t(-?\d+)$/m.exec(text)?.[1])
    const flags = parseInt(/^flags:\t(\d+)$/m.exec(text)?.[1] ?? '0', 8)
    const { PIDFD_THREAD = 0 } = native.constants
    return { pid: pid > 0 ? pid : NaN, thread: (flags & PIDFD_THREAD) !== 0 }
  } catch {
    return undefined
  }
}

/** @internal */
export class PidfdLink implements Link {
  readonly pid: number
  readonly thread: boolean
  readonly raceFree: boolean
  readonly sendSyscall: string
  #fd: number
  #identity: Identity | undefined

  /** Takes an fd that this environment owns: it is closed by close(), or with the environment. */
  constructor(fd: number, pid: number, thread: boolean) {
    this.pid = pid
    this.thread = thread
    this.#fd = fd
    this.raceFree = kernelHas(KERNEL.pidfdSend)
    this.sendSyscall = this.raceFree ? 'pidfd_send_signal' : 'kill'
  }

  /** Takes an fd that came from elsewhere. EBADF: it is no pidfd. */
  static received(fd: number, caller: (...args: never[]) => unknown): PidfdLink {
    const info = pidfdInfo(fd)
    if (info === undefined) throw systemError('fcntl', -errno.EBADF, { fd, note: 'it is no pidfd' }, caller)
    const owned = native.own_fd(fd)
    if (owned < 0) throw systemError('fcntl', owned, { pid: info.pid }, caller)
    return new PidfdLink(fd, info.pid, info.thread)
  }

  get fd(): number {
    return this.#fd
  }

  get closed(): boolean {
    return this.#fd === -1
  }

  send(signal: number, scope: Scope, value: number | bigint | undefined): number {
    if (!this.raceFree) return this.#sendByNumber(signal, scope, value)
    if (scope === 'group' && !kernelHas(KERNEL.pidfdGroup)) return this.#sendToGroupByNumber(signal, value)
    const flags = this.#flags(scope)
    return value === undefined
      ? native.pidfd_send_signal(this.#fd, signal, flags)
      : native.pidfd_send_siginfo(this.#fd, signal, SI_QUEUE, value, flags)
  }

  // The kind of the pidfd is the kernel's default; a flag is only for the other one, so that kernels before 6.9, which
  // know no flags, see none.
  #flags(scope: Scope): number {
    if (scope === 'group') return PIDFD_SIGNAL_PROCESS_GROUP
    if (scope === 'thread') return this.thread ? 0 : PIDFD_SIGNAL_THREAD
    return this.thread ? PIDFD_SIGNAL_THREAD_GROUP : 0
  }

  /** pidfd_open works and pidfd_send_signal does not (a sandbox): the pidfd says whether the number is still its own. */
  #sendByNumber(signal: number, scope: Scope, value: number | bigint | undefined): number {
    if (Number.isNaN(this.pid)) return -errno.EREMOTE // it has no number in our pid namespace
    if (scope === 'group') return this.#sendToGroupByNumber(signal, value)
    if (this.state() === 'gone') return -errno.ESRCH
    if (this.thread || scope === 'thread') return -errno.EOPNOTSUPP
    return value === undefined ? native.kill(this.pid, signal) : native.sigqueue(this.pid, signal, value)
  }

  /** Below 6.9: killpg while the leader, which pins the number, is verified to be there. Never group 1: see killpg. */
  #sendToGroupByNumber(signal: number, value: number | bigint | undefined): number {
    if (Number.isNaN(this.pid)) return -errno.EREMOTE
    if (this.state() === 'gone' || native.getpgid(this.pid) !== this.pid) return -errno.ESRCH
    if (this.pid === 1 || value !== undefined) return -errno.EOPNOTSUPP
    return native.killpg(this.pid, signal)
  }

  state(): ProcessState {
    const events = native.pidfd_poll(this.#fd)
    if (events < 0) throw systemError('poll', events, { pid: this.pid })
    if ((events & POLLHUP) !== 0) return 'gone'
    if ((events & POLLIN) === 0) return 'alive'
    // The hang-up at the reap came with thread pidfds (6.9). Before, a signal that finds nobody tells.
    if (kernelHas(KERNEL.pidfdThread)) return 'zombie'
    if (!kernelHas(KERNEL.pidfdSend)) return procStat(this.pid)?.state === 'Z' ? 'zombie' : 'gone'
    return native.pidfd_send_signal(this.#fd, 0, 0) === -errno.ESRCH ? 'gone' : 'zombie'
  }

  identity(): Identity {
    this.#identity ??= this.#readIdentity()
    return this.#identity
  }

  #readIdentity(): Identity {
    const result = native.pidfd_inode(this.#fd, inode)
    if (result === 0) return { kind: 'inode', value: BigInt.asUintN(64, inode[0] ?? 0n) }
    if (result !== -errno.EOPNOTSUPP) throw systemError('fstatfs', result, { pid: this.pid })
    const ticks = this.startTicks()
    if (ticks === undefined) throw systemError('pidfd_open', -errno.ESRCH, { pid: this.pid })
    return { kind: 'ticks', value: BigInt(ticks) }
  }

  startTicks(): number | undefined {
    const stat = procStat(this.pid)
    // Read by number, so true only if the pidfd says afterwards that the number was still its own.
    return this.state() === 'gone' ? undefined : stat?.startTicks
  }

  watch(onChange: (state?: ProcessState) => void): Watch {
    return watchPidfd(this.#fd, this.pid, onChange)
  }

  dup(): PidfdLink {
    const fd = native.dup_fd(this.#fd)
    if (fd < 0) throw systemError('fcntl', fd, { pid: this.pid })
    return new PidfdLink(fd, this.pid, this.thread)
  }

  close(): void {
    if (this.#fd === -1) return
    const fd = this.#fd
    this.#fd = -1
    native.close_fd(fd)
  }
}
