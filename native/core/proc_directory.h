// The entries of a directory of /proc that are named by a number: processes, threads, descriptors.
//
// getdents64(2) by hand: a DIR costs a buffer of 32 kB from the heap for each of a thousand directories.
#ifndef SIGKIT_CORE_PROC_DIRECTORY_H
#define SIGKIT_CORE_PROC_DIRECTORY_H

#include <cstdlib>

#include "syscalls.h"

namespace sigkit {

// What `each` gives to end the walk; not an errno.
constexpr int kStopHere = 1;

// Calls each(number, name) from the beginning of the directory until that gives anything but 0, which is the
// result; else 0, or -errno.
template <typename Each>
int ForEachNumber(int directory, Each each) {
  alignas(DirectoryEntry) char buffer[8192];
  for (;;) {
    const int length = sys_getdents(directory, buffer, sizeof buffer);
    if (length <= 0) return length;
    for (int at = 0; at < length;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
      at += entry->length;
      if (entry->name[0] < '0' || entry->name[0] > '9') continue;
      const int result = each(static_cast<int>(std::strtol(entry->name, nullptr, 10)), entry->name);
      if (result != 0) return result;
    }
  }
}

}  // namespace sigkit

#endif
