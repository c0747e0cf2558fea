// Raw system calls: each returns >= 0 or -errno, and does nothing else. The only file that names SYS_*.
//
// Why not the C library's wrappers where it has them: the published binary must load on glibc 2.28, where
// tgkill() and gettid() (2.30) are missing, and <sys/pidfd.h> of glibc 2.36 has no extern "C" at all.
#ifndef SIGKIT_CORE_SYSCALLS_H
#define SIGKIT_CORE_SYSCALLS_H

#include <fcntl.h>
#include <linux/stat.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "pidfd_abi.h"

// One number on every architecture: these calls came after the tables were unified (5.1 and later). Alpha
// alone differs, and Node does not run there.
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif

namespace sigkit {

// The C library's convention (-1 and errno) turned into ours.
template <typename T>
inline int OrErrno(T result) {
  return result < 0 ? -errno : static_cast<int>(result);
}

// What stands in the way of asking anything, and is no answer.
inline bool IsShortage(int result) { return result == -EMFILE || result == -ENFILE || result == -ENOMEM; }

inline int sys_kill(pid_t pid, int sig) { return OrErrno(kill(pid, sig)); }

inline int sys_killpg(pid_t pgrp, int sig) { return OrErrno(killpg(pgrp, sig)); }

inline int sys_gettid() { return static_cast<int>(syscall(SYS_gettid)); }

inline int sys_tgkill(pid_t tgid, pid_t tid, int sig) { return OrErrno(syscall(SYS_tgkill, tgid, tid, sig)); }

// raise(3) goes to the calling thread. By hand, because glibc's refuses nothing we must not refuse and
// blocks application signals around the call, which costs two more system calls.
inline int sys_raise(int sig) { return sys_tgkill(getpid(), sys_gettid(), sig); }

// The calling thread's mask. Not pthread_sigmask, which is 2.32 in glibc; on Linux both are the same call.
inline int sys_sigmask(int how, const sigset_t* set, sigset_t* old) {
  return OrErrno(sigprocmask(how, set, old));  // NOLINT(concurrency-mt-unsafe)
}

// -- signal actions and masks by hand: libc's leave out the numbers that it keeps for itself

constexpr int kLastSignal = 64;

inline int sys_raw_sigmask(int how, uint64_t set, uint64_t* old) {
  return OrErrno(syscall(SYS_rt_sigprocmask, how, &set, old, sizeof set));
}

// Zeros in every member, whatever the architecture's struct looks like, are SIG_DFL with no flags.
inline int sys_default_action(int sig) {
  const unsigned char action[64] = {};
  return OrErrno(syscall(SYS_rt_sigaction, sig, action, nullptr, kLastSignal / 8));
}

#if defined(__x86_64__) || defined(__aarch64__)
struct KernelSigaction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

inline int sys_raw_sigaction(int sig, const KernelSigaction* next, KernelSigaction* old) {
  return OrErrno(syscall(SYS_rt_sigaction, sig, next, old, kLastSignal / 8));
}

// What libc has a handler return to, where it has such a thing: of any signal that has one.
inline void BorrowRestorer(KernelSigaction* action) {
  constexpr unsigned long kHasRestorer = 0x04000000;
  for (int sig = 1; sig <= kLastSignal; sig++) {
    KernelSigaction other = {};
    if (sys_raw_sigaction(sig, nullptr, &other) < 0 || (other.flags & kHasRestorer) == 0) continue;
    action->flags |= kHasRestorer;
    action->restorer = other.restorer;
    return;
  }
}

inline int sys_reserved_action(int sig, const struct sigaction* next, struct sigaction* old) {
  KernelSigaction raw = {};
  if (next != nullptr) {
    raw.handler = next->sa_handler;  // a union with sa_sigaction
    raw.flags = static_cast<unsigned long>(next->sa_flags);
    raw.mask = ~uint64_t{0};
    BorrowRestorer(&raw);
  }
  KernelSigaction before = {};
  const int result = sys_raw_sigaction(sig, next == nullptr ? nullptr : &raw, &before);
  if (old != nullptr) {
    std::memset(old, 0, sizeof *old);
    old->sa_handler = before.handler;
    old->sa_flags = static_cast<int>(before.flags);
  }
  return result;
}
#else
inline int sys_reserved_action(int, const struct sigaction*, struct sigaction*) { return -EINVAL; }
#endif

// The kernel looks at the address alone, whatever SA_SIGINFO says; sa_handler is a union with sa_sigaction.
inline bool IsDefaultAction(const struct sigaction& action) { return action.sa_handler == SIG_DFL; }
inline bool HasHandler(const struct sigaction& action) {
  return action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
}

inline bool IsReservedSignal(int sig) { return sig > 31 && sig < SIGRTMIN; }

inline int sys_sigaction(int sig, const struct sigaction* next, struct sigaction* old) {
  return IsReservedSignal(sig) ? sys_reserved_action(sig, next, old) : OrErrno(sigaction(sig, next, old));
}

inline int sys_setpgid(pid_t pid, pid_t pgid) { return OrErrno(setpgid(pid, pgid)); }
inline int sys_getpgid(pid_t pid) { return OrErrno(getpgid(pid)); }
inline int sys_getsid(pid_t pid) { return OrErrno(getsid(pid)); }
inline int sys_getpgrp() { return getpgrp(); }
inline int sys_tcgetpgrp(int fd) { return OrErrno(tcgetpgrp(fd)); }
// From the background the call itself raises SIGTTOU, unless that is blocked.
inline int sys_tcsetpgrp(int fd, pid_t pgrp) {
  sigset_t output;
  sigset_t old;
  sigemptyset(&output);
  sigaddset(&output, SIGTTOU);
  sys_sigmask(SIG_BLOCK, &output, &old);
  const int result = OrErrno(tcsetpgrp(fd, pgrp));
  sys_sigmask(SIG_SETMASK, &old, nullptr);
  return result;
}

// A siginfo as sigqueue(3) fills it. Everything that is not set is zero: the kernel copies all 128 bytes, and
// what the stack held there would reach the receiver (pkill -q of procps leaks the upper half of sival_ptr
// so).
inline siginfo_t QueuedSiginfo(int sig, int code, int64_t value) {
  siginfo_t info;
  std::memset(&info, 0, sizeof info);
  info.si_signo = sig;
  info.si_code = code;
  info.si_pid = getpid();
  info.si_uid = getuid();
  // The pointer is the widest member of the union, so sival_int is its low half on little-endian machines.
  info.si_value.sival_ptr = reinterpret_cast<void*>(static_cast<intptr_t>(value));
  return info;
}

inline int sys_rt_sigqueueinfo(pid_t tgid, int sig, const siginfo_t* info) {
  return OrErrno(syscall(SYS_rt_sigqueueinfo, tgid, sig, info));
}

inline int sys_rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int sig, const siginfo_t* info) {
  return OrErrno(syscall(SYS_rt_tgsigqueueinfo, tgid, tid, sig, info));
}

inline int sys_sched_yield() { return OrErrno(sched_yield()); }

// -- pidfds

inline int sys_pidfd_open(pid_t pid, unsigned flags) { return OrErrno(syscall(SYS_pidfd_open, pid, flags)); }

inline int sys_pidfd_send_signal(int pidfd, int sig, const siginfo_t* info, unsigned flags) {
  return OrErrno(syscall(SYS_pidfd_send_signal, pidfd, sig, info, flags));
}

inline int sys_pidfd_get_info(int pidfd, PidfdInfo* info) {
  return OrErrno(ioctl(pidfd, kPidfdGetInfo, info));
}

// A process without an exit signal that ends at once with `code`; its pid, and a pidfd for it. This thread
// stands still until it has ended.
#if defined(__SANITIZE_THREAD__)
// The thread sanitizer hooks clone(3) and would run its after-fork work on our memory: a plain fork of its
// own, by hand.
inline int sys_clone_ending(int code, int* pidfd) {
  const auto pid = syscall(SYS_clone, CLONE_VFORK | CLONE_PIDFD, nullptr, pidfd, nullptr, nullptr);
  if (pid == 0) syscall(SYS_exit_group, code);
  return OrErrno(pid);
}
#else
// It shares our memory, so nothing is copied, and runs on a stack of its own. One caller at a time.
inline int sys_clone_ending(int code, int* pidfd) {
  alignas(16) static char stack[16384];
  const auto end = [](void* argument) { return *static_cast<int*>(argument); };
  return OrErrno(clone(end, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD, &code, pidfd));
}
#endif

inline int sys_process_mrelease(int pidfd, unsigned flags) {
  return OrErrno(syscall(SYS_process_mrelease, pidfd, flags));
}

// The raw call, because its fifth argument (rusage) is not in the C library's. With WNOHANG and nothing to
// tell it gives 0 and leaves si_pid 0: look at that, not at the result.
inline int sys_waitid(int idtype, id_t id, siginfo_t* info, int options, struct rusage* usage) {
  info->si_pid = 0;
  return OrErrno(syscall(SYS_waitid, idtype, id, info, options, usage));
}

// Never blocks: the events that are there now, 0 for none. A signal that comes meanwhile interrupts it all
// the same (EINTR).
inline int sys_poll_now(int fd, short events) {
  struct pollfd entry = {fd, events, 0};
  int result;
  do {
    result = OrErrno(poll(&entry, 1, 0));
  } while (result == -EINTR);
  return result <= 0 ? result : entry.revents;
}

inline int sys_wait4(pid_t pid, int* status, int options, struct rusage* usage) {
  return OrErrno(wait4(pid, status, options, usage));
}

inline int sys_prctl(int option, unsigned long argument) { return OrErrno(prctl(option, argument, 0, 0, 0)); }

inline int sys_get_subreaper() {
  int on = 0;
  const int result = OrErrno(prctl(PR_GET_CHILD_SUBREAPER, &on, 0, 0, 0));
  return result < 0 ? result : on;
}

// -- file descriptors

inline int sys_close(int fd) { return OrErrno(close(fd)); }

inline int sys_dup_cloexec(int fd) { return OrErrno(fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

inline int sys_set_cloexec(int fd) { return OrErrno(fcntl(fd, F_SETFD, FD_CLOEXEC)); }

inline int sys_rlimit_nofile() {
  struct rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -errno;
  return limit.rlim_cur == RLIM_INFINITY ? -1 : static_cast<int>(limit.rlim_cur);
}

// statx(2): the C library's fstat() is a symbol of glibc 2.33, and its st_ino has 32 bits on 32-bit machines.
inline int sys_inode(int fd, uint64_t* inode) {
  struct statx status = {};
  const int result = OrErrno(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_INO, &status));
  *inode = status.stx_ino;
  return result;
}

// linux_dirent64 of getdents64(2), which the C library's headers lack.
struct DirectoryEntry {
  uint64_t inode;
  int64_t next;
  uint16_t length;
  uint8_t type;
  char name[5];  // and as many more as there are, with a NUL
};

// The entries that fit: the bytes they take, 0 at the end.
inline int sys_getdents(int directory, void* entries, size_t capacity) {
  return OrErrno(syscall(SYS_getdents64, directory, entries, capacity));
}

// Who owns what the descriptor stands for.
inline int sys_owner(int fd, uint32_t* uid) {
  struct statx status = {};
  const int result = OrErrno(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_UID, &status));
  *uid = status.stx_uid;
  return result;
}

// How many links a file has; a directory of /proc has one for each directory in it, and two.
inline int sys_links(int directory, const char* path) {
  struct statx status = {};
  const int result = OrErrno(syscall(SYS_statx, directory, path, 0, STATX_NLINK, &status));
  return result < 0 ? result : static_cast<int>(status.stx_nlink);
}

// Which file a path leads to.
struct FileId {
  uint64_t inode;
  uint32_t major, minor;
  bool operator==(const FileId& other) const {
    return inode == other.inode && major == other.major && minor == other.minor;
  }
};
inline int sys_file_id(int directory, const char* path, FileId* id) {
  struct statx status = {};
  const int result = OrErrno(syscall(SYS_statx, directory, path, 0, STATX_INO, &status));
  *id = {status.stx_ino, status.stx_dev_major, status.stx_dev_minor};
  return result;
}

// -- epoll, eventfd

inline int sys_epoll_create() { return OrErrno(epoll_create1(EPOLL_CLOEXEC)); }

inline int sys_epoll_add(int epoll, int fd, uint32_t events, uint64_t data) {
  struct epoll_event event = {};
  event.events = events;
  event.data.u64 = data;
  return OrErrno(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

inline int sys_epoll_del(int epoll, int fd) {
  struct epoll_event event = {};  // kernels before 2.6.9 wanted one; so does Valgrind
  return OrErrno(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event));
}

inline int sys_epoll_now(int epoll, struct epoll_event* events, int capacity) {
  return OrErrno(epoll_wait(epoll, events, capacity, 0));
}

inline int sys_eventfd() { return OrErrno(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

}  // namespace sigkit

#endif
