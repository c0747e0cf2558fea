// What tells a process from the next one with its number.
#ifndef SIGKIT_CORE_IDENTITY_H
#define SIGKIT_CORE_IDENTITY_H

#include <cstdint>

namespace sigkit {

// The inode of a pidfd on pidfs (6.9), unique until the reboot: 0, or -errno; -EOPNOTSUPP on older kernels,
// where all pidfds are anonymous inodes and share one number.
int PidfsInode(int pidfd, uint64_t* inode);

// Milliseconds since the epoch at which this machine booted, as the clocks say now.
double BootTime();

}  // namespace sigkit

#endif
