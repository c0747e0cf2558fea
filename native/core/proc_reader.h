// /proc/PID, read with open, read and close into a buffer on the stack.
#ifndef SIGKIT_CORE_PROC_READER_H
#define SIGKIT_CORE_PROC_READER_H

#include <sys/types.h>

#include <cstdint>

namespace sigkit {

// Fields of /proc/PID/stat, in the order in which lib/native.ts reads them (ProcStatField).
enum ProcStatField : int {
  kProcStatState,      // the letter, as a character code
  kProcStatPpid,       // field 4
  kProcStatPgrp,       // 5
  kProcStatSession,    // 6
  kProcStatThreads,    // 20: num_threads
  kProcStatStartTime,  // 22: clock ticks since boot
  kProcStatExitCode,   // 52: a raw wait status, 0 also where the reader may not know
  kProcStatFields
};

// 0, or -errno: -ENOENT or -ESRCH where there is no such process, -EPROTO where the text is not what it
// should be.
int ReadProcStat(pid_t pid, double (&fields)[kProcStatFields]);

// 15 bytes of a process, up to 63 of a kernel thread.
constexpr int kCommCapacity = 64;

// The same, and the comm, whatever bytes it is made of: its length, or -errno.
int ReadProcStatComm(pid_t pid, double (&fields)[kProcStatFields], char (&comm)[kCommCapacity]);

// The same of one thread: /proc/PID/task/TID/stat.
int ReadTaskStat(pid_t pid, pid_t tid, double (&fields)[kProcStatFields]);

// What is pending for one thread of ours alone, and what it blocks: signal n is bit n - 1.
struct ThreadSignals {
  uint64_t pending;
  uint64_t blocked;
  bool busy;  // it runs, is about to, or waits for a page
};
int ReadThreadSignals(int tid, ThreadSignals* out);

// Whether the kernel shows this process's private fields (exit code, exe, ...) to us: 1, 0, or -errno.
int MayReadProc(pid_t pid);

}  // namespace sigkit

#endif
