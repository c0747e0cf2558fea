// The files of /proc/PID, relative to a descriptor of that directory.
#ifndef SIGKIT_CORE_PROC_FILE_H
#define SIGKIT_CORE_PROC_FILE_H

#include <sys/types.h>

#include "byte_buffer.h"
#include "syscalls.h"

namespace sigkit {

// The directory of a process: >= 0, or -errno.
int OpenProcess(int proc, pid_t pid);

// The most that is read of a file in which a process has no say.
constexpr size_t kLongestProcFile = size_t{1} << 20;

// Reads a file behind the end of the buffer, without extending it, with a NUL behind: its length, or -errno.
// No more than `limit`, which is not 0: some of these files are as long as their process likes.
int ReadProcFile(int directory, const char* name, size_t limit, ByteBuffer* buffer);

// The same for a file with a line for each of many things, which the kernel gives in pieces: /proc/net/tcp.
// One that is too long to read as a whole is -ENOMEM.
int ReadProcList(const char* path, ByteBuffer* buffer);

// As ReadProcFile, for where a link leads.
int ReadProcLink(int directory, const char* name, ByteBuffer* buffer);

inline bool IsGone(int result) { return result == -ENOENT || result == -ESRCH; }

}  // namespace sigkit

#endif
