/**
 * The native side as TypeScript sees it, and the only file that loads it.
 *
 * Every function is raw: it takes what its C prototype takes and gives `>= 0` or `-errno`. It checks nothing
 * but the JavaScript type. The names are the C names, so that each can be looked up in the manual.
 * native/binding/ has the other half; test/native.test.ts compares the two.
 */
import { elsewhere } from './elsewhere.js'
import { loadAddon } from './load-addon.js'

/** @internal */
export interface Native {
  /** Numbers of the C headers: SIG*, SI_* ... A name that this platform lacks is absent. */
  readonly constants: Readonly<Partial<Record<string, number>>>

  // int kill(pid_t pid, int sig);
  kill(pid: number, sig: number): number
  // int killpg(int pgrp, int sig);
  killpg(pgrp: number, sig: number): number
  // int tgkill(pid_t tgid, pid_t tid, int sig);
  tgkill(tgid: number, tid: number, sig: number): number
  // int raise(int sig);
  raise(sig: number): number
  // int sigqueue(pid_t pid, int sig, const union sigval value);
  sigqueue(pid: number, sig: number, value: number | bigint): number
  // int rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int sig, siginfo_t *info);
  rt_tgsigqueueinfo(tgid: number, tid: number, sig: number, code: number, value: number | bigint): number
  // Default action, unblocked, raised. Returns only where that does nothing.
  exit_by_signal(sig: number): number

  // pid_t getpgid(pid_t pid);
  getpgid(pid: number): number
  // pid_t getsid(pid_t pid);
  getsid(pid: number): number
  // pid_t getpgrp(void);
  getpgrp(): number
  // int setpgid(pid_t pid, pid_t pgid);
  setpgid(pid: number, pgid: number): number

  // int pidfd_open(pid_t pid, unsigned int flags);
  pidfd_open(pid: number, flags: number): number
  // int pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned int flags); with a null info
  pidfd_send_signal(pidfd: number, sig: number, flags: number): number
  // The same with an info of this code and value.
  pidfd_send_siginfo(pidfd: number, sig: number, code: number, value: number | bigint, flags: number): number
  // int ioctl(int pidfd, PIDFD_GET_INFO, struct pidfd_info *info); out: mask, cgroupid, pid, tgid, ppid, ruid, rgid,
  // euid, egid, suid, sgid, fsuid, fsgid, exit_code
  pidfd_get_info(pidfd: number, mask: number | bigint, out: BigInt64Array): number
  // The inode of a pidfd on pidfs, into out[0]; -EOPNOTSUPP on kernels whose pidfds have none of their own.
  pidfd_inode(pidfd: number, out: BigInt64Array): number
  // int poll(&(struct pollfd){ pidfd, POLLIN }, 1, 0); gives revents
  pidfd_poll(pidfd: number): number
  // int process_mrelease(int pidfd, unsigned int flags);
  process_mrelease(pidfd: number, flags: number): number
  // Bits of what this kernel and sandbox can do, in step with core/kernel_probe.h; see features.ts.
  kernel_features(): number
  // From now on the end of this environment closes the fd, which is made close-on-exec.
  own_fd(fd: number): number
  // From now on, or no more, the end of this environment sends SIGCONT to the process of an owned pidfd.
  wake_at_end(pidfd: number, on: number): number
  // getrlimit(RLIMIT_NOFILE), the soft limit; -1 for none.
  rlimit_nofile(): number
  // int fcntl(fd, F_DUPFD_CLOEXEC, 3);
  dup_fd(fd: number): number
  // int close(int fd); of an owned fd
  close_fd(fd: number): number

  // Starts this environment's watch; `callback` is called when there is something to drain.
  exit_watch_open(callback: () => void, useUv: number): number
  // int epoll_ctl(epoll, EPOLL_CTL_ADD, pidfd, { EPOLLIN | EPOLLET, token });
  exit_watch_add(pidfd: number, token: number): number
  // int epoll_ctl(epoll, EPOLL_CTL_DEL, pidfd, NULL);
  exit_watch_remove(pidfd: number): number
  // Fills pairs of (token, events), gives how many pairs.
  exit_watch_drain(out: Int32Array, capacity: number): number
  // Whether the watch keeps the event loop alive.
  exit_watch_ref(keepAlive: number): number
  // 1 where the host has the libuv functions.
  has_uv(): number

  // int waitid(idtype_t idtype, id_t id, siginfo_t *info, int options); out: si_pid, si_uid, si_code, si_status; rusage
  waitid(idtype: number, id: number, options: number, out: Int32Array, rusage: Float64Array): number
  // pid_t wait4(pid_t pid, int *wstatus, int options, struct rusage *rusage);
  wait4(pid: number, options: number, status: Int32Array, rusage: Float64Array): number
  // int prctl(int option, unsigned long arg2);
  prctl(option: number, argument: number): number
  // int prctl(PR_GET_CHILD_SUBREAPER, int *on); gives the value
  prctl_get_child_subreaper(): number
  // pid_t getppid(void);
  getppid(): number
  // /proc/self/task/TID/children of the calling thread: how many there are, the first `capacity` in out.
  own_children(out: Int32Array, capacity: number): number
  // The pids that this environment's libuv will reap: how many, or -ENOSYS in a host without libuv.
  loop_processes(out: Int32Array, capacity: number): number
  // Calls back on SIGCHLD, through libuv: 0, or -ENOSYS.
  child_signal_open(callback: () => void): number
  // Whether it listens, and whether that keeps the event loop alive.
  child_signal_set(on: number, keepAlive: number): number

  // int sigaction(int signum, act, oldact); `to`: 0 SIG_DFL, 1 SIG_IGN, -1 only asks; out: disposition (2: a handler),
  // flags, mask
  sigaction(signum: number, to: number, out: BigInt64Array): number
  // sigaction that remembers what it replaced: gives a ticket.
  replace_action(signum: number, to: number): number
  // Puts back what the ticket stands for, once.
  restore_action(ticket: number): number
  // int sigprocmask(int how, set, oldset); inout[0]: the set as bits (signal n is bit n - 1), then the old one; how -1 asks
  sigprocmask(how: number, inout: BigInt64Array): number
  // int sigpending(sigset_t *set); out[0]: the bits
  sigpending(out: BigInt64Array): number

  // Starts this environment's inbox; `callback` is called when there is something to drain.
  signal_open(callback: () => void, useUv: number): number
  // Installs the handler where it is the first; take: what was installed before is not called meanwhile.
  signal_subscribe(sig: number, take: number): number
  // The last one of a signal puts back what was there. 1 when a watcher of libuv stays behind: a spare.
  signal_unsubscribe(sig: number): number
  // The spare goes: somebody else watches the signal now.
  signal_drop_spare(sig: number): number
  // 1 when something is recorded that has not been drained.
  signal_unread(): number
  // Records of 64 bytes (native/core/signal_event.h), gives how many.
  signal_drain(out: BigInt64Array, capacity: number): number
  // How many of this signal did not fit into this environment's inbox, ever.
  signal_lost(sig: number): number
  // 1 when the installed handler is ours.
  signal_installed(sig: number): number
  // 1 when any environment is subscribed to it.
  signal_subscribed(sig: number): number
  // Samples what libuv has still to be told of: 1 when it is so much that some may have been dropped.
  chain_sample(): number
  // After libuv has read its pipe: what was sampled has been told, or never will be.
  chain_settle(): number
  // Whether the inbox keeps the event loop alive.
  signal_ref(keepAlive: number): number
  // One more (1) or less (-1) that wants to know the sender's comm.
  signal_identify(sig: number, change: number): number
  // (sig, ms or -1, then, its exit code, second, its exit code): a slot. Actions as in native/core/default_action.h.
  deadline_add(sig: number, ms: number, then: number, exit: number, second: number, code: number): number
  // One arrival has been handled.
  deadline_handled(slot: number): number
  // Frees the slot.
  deadline_remove(slot: number): number

  // /proc/PID/stat; out: state, ppid, pgrp, session, num_threads, starttime, exit_code (core/proc_reader.h)
  proc_stat(pid: number, out: Float64Array): number
  // 1 when the private fields of /proc/PID are shown to us, else 0.
  proc_may_read(pid: number): number
  // Milliseconds since the epoch of the boot, into out[0].
  boot_time(out: Float64Array): number
  // /proc/PID/task/*/children of any process: how many there are, the first `capacity` in out; -ESRCH for no process.
  proc_children(pid: number, out: Int32Array, capacity: number): number
  // The same for `count` processes at once: how many pairs of (child, parent), the first `capacity` pairs in out.
  proc_children_of_all(pids: Int32Array, count: number, out: Int32Array, capacity: number): number
  // The processes whose getpgid() or getsid() is one of ids: how many there are, the first `capacity` in out.
  proc_members_of(ids: Int32Array, count: number, out: Int32Array, capacity: number): number
  // The state letters of /proc/PID/task/*/stat as character codes: how many threads, the first `capacity` in out.
  proc_thread_states(pid: number, out: Uint8Array, capacity: number): number
  // int sched_yield(void);
  sched_yield(): number
  // As proc_stat, and the bytes of the comm, for which there must be room for 64: how many.
  proc_stat_comm(pid: number, out: Float64Array, comm: Uint8Array): number
}

/**
 * Whether sigkit can do its work here: true on Linux, false elsewhere.
 *
 * Where it is false the module still imports; `kill`, `tryKill`, `killpg`, `signals` and the errors work over
 * `process.kill`, and everything else throws `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM`.
 *
 * @example
 * import { supported } from 'sigkit'
 * if (!supported) console.warn('no pidfds here')
 */
export const supported: boolean = process.platform === 'linux'

/** @internal */
export const native: Native = supported ? (loadAddon() as Native) : elsewhere

/**
 * State that belongs to the addon and not to this module: the addon has one callback per environment and kind of event,
 * and the module may be there twice over one addon (jest's resetModules, a cleared require.cache).
 * @internal
 */
export function sharedByAddon<T extends object>(name: string, make: () => T): T {
  const holder = native as unknown as Record<symbol, T | undefined>
  return (holder[Symbol.for(`sigkit.${name}`)] ??= make())
}
