#include "proc_reader.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "syscalls.h"

namespace sigkit {
namespace {

// Reads a whole small file; -errno, or the length. The buffer is always terminated.
int ReadSmallFile(const char* path, char* buffer, size_t capacity) {
  const int fd = OrErrno(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (fd < 0) return fd;
  size_t length = 0;
  int failure = 0;
  while (length < capacity - 1) {
    const ssize_t count = read(fd, buffer + length, capacity - 1 - length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) failure = -errno;
    if (count <= 0) break;
    length += static_cast<size_t>(count);
  }
  buffer[length] = '\0';
  close(fd);
  return failure < 0 ? failure : static_cast<int>(length);
}

constexpr size_t kStatCapacity = 2048;  // 52 numbers and a comm of 64 at most

int ParseStat(const char* text, double (&fields)[kProcStatFields]) {
  // The comm is whatever its owner made it, parentheses and newlines included: what counts is the last ')'.
  const char* at = std::strrchr(text, ')');
  if (at == nullptr || at[1] != ' ' || at[2] == '\0') return -EPROTO;
  fields[kProcStatState] = at[2];
  at += 3;
  for (int number = 4; number <= 52; number++) {
    char* end = nullptr;
    const double value = std::strtod(at, &end);
    if (end == at) return -EPROTO;
    at = end;
    switch (number) {
      case 4:
        fields[kProcStatPpid] = value;
        break;
      case 5:
        fields[kProcStatPgrp] = value;
        break;
      case 6:
        fields[kProcStatSession] = value;
        break;
      case 20:
        fields[kProcStatThreads] = value;
        break;
      case 22:
        fields[kProcStatStartTime] = value;
        break;
      case 52:
        fields[kProcStatExitCode] = value;
        break;
      default:
        break;
    }
  }
  return 0;
}

int ReadStat(const char* path, double (&fields)[kProcStatFields]) {
  char text[kStatCapacity];
  const int length = ReadSmallFile(path, text, sizeof text);
  return length < 0 ? length : ParseStat(text, fields);
}

}  // namespace

int ReadProcStat(pid_t pid, double (&fields)[kProcStatFields]) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  return ReadStat(path, fields);
}

int ReadProcStatComm(pid_t pid, double (&fields)[kProcStatFields], char (&comm)[kCommCapacity]) {
  char path[32];
  char text[kStatCapacity];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const int length = ReadSmallFile(path, text, sizeof text);
  if (length < 0) return length;
  const int parsed = ParseStat(text, fields);
  if (parsed < 0) return parsed;
  const char* begin = std::strchr(text, '(') + 1;
  const auto size = std::min(std::strrchr(text, ')') - begin, static_cast<ptrdiff_t>(kCommCapacity));
  std::memcpy(comm, begin, static_cast<size_t>(size));
  return static_cast<int>(size);
}

int ReadTaskStat(pid_t pid, pid_t tid, double (&fields)[kProcStatFields]) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, tid);
  return ReadStat(path, fields);
}

int ReadThreadSignals(int tid, ThreadSignals* out) {
  char path[48];
  char text[4096];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/status", tid);
  const int length = ReadSmallFile(path, text, sizeof text);
  if (length < 0) return length;
  // A comm cannot fake them: its newline is escaped in this file.
  const char* state = std::strstr(text, "\nState:\t");
  const char* pending = std::strstr(text, "\nSigPnd:");
  const char* blocked = std::strstr(text, "\nSigBlk:");
  if (state == nullptr || pending == nullptr || blocked == nullptr) return -EPROTO;
  out->busy = state[8] == 'R' || state[8] == 'D';
  out->pending = std::strtoull(pending + 8, nullptr, 16);
  out->blocked = std::strtoull(blocked + 8, nullptr, 16);
  return 0;
}

int MayReadProc(pid_t pid) {
  // Following the exe link asks for the same permission (ptrace, read) that the exit code does. A zombie has
  // no exe any more: ENOENT then comes after the permission check, so it is a yes.
  char path[32];
  char link[8];
  std::snprintf(path, sizeof path, "/proc/%d/exe", pid);
  const int result = OrErrno(readlink(path, link, sizeof link));
  if (result >= 0 || result == -ENOENT) return 1;
  return result == -EACCES || result == -EPERM ? 0 : result;
}

}  // namespace sigkit
