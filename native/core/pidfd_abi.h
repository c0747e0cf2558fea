// The pidfd numbers of the kernel's uapi headers, defined here because the published binary is built against
// headers older than most of them. Source: include/uapi/linux/pidfd.h, include/uapi/linux/wait.h.
#ifndef SIGKIT_CORE_PIDFD_ABI_H
#define SIGKIT_CORE_PIDFD_ABI_H

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cstdint>

namespace sigkit {

// pidfd_open(2)
constexpr int kPidfdNonblock = O_NONBLOCK;  // 5.10
constexpr int kPidfdThread = O_EXCL;        // 6.9

// pidfd_send_signal(2), 6.9
constexpr unsigned kPidfdSignalThread = 1U << 0;
constexpr unsigned kPidfdSignalThreadGroup = 1U << 1;
constexpr unsigned kPidfdSignalProcessGroup = 1U << 2;

// waitid(2), 5.4
constexpr int kPPidfd = 3;

// statfs(2) of a pidfd, 6.9. Before that pidfds are anonymous inodes and all share one inode number.
constexpr int64_t kPidfsMagic = 0x50494446;

// ioctl(2), 6.13. The first published layout, 64 bytes: later kernels take it and fill no more than that.
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroupid;
  uint32_t pid, tgid, ppid;
  uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  int32_t exit_code;  // 6.15: a raw wait status
};
static_assert(sizeof(PidfdInfo) == 64, "PIDFD_INFO_SIZE_VER0");

constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);
constexpr uint64_t kPidfdInfoPid = 1U << 0;
constexpr uint64_t kPidfdInfoCreds = 1U << 1;
constexpr uint64_t kPidfdInfoCgroupid = 1U << 2;
constexpr uint64_t kPidfdInfoExit = 1U << 3;  // 6.15: only after the reap

}  // namespace sigkit

#endif
