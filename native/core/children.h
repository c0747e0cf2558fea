// Whose children are whose: /proc/PID/task/TID/children lists a child under the thread that forked it, and
// what was adopted under the main thread.
//
// The kernel builds such a list child by child: one that ends meanwhile can make the next be left out
// (proc(5)). It is complete only while parent and children stand still, so whoever needs them all stops them
// and reads again until nothing is new.
#ifndef SIGKIT_CORE_CHILDREN_H
#define SIGKIT_CORE_CHILDREN_H

#include <sys/types.h>

#include <cstdint>

namespace sigkit {

// The children of one of our own threads: how many there are (the first `capacity` of them in `out`), or
// -errno.
int ReadChildren(pid_t tid, int32_t* out, int capacity);

// Whether the kernel has those lists (CONFIG_PROC_CHILDREN): 1, 0, or -errno for what will pass.
int HasChildrenFiles();

// The children of any process, whichever of its threads forked them: how many there are (the first `capacity`
// of them in `out`), or -errno; -ESRCH where there is no such process. Where the kernel has no lists it takes
// a look at every process.
int ReadChildrenOf(pid_t parent, int32_t* out, int capacity);

// The same for many at once, as pairs of child and parent (the first `capacity` pairs in `out`). One that is
// not there has none.
int ReadChildrenOfAll(const int32_t* parents, int count, int32_t* out, int capacity);

// The processes whose process group or session is one of `ids`, zombies too: how many (the first `capacity`
// in `out`), or -errno. Looks at every process; the kernel has no list.
int ReadMembersOf(const int32_t* ids, int count, int32_t* out, int capacity);

// The state letter of every thread of a process: how many threads, or -errno.
int ReadThreadStates(pid_t pid, uint8_t* out, int capacity);

}  // namespace sigkit

#endif
