// What tells a process from the next one with its number.
#ifndef SIGKIT_CORE_IDENTITY_H
#define SIGKIT_CORE_IDENTITY_H

#include <cstdint>

namespace sigkit {

// The inode of a pidfd on pidfs (6.9), unique until the reboot: 0, or -errno; -EOPNOTSUPP on older kernels,
// where all pidfds are anonymous inodes and share one number.
int PidfsInode(int pidfd, uint64_t* inode);

// The same of processes by number, one after the other; 0 for one that is gone or has none. 0, or -errno when
// we are short of something.
int PidInodes(const int32_t* pids, int count, int64_t* inodes);

// Milliseconds since the epoch at which this machine booted, as the clocks say now.
double BootTime();

}  // namespace sigkit

#endif
