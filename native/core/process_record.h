// One process out of /proc, as a record that JavaScript decodes (lib/process-records.ts).
//
// Every file is opened relative to one descriptor of /proc/PID, which stands for the process and not for its
// number: once that process is reaped the opens fail, whoever has the number then. So all that is in a record
// is one process's. What may not be read is marked as not present; nothing is made up for it.
#ifndef SIGKIT_CORE_PROCESS_RECORD_H
#define SIGKIT_CORE_PROCESS_RECORD_H

#include <sys/types.h>

#include <cstdint>

#include "byte_buffer.h"
#include "known_texts.h"
#include "strings_limit.h"

namespace sigkit {

// What to read, each bit a source that costs system calls of its own; and what was read.
enum ProcessFields : uint32_t {
  kReadStat = 1U << 0,
  kReadUid = 1U << 1,
  kReadUser = 1U << 2,
  kReadExe = 1U << 3,
  kReadArgv = 1U << 4,
  kReadCgroup = 1U << 5,
  kReadSignals = 1U << 6,
  kReadInode = 1U << 7,
  kReadEnviron = 1U << 8,
  // Not a field: PIDFD_GET_INFO is known to work here, and to end nobody.
  kMayAskPidfd = 1U << 9,
};

enum ProcessText : int {
  kTextExe,
  kTextArgv,
  kTextCgroup,
  kTextEnviron,
  kTextUser,
  kTextComm,
  kProcessTexts
};

// A text that is UTF-16 and not ASCII.
constexpr uint32_t kWideText = 1U << 31;

struct ProcessRecord {
  uint32_t size;  // of the record and the texts behind it, in ProcessText's order; a multiple of 8
  int32_t pid;
  uint32_t present;
  int32_t ppid;
  int32_t pgid;
  int32_t sid;
  int32_t tty;   // as stat has it
  uint32_t uid;  // effective
  int32_t threads;
  uint32_t state;
  uint32_t text_bytes[kProcessTexts];
  double start_ticks;
  double cpu_ticks;
  double rss_bytes;
  uint64_t inode;            // of its pidfd
  uint32_t signal_masks[8];  // pending, blocked, ignored, caught: each the low half, then the high one
};
static_assert(sizeof(ProcessRecord) == 128, "lib/process-records.ts counts on it");

// What the readings of one call share.
struct ReadingState {
  ByteBuffer scratch;
  KnownTexts users;
  KnownTexts cgroups;
  StringsLimit strings;
};

// Appends the record. 0; -ESRCH where the process is gone, or hidden as if it were; another -errno that says
// nothing of the process (no descriptor, no memory). Nothing is appended then.
int ReadProcess(int proc, pid_t pid, uint32_t fields, ByteBuffer* out, ReadingState* state);

// The same for `count` numbers, or with a negative count for all of /proc. Those that are gone are left out.
int ReadProcesses(const int32_t* pids, int count, uint32_t fields, ByteBuffer* out);

}  // namespace sigkit

#endif
