// Starts a program as a fresh child: no signal blocked, every one at its default action, the two that libc
// keeps included. child_process cannot: libuv resets 1 to 31 and leaves the real-time ones as they are.
#ifndef SIGKIT_CORE_SPAWN_H
#define SIGKIT_CORE_SPAWN_H

#include <cstddef>

namespace sigkit {

// execvp(3) in a child that leads a process group of its own. `strings`: argv, each ended by a NUL, `length`
// bytes in all. `terminal`: the fd of a terminal whose foreground the new group becomes, or -1. Descriptors
// 0, 1 and 2 are handed down. The pid, or the -errno of what failed, execve included: no child is left then,
// and the foreground is the caller's group again.
int SpawnCommand(const char* strings, size_t length, int terminal);

}  // namespace sigkit

#endif
