#include "identity.h"

#include "syscalls.h"

namespace sigkit {

int PidfsInode(int pidfd, uint64_t* inode) {
  struct statfs filesystem = {};
  if (fstatfs(pidfd, &filesystem) != 0) return -errno;
  if (filesystem.f_type != kPidfsMagic) return -EOPNOTSUPP;
  return sys_inode(pidfd, inode);
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
