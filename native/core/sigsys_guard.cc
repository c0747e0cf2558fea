#include "sigsys_guard.h"

#include <ucontext.h>

#include "syscalls.h"

namespace sigkit {
namespace {

#if defined(__x86_64__) || defined(__aarch64__)
constexpr bool kCanWriteResult = true;
#else
constexpr bool kCanWriteResult = false;
#endif

// ASYNC-SIGNAL-SAFE
void AnswerEnosys(int, siginfo_t*, void* context) {
  auto* user = static_cast<ucontext_t*>(context);
#if defined(__x86_64__)
  user->uc_mcontext.gregs[REG_RAX] = -ENOSYS;
#elif defined(__aarch64__)
  user->uc_mcontext.regs[0] = static_cast<uint64_t>(-ENOSYS);
#else
  (void)user;
#endif
}

}  // namespace

SigsysGuard::SigsysGuard() {
  if (!kCanWriteResult) return;
  struct sigaction action;
  std::memset(&action, 0, sizeof action);
  action.sa_sigaction = AnswerEnosys;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigfillset(&action.sa_mask);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGSYS);
  if (sigaction(SIGSYS, &action, &old_action_) != 0) return;
  sys_sigmask(SIG_UNBLOCK, &set, &old_mask_);
  installed_ = true;
}

SigsysGuard::~SigsysGuard() {
  if (!installed_) return;
  sys_sigmask(SIG_SETMASK, &old_mask_, nullptr);
  sigaction(SIGSYS, &old_action_, nullptr);
}

}  // namespace sigkit
