// Makes a system call that a seccomp filter answers with SIGSYS fail with ENOSYS instead of ending the
// process.
//
// SECCOMP_RET_TRAP skips the call and sends SIGSYS; ignored or blocked it would kill at once, so a handler
// must be there, and it must also write the call's result, since the kernel leaves the call's own number in
// that register. Only for the short time of a probe: the disposition belongs to the whole process.
#ifndef SIGKIT_CORE_SIGSYS_GUARD_H
#define SIGKIT_CORE_SIGSYS_GUARD_H

#include <signal.h>

namespace sigkit {

class SigsysGuard {
 public:
  SigsysGuard();
  ~SigsysGuard();
  SigsysGuard(const SigsysGuard&) = delete;
  SigsysGuard& operator=(const SigsysGuard&) = delete;

 private:
  struct sigaction old_action_;
  sigset_t old_mask_;
  bool installed_ = false;
};

}  // namespace sigkit

#endif
