// What this kernel and sandbox can do, found out by doing it to ourselves. Never by version: distributions
// backport, seccomp filters and gVisor take away.
#ifndef SIGKIT_CORE_KERNEL_PROBE_H
#define SIGKIT_CORE_KERNEL_PROBE_H

namespace sigkit {

// Bits, in step with lib/features.ts.
enum KernelFeature : int {
  kHasPidfdOpen = 1 << 0,
  kHasPidfdSend = 1 << 1,
  kHasPidfdGroup = 1 << 2,
  kHasPidfdThread = 1 << 3,
  kHasPidfdInfo = 1 << 4,
  kHasExitInfo = 1 << 5,
  kHasPidfsIdentity = 1 << 6,
  kHasWaitidPidfd = 1 << 7,
  kHasMrelease = 1 << 8,
  kHasProcChildren = 1 << 9,
};

// The bits, found out once per process; or -errno for what will pass (EMFILE, ENOMEM, EAGAIN): then nothing
// is kept, and the next call tries again.
int ProbeKernel();

}  // namespace sigkit

#endif
