#include "children.h"

#include <cstdio>

#include "syscalls.h"

namespace sigkit {

int ReadChildren(pid_t tid, int32_t* out, int capacity) {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/children", tid);
  const int fd = OrErrno(open(path, O_RDONLY | O_CLOEXEC));
  if (fd < 0) return fd;
  int count = 0;
  int number = 0;
  char text[4096];
  for (;;) {
    const ssize_t length = read(fd, text, sizeof text);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) count = -errno;
    if (length <= 0) break;
    // Numbers, each with a space behind it; one may be split between two reads.
    for (ssize_t i = 0; i < length; i++) {
      if (text[i] >= '0' && text[i] <= '9') {
        number = number * 10 + (text[i] - '0');
      } else if (number != 0) {
        if (count < capacity) out[count] = number;
        count++;
        number = 0;
      }
    }
  }
  close(fd);
  return count;
}

}  // namespace sigkit
