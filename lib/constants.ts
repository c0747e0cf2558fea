/** The constants that `sigkit/syscalls` exports, by their C names: all of them from the C headers. */
import { native } from './native.js'

/** On a platform without the name it is NaN, which no call accepts. */
function constant(name: string): number {
  return native.constants[name] ?? NaN
}

/** `si_code`: sent by kill(2). */
export const SI_USER = constant('SI_USER')
/** `si_code`: sent by the kernel. */
export const SI_KERNEL = constant('SI_KERNEL')
/** `si_code`: sent by sigqueue(3). */
export const SI_QUEUE = constant('SI_QUEUE')
/** `si_code`: a POSIX timer expired. */
export const SI_TIMER = constant('SI_TIMER')
/** `si_code`: a POSIX message queue changed. */
export const SI_MESGQ = constant('SI_MESGQ')
/** `si_code`: asynchronous I/O completed. */
export const SI_ASYNCIO = constant('SI_ASYNCIO')
/** `si_code`: a queued SIGIO. */
export const SI_SIGIO = constant('SI_SIGIO')
/** `si_code`: sent by tkill(2) or tgkill(2). */
export const SI_TKILL = constant('SI_TKILL')
/** `si_code`: the kernel's own, to the other threads of a process that executes another program. */
export const SI_DETHREAD = constant('SI_DETHREAD')
/** `si_code`: glibc's own, for a name looked up asynchronously (getaddrinfo_a). */
export const SI_ASYNCNL = constant('SI_ASYNCNL')
/** `pidfd_open`: waitid on it never blocks (5.10). */
export const PIDFD_NONBLOCK = constant('PIDFD_NONBLOCK')
/** `pidfd_open`: a thread, not a process (6.9). */
export const PIDFD_THREAD = constant('PIDFD_THREAD')
/** `pidfd_send_signal`: the one thread (6.9). */
export const PIDFD_SIGNAL_THREAD = constant('PIDFD_SIGNAL_THREAD')
/** `pidfd_send_signal`: the whole process (6.9). */
export const PIDFD_SIGNAL_THREAD_GROUP = constant('PIDFD_SIGNAL_THREAD_GROUP')
/** `pidfd_send_signal`: the process group that it leads (6.9). */
export const PIDFD_SIGNAL_PROCESS_GROUP = constant('PIDFD_SIGNAL_PROCESS_GROUP')
/** PIDFD_GET_INFO: pid, tgid, ppid (6.13). */
export const PIDFD_INFO_PID = constant('PIDFD_INFO_PID')
/** PIDFD_GET_INFO: user and group ids (6.13). */
export const PIDFD_INFO_CREDS = constant('PIDFD_INFO_CREDS')
/** PIDFD_GET_INFO: the cgroup's id (6.13). */
export const PIDFD_INFO_CGROUPID = constant('PIDFD_INFO_CGROUPID')
/** PIDFD_GET_INFO: the wait status, after the reap (6.15). */
export const PIDFD_INFO_EXIT = constant('PIDFD_INFO_EXIT')
/** `sa_flags`: SIGCHLD only when a child ends, not when it stops. */
export const SA_NOCLDSTOP = constant('SA_NOCLDSTOP')
/** `sa_flags`: children leave no zombies. */
export const SA_NOCLDWAIT = constant('SA_NOCLDWAIT')
/** `sa_flags`: the handler does not block its own signal. */
export const SA_NODEFER = constant('SA_NODEFER')
/** `sa_flags`: the handler runs on the alternate stack. */
export const SA_ONSTACK = constant('SA_ONSTACK')
/** `sa_flags`: one shot: the disposition is reset when the handler runs. */
export const SA_RESETHAND = constant('SA_RESETHAND')
/** `sa_flags`: interrupted system calls start again. */
export const SA_RESTART = constant('SA_RESTART')
/** `sa_flags`: set by libc for itself, and seen in the flags of its handlers. */
export const SA_RESTORER = constant('SA_RESTORER')
/** `sa_flags`: the handler gets a siginfo. */
export const SA_SIGINFO = constant('SA_SIGINFO')
/** Do not block. */
export const WNOHANG = constant('WNOHANG')
/** Waitpid: also stopped children. */
export const WUNTRACED = constant('WUNTRACED')
/** Also children that SIGCONT woke. */
export const WCONTINUED = constant('WCONTINUED')
/** Waitid: look, take nothing. */
export const WNOWAIT = constant('WNOWAIT')
/** Waitid: children that ended. */
export const WEXITED = constant('WEXITED')
/** Waitid: children that stopped. */
export const WSTOPPED = constant('WSTOPPED')
/** Children of every kind of clone. */
export const __WALL = constant('__WALL')
/** Waitid: one child. */
export const P_PID = constant('P_PID')
/** Waitid: a process group. */
export const P_PGID = constant('P_PGID')
/** Waitid: any child. */
export const P_ALL = constant('P_ALL')
/** Waitid: the child of a pidfd (5.4). */
export const P_PIDFD = constant('P_PIDFD')
/** `si_code`: a child exited. */
export const CLD_EXITED = constant('CLD_EXITED')
/** `si_code`: a signal ended a child. */
export const CLD_KILLED = constant('CLD_KILLED')
/** `si_code`: a signal ended a child, with a core dump. */
export const CLD_DUMPED = constant('CLD_DUMPED')
/** `si_code`: a traced child has trapped. */
export const CLD_TRAPPED = constant('CLD_TRAPPED')
/** `si_code`: a child stopped. */
export const CLD_STOPPED = constant('CLD_STOPPED')
/** `si_code`: a stopped child went on. */
export const CLD_CONTINUED = constant('CLD_CONTINUED')
