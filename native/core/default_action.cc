#include "default_action.h"

#include "exit_by_signal.h"
#include "syscalls.h"

namespace sigkit {
namespace {

bool Stops(int sig) { return sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU; }

}  // namespace

void PerformLastResort(int sig, LastResort action, int exit_code, void (*reinstall)(int sig)) {
  switch (action) {
    case kNone:
      return;
    case kExit:
      _exit(exit_code);
    case kKill:
      sys_kill(getpid(), SIGKILL);
      _exit(128 + SIGKILL);  // PID 1 is immune
    case kDefaultAction: {
      sigset_t mask;
      sys_sigmask(SIG_BLOCK, nullptr, &mask);
      ExitBySignal(sig);
      if (!Stops(sig)) _exit(128 + sig);
      // Stopped, and continued.
      sys_sigmask(SIG_SETMASK, &mask, nullptr);
      reinstall(sig);
      return;
    }
  }
}

}  // namespace sigkit
