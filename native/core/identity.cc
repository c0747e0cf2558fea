#include "identity.h"

#include "syscalls.h"

namespace sigkit {

int PidfsInode(int pidfd, uint64_t* inode) {
  struct statfs filesystem = {};
  if (fstatfs(pidfd, &filesystem) != 0) return -errno;
  if (filesystem.f_type != kPidfsMagic) return -EOPNOTSUPP;
  return sys_inode(pidfd, inode);
}

int PidInodes(const int32_t* pids, int count, int64_t* inodes) {
  for (int i = 0; i < count; i++) {
    inodes[i] = 0;
    const int pidfd = sys_pidfd_open(pids[i], 0);
    if (pidfd == -EMFILE || pidfd == -ENFILE || pidfd == -ENOMEM) return pidfd;
    if (pidfd < 0) continue;
    uint64_t inode = 0;
    if (sys_inode(pidfd, &inode) == 0) inodes[i] = static_cast<int64_t>(inode);
    sys_close(pidfd);
  }
  return 0;
}

double BootTime() {
  struct timespec now = {};
  struct timespec since_boot = {};
  clock_gettime(CLOCK_REALTIME, &now);
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return static_cast<double>(now.tv_sec - since_boot.tv_sec) * 1e3 +
         static_cast<double>(now.tv_nsec - since_boot.tv_nsec) / 1e6;
}

}  // namespace sigkit
