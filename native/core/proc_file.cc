#include "proc_file.h"

#include <algorithm>
#include <cstdio>

namespace sigkit {
namespace {

constexpr size_t kFirstRead = 4096;
constexpr size_t kLongestLink = 4096;  // the kernel's own limit for these
constexpr size_t kLongestList = size_t{1} << 30;

// `in_pieces`: a read gives what the kernel has at hand, and only one that gives nothing is the last. Else a
// read fills what it is given, and a short one is the last: that saves a call for every file.
int Read(int directory, const char* name, size_t limit, bool in_pieces, ByteBuffer* buffer) {
  const int fd = OrErrno(openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (fd < 0) return fd;
  size_t length = 0;
  int result = 0;
  while (length < limit) {
    if (!buffer->Reserve(length + kFirstRead + 1)) {
      result = -ENOMEM;
      break;
    }
    const size_t room = std::min(buffer->Room() - 1, limit) - length;
    const ssize_t count = read(fd, buffer->End() + length, room);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      result = -errno;
      break;
    }
    length += static_cast<size_t>(count);
    if (in_pieces ? count == 0 : static_cast<size_t>(count) < room) break;
  }
  close(fd);
  if (result < 0) return result;
  buffer->End()[length] = '\0';
  return static_cast<int>(length);
}

}  // namespace

int OpenProcess(int proc, pid_t pid) {
  char name[16];
  std::snprintf(name, sizeof name, "%d", pid);
  return OrErrno(openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

int ReadProcFile(int directory, const char* name, size_t limit, ByteBuffer* buffer) {
  return Read(directory, name, limit, false, buffer);
}

int ReadProcList(const char* path, ByteBuffer* buffer) {
  const int length = Read(AT_FDCWD, path, kLongestList, true, buffer);
  return length < static_cast<int>(kLongestList) ? length : -ENOMEM;
}

int ReadProcLink(int directory, const char* name, ByteBuffer* buffer) {
  if (!buffer->Reserve(kLongestLink + 1)) return -ENOMEM;
  char* target = reinterpret_cast<char*>(buffer->End());
  const int length = OrErrno(readlinkat(directory, name, target, kLongestLink));
  if (length >= 0) target[length] = '\0';
  return length;
}

}  // namespace sigkit
