#include "port_holders.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "port_sockets.h"
#include "proc_directory.h"
#include "proc_file.h"
#include "proc_reader.h"
#include "syscalls.h"

namespace sigkit {
namespace {

class Sockets {
 public:
  explicit Sockets(const ByteBuffer& inodes)
      : inodes_(reinterpret_cast<const uint64_t*>(inodes.Data())), count_(inodes.Size() / sizeof(uint64_t)) {}

  // Whether the link of a descriptor leads to one of them.
  bool Has(const char* link) const {
    static constexpr char kPrefix[] = "socket:[";
    if (std::strncmp(link, kPrefix, sizeof kPrefix - 1) != 0) return false;
    const uint64_t inode = std::strtoull(link + sizeof kPrefix - 1, nullptr, 10);
    for (size_t i = 0; i < count_; i++) {
      if (inodes_[i] == inode) return true;
    }
    return false;
  }

 private:
  const uint64_t* inodes_;
  size_t count_;
};

constexpr int kNoneShown = 2;

// 1 when one of the sockets is among these descriptors, 0 when not as far as we may see, kNoneShown, or
// -errno.
int HasAny(int proc, const char* descriptors, const Sockets& sockets) {
  const int directory = OrErrno(openat(proc, descriptors, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory < 0) return IsShortage(directory) ? directory : kNoneShown;
  bool found = false;
  bool shown = false;
  const int result = ForEachNumber(directory, [&](int, const char* fd) {
    shown = true;
    char link[64];
    const int length = OrErrno(readlinkat(directory, fd, link, sizeof link - 1));
    if (length < 0) return IsShortage(length) ? length : 0;
    link[length] = '\0';
    found = sockets.Has(link);
    return found ? kStopHere : 0;
  });
  sys_close(directory);
  if (IsShortage(result)) return result;
  return found ? 1 : shown ? 0 : kNoneShown;
}

// A main thread that has ended while others run has no descriptors any more.
bool IsLeaderless(int proc, pid_t pid) {
  char tasks[24];
  std::snprintf(tasks, sizeof tasks, "%d/task", pid);
  if (sys_links(proc, tasks) <= 3) return false;  // one thread: that needs no look at stat
  double fields[kProcStatFields];
  return ReadProcStat(pid, fields) == 0 && static_cast<int>(fields[kProcStatState]) == 'Z';
}

int AnyThreadHas(int proc, pid_t pid, const Sockets& sockets) {
  char name[48];
  std::snprintf(name, sizeof name, "%d/task", pid);
  const int tasks = OrErrno(openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (tasks < 0) return IsShortage(tasks) ? tasks : 0;
  const int result = ForEachNumber(tasks, [&](pid_t tid, const char*) {
    std::snprintf(name, sizeof name, "%d/fd", tid);
    const int has = HasAny(tasks, name, sockets);
    return has == kNoneShown ? 0 : has;
  });
  sys_close(tasks);
  return result < 0 && !IsShortage(result) ? 0 : result;
}

// 1 when the process holds one of the sockets, 0 when not as far as we may see, or -errno.
int Holds(int proc, pid_t pid, const Sockets& sockets) {
  char name[24];
  std::snprintf(name, sizeof name, "%d/fd", pid);
  const int has = HasAny(proc, name, sockets);
  if (has != kNoneShown) return has;
  return IsLeaderless(proc, pid) ? AnyThreadHas(proc, pid, sockets) : 0;
}

}  // namespace

int FindPortHolders(uint16_t port, int protocols, const int32_t* pids, int count, ByteBuffer* out) {
  ByteBuffer inodes;
  if (const int failure = FindPortSockets(port, protocols, &inodes); failure < 0) return failure;
  if (inodes.Size() == 0) return 0;
  const Sockets sockets(inodes);
  const int proc = OrErrno(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (proc < 0) return proc;
  const auto look = [&](int32_t pid, const char*) {
    const int holds = Holds(proc, pid, sockets);
    if (holds <= 0) return holds;
    if (!out->Reserve(sizeof pid)) return -ENOMEM;
    std::memcpy(out->End(), &pid, sizeof pid);
    out->Extend(sizeof pid);
    return 0;
  };
  int result = 0;
  if (count < 0) {
    result = ForEachNumber(proc, look);
  } else {
    for (int i = 0; i < count && result == 0; i++) result = look(pids[i], nullptr);
  }
  sys_close(proc);
  return result;
}

}  // namespace sigkit
