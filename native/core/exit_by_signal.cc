#include "exit_by_signal.h"

#include "syscalls.h"

namespace sigkit {

int ExitBySignal(int sig) {
  // SIGKILL and SIGSTOP have no other disposition, and sigaction refuses to name them.
  if (sig != SIGKILL) {
    struct sigaction action;
    std::memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    if (sigaction(sig, &action, nullptr) != 0) return -errno;
  }
  // Unblocked in this thread and sent to this thread: it acts before tgkill returns, and nothing another
  // thread does with its own mask can delay it.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, sig);
  const int unblocked = sys_sigmask(SIG_UNBLOCK, &set, nullptr);
  return unblocked < 0 ? unblocked : sys_raise(sig);
}

}  // namespace sigkit
