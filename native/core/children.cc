#include "children.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "kernel_probe.h"
#include "proc_directory.h"
#include "proc_reader.h"
#include "syscalls.h"

namespace sigkit {
namespace {

// Calls `each(pid)` for every number that a children file lists: 0, or -errno.
template <typename Each>
int ReadChildrenFile(const char* path, Each&& each) {
  const int fd = OrErrno(open(path, O_RDONLY | O_CLOEXEC));
  if (fd < 0) return fd;
  int failure = 0;
  int number = 0;
  char text[4096];
  for (;;) {
    const ssize_t length = read(fd, text, sizeof text);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) failure = -errno;
    if (length <= 0) break;
    // Numbers, each with a space behind it; one may be split between two reads.
    for (ssize_t i = 0; i < length; i++) {
      if (text[i] >= '0' && text[i] <= '9') {
        number = number * 10 + (text[i] - '0');
      } else if (number != 0) {
        each(number);
        number = 0;
      }
    }
  }
  close(fd);
  return failure;
}

// Calls `each(number)` for every entry of this directory of /proc that is named by a number: 0, or -errno.
template <typename Each>
int ForEachNumberIn(const char* path, Each each) {
  const int directory = OrErrno(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory < 0) return directory;
  const int result = ForEachNumber(directory, [&each](pid_t number, const char*) { return each(number); });
  sys_close(directory);
  return result;
}

// What `out` takes, and how many there are in all.
struct List {
  int32_t* out;
  int capacity;
  int count = 0;

  void Add(int32_t value) {
    if (count < capacity) out[count] = value;
    count++;
  }
  void AddPair(int32_t first, int32_t second) {
    if (count < capacity) {
      out[2 * static_cast<ptrdiff_t>(count)] = first;
      out[2 * static_cast<ptrdiff_t>(count) + 1] = second;
    }
    count++;
  }
};

// Calls `each(child)`: 0, or -errno.
template <typename Each>
int ForEachChild(pid_t parent, Each each) {
  char directory[32];
  std::snprintf(directory, sizeof directory, "/proc/%d/task", parent);
  const auto path_of = [parent](pid_t tid, char(&path)[64]) {
    std::snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, tid);
  };
  // A link for each thread and two for the directory itself: most processes have one thread, whose id is
  // known, and looking for it would cost more than reading its list.
  if (sys_links(AT_FDCWD, directory) == 3) {
    char path[64];
    path_of(parent, path);
    const int failure = ReadChildrenFile(path, each);
    return IsShortage(failure) || failure == -ENOENT ? failure : 0;
  }
  return ForEachNumberIn(directory, [&path_of, &each](pid_t tid) {
    char path[64];
    path_of(tid, path);
    const int failure = ReadChildrenFile(path, each);
    return IsShortage(failure) ? failure : 0;  // or else the thread has ended
  });
}

// Calls `each(pid, parent)` for every process: 0, or -errno.
template <typename Each>
int ForEachProcess(Each each) {
  return ForEachNumberIn("/proc", [&each](pid_t pid) {
    double fields[kProcStatFields];
    const int failure = ReadProcStat(pid, fields);
    if (failure == 0) each(pid, static_cast<pid_t>(fields[kProcStatPpid]));
    return IsShortage(failure) ? failure : 0;
  });
}

}  // namespace

int ReadChildren(pid_t tid, int32_t* out, int capacity) {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/children", tid);
  List list = {out, capacity};
  const int failure = ReadChildrenFile(path, [&list](pid_t child) { list.Add(child); });
  return failure < 0 ? failure : list.count;
}

int HasChildrenFiles() {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/children", sys_gettid());
  const int result = ReadChildrenFile(path, [](pid_t) {});
  return IsShortage(result) ? result : result == 0 ? 1 : 0;
}

int ReadChildrenOf(pid_t parent, int32_t* out, int capacity) {
  const int features = ProbeKernel();
  if (features < 0) return features;
  List list = {out, capacity};
  int failure;
  if ((features & kHasProcChildren) != 0) {
    failure = ForEachChild(parent, [&list](pid_t child) { list.Add(child); });
    if (failure == -ENOENT) failure = -ESRCH;
  } else {
    double fields[kProcStatFields];
    failure = ReadProcStat(parent, fields);
    if (failure < 0) return IsShortage(failure) ? failure : -ESRCH;
    failure = ForEachProcess([&list, parent](pid_t pid, pid_t its_parent) {
      if (its_parent == parent) list.Add(pid);
    });
  }
  return failure < 0 ? failure : list.count;
}

int ReadChildrenOfAll(const int32_t* parents, int count, int32_t* out, int capacity) {
  const int features = ProbeKernel();
  if (features < 0) return features;
  List list = {out, capacity};
  if ((features & kHasProcChildren) == 0) {
    std::vector<int32_t> sorted(parents, parents + count);
    std::sort(sorted.begin(), sorted.end());
    const int failure = ForEachProcess([&list, &sorted](pid_t pid, pid_t parent) {
      if (std::binary_search(sorted.begin(), sorted.end(), parent)) list.AddPair(pid, parent);
    });
    return failure < 0 ? failure : list.count;
  }
  for (int i = 0; i < count; i++) {
    const pid_t parent = parents[i];
    const int failure = ForEachChild(parent, [&list, parent](pid_t child) { list.AddPair(child, parent); });
    if (IsShortage(failure)) return failure;
  }
  return list.count;
}

int ReadMembersOf(const int32_t* ids, int count, int32_t* out, int capacity) {
  List list = {out, capacity};
  const auto is_wanted = [=](pid_t id) { return std::find(ids, ids + count, id) != ids + count; };
  const int failure = ForEachNumberIn("/proc", [&](pid_t pid) {
    // Two calls, and not the stat file, which costs twenty times as much.
    if (is_wanted(sys_getpgid(pid)) || is_wanted(sys_getsid(pid))) list.Add(pid);
    return 0;
  });
  return failure < 0 ? failure : list.count;
}

int ReadThreadStates(pid_t pid, uint8_t* out, int capacity) {
  char directory[32];
  std::snprintf(directory, sizeof directory, "/proc/%d/task", pid);
  int threads = 0;
  const int failure = ForEachNumberIn(directory, [&](pid_t tid) {
    double fields[kProcStatFields];
    const int read = ReadTaskStat(pid, tid, fields);
    if (read < 0) return IsShortage(read) ? read : 0;
    if (threads < capacity) out[threads] = static_cast<uint8_t>(fields[kProcStatState]);
    threads++;
    return 0;
  });
  return failure < 0 ? failure : threads;
}

}  // namespace sigkit
