#include "kernel_probe.h"

#include <atomic>
#include <mutex>

#include "children.h"
#include "identity.h"
#include "sigsys_guard.h"
#include "syscalls.h"

namespace sigkit {
namespace {

constexpr int kProbeExitCode = 42;

// EAGAIN: no process to be had.
bool IsPassing(int result) { return IsShortage(result) || result == -EAGAIN; }

// Does a pidfd tell how its process ended, after the reap? Only a process that ended can answer, so one is
// made: it shares our memory and suspends this thread until it has ended (as vfork does), so nothing is
// copied; it has no exit signal, so that no SIGCHLD is seen and no waitpid(-1) without __WALL can take it.
int ProbeExitInfo() {
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  // Handlers must not run in the child: they would run on our memory.
  sys_sigmask(SIG_BLOCK, &all, &old);
  int pidfd = -1;
  const int pid = sys_clone_ending(kProbeExitCode, &pidfd);
  sys_sigmask(SIG_SETMASK, &old, nullptr);
  if (pid < 0) return pid;
  siginfo_t info;
  int waited;
  do {
    waited = sys_waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | __WALL, nullptr);
  } while (waited == -EINTR);
  if (pidfd < 0) return 0;  // the kernel did not know the flag
  PidfdInfo exit = {};
  exit.mask = kPidfdInfoExit;
  const int result = sys_pidfd_get_info(pidfd, &exit);
  sys_close(pidfd);
  return result == 0 && (exit.mask & kPidfdInfoExit) != 0 && exit.exit_code == kProbeExitCode << 8 ? 1 : 0;
}

int Probe() {
  const SigsysGuard guard;
  int features = sys_process_mrelease(-1, 0) == -EBADF ? kHasMrelease : 0;
  // One descriptor at a time: there may be only one left.
  const int children = HasChildrenFiles();
  if (children < 0) return children;
  if (children > 0) features |= kHasProcChildren;

  const int thread = sys_pidfd_open(sys_gettid(), kPidfdThread);
  if (IsPassing(thread)) return thread;
  if (thread >= 0) {
    features |= kHasPidfdThread;
    sys_close(thread);
  }

  const int pidfd = sys_pidfd_open(getpid(), 0);
  if (IsPassing(pidfd)) return pidfd;
  if (pidfd < 0) return features;
  features |= kHasPidfdOpen;

  if (sys_pidfd_send_signal(pidfd, 0, nullptr, 0) == 0) {
    features |= kHasPidfdSend;
    // ESRCH where we lead no group: the flag is known all the same.
    const int group = sys_pidfd_send_signal(pidfd, 0, nullptr, kPidfdSignalProcessGroup);
    if (group == 0 || group == -ESRCH) features |= kHasPidfdGroup;
  }

  siginfo_t info;
  // ECHILD: it looked, and we are no child of our own.
  if (sys_waitid(kPPidfd, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG | WNOWAIT, nullptr) == -ECHILD) {
    features |= kHasWaitidPidfd;
  }

  PidfdInfo self = {};
  self.mask = kPidfdInfoPid;
  if (sys_pidfd_get_info(pidfd, &self) == 0) features |= kHasPidfdInfo;

  uint64_t inode = 0;
  if (PidfsInode(pidfd, &inode) == 0) features |= kHasPidfsIdentity;
  sys_close(pidfd);

  if ((features & kHasPidfdInfo) != 0) {
    const int exit_info = ProbeExitInfo();
    if (IsPassing(exit_info)) return exit_info;
    if (exit_info > 0) features |= kHasExitInfo;
  }
  return features;
}

}  // namespace

int ProbeKernel() {
  static std::atomic<int> known{-1};
  static std::mutex lock;
  const int features = known.load(std::memory_order_acquire);
  if (features >= 0) return features;
  const std::lock_guard<std::mutex> hold(lock);
  const int probed = Probe();
  if (probed >= 0) known.store(probed, std::memory_order_release);
  return probed;
}

}  // namespace sigkit
