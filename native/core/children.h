// Whose children are whose: /proc/PID/task/TID/children lists a child under the thread that forked it, and
// what was adopted under the main thread.
#ifndef SIGKIT_CORE_CHILDREN_H
#define SIGKIT_CORE_CHILDREN_H

#include <sys/types.h>

#include <cstdint>

namespace sigkit {

// The children of one of our own threads: how many there are (the first `capacity` of them in `out`), or
// -errno.
int ReadChildren(pid_t tid, int32_t* out, int capacity);

}  // namespace sigkit

#endif
