#include "signal_record.h"

#include "syscalls.h"

namespace sigkit {
namespace {

// All of this file is ASYNC-SIGNAL-SAFE.

int64_t MonotonicNow() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

// /proc/PID/comm by open, read and close alone: in a moment the sender may be gone.
void ReadComm(int pid, char (&comm)[16]) {
  char path[32] = "/proc/";
  char digits[12];
  int length = 0;
  for (unsigned rest = static_cast<unsigned>(pid); rest != 0; rest /= 10) {
    digits[length++] = static_cast<char>('0' + rest % 10);
  }
  char* at = path + 6;
  while (length > 0) *at++ = digits[--length];
  std::memcpy(at, "/comm", 6);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  const ssize_t count = read(fd, comm, sizeof comm);
  close(fd);
  // 15 bytes and a newline at most.
  comm[count > 0 ? count - 1 : 0] = '\0';
}

// The same codes mean POLL_IN and its like for SIGIO and for the real-time signals of F_SETSIG, and causes of
// a trap.
bool IsOfChild(int sig, int code) {
  return code >= CLD_EXITED && code <= CLD_CONTINUED && sig < SIGRTMIN && sig != SIGIO && sig != SIGTRAP;
}

}  // namespace

void RecordSignal(SignalEvent* event, int sig, const siginfo_t* info, bool identify) {
  std::memset(event, 0, sizeof *event);
  event->signo = sig;
  event->code = info->si_code;
  event->pid = info->si_pid;
  event->uid = info->si_uid;
  event->timestamp = MonotonicNow();
  // SI_TIMER has other fields in the place of pid and uid, but the value where all have it. A child whose
  // exit signal (clone) is not SIGCHLD comes without its times: the kernel copies what it takes for a POLL
  // code.
  if (IsOfChild(sig, info->si_code)) {
    event->status = info->si_status;
    event->value = info->si_utime;
    event->stime = info->si_stime;
  } else {
    event->value = reinterpret_cast<intptr_t>(info->si_value.sival_ptr);
    if (identify && info->si_pid > 0) ReadComm(info->si_pid, event->comm);
  }
}

}  // namespace sigkit
