#include "thread_prompts.h"

#include <sys/random.h>

#include <atomic>

#include "proc_directory.h"
#include "proc_reader.h"
#include "signal_event.h"
#include "syscalls.h"

namespace sigkit {
namespace {

// si_code of a prompt. Negative, or the kernel refuses it; none of its own numbers.
constexpr int kPromptCode = -0x516b;
// The value of a prompt, which nobody else knows.
int64_t secret = 0;
std::atomic<uint32_t> prompted[kSignals] = {};
std::atomic<uint32_t> obeyed[kSignals] = {};

const struct timespec kMoment = {0, 100000};
constexpr int kPatience = 1000;  // moments

// Whether the thread may be within a handler, ours or another's: what it blocks there says nothing of
// afterwards. One that sleeps with everything blocked does so for good.
bool MayBeInHandler(const ThreadSignals& of) {
  constexpr uint64_t kNeverBlocked = 1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1);
  constexpr uint64_t kOfLibc = 1ull << 31 | 1ull << 32;  // sigfillset leaves them out
  return of.busy && (of.blocked | kNeverBlocked | kOfLibc) == ~uint64_t{0};
}

// Calls `visit(tid, pending, blocked)` for every thread but the main one: whether `sig` is pending for that
// thread alone, and whether it blocks it.
template <typename Visit>
void ForOtherThreads(int sig, Visit visit) {
  const int tasks = OrErrno(open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (tasks < 0) return;
  ForEachNumber(tasks, [&](pid_t tid, const char*) {
    ThreadSignals of;
    if (tid == getpid()) return 0;
    int result = ReadThreadSignals(tid, &of);
    // One that has just been prompted for another number, say.
    for (int tries = 0; result == 0 && tid != sys_gettid() && MayBeInHandler(of) && tries < kPatience;
         tries++) {
      nanosleep(&kMoment, nullptr);
      result = ReadThreadSignals(tid, &of);
    }
    if (result < 0) return 0;
    const uint64_t bit = uint64_t{1} << (sig - 1);
    visit(tid, (of.pending & bit) != 0, (of.blocked & bit) != 0);
    return 0;
  });
  sys_close(tasks);
}

}  // namespace

void PreparePrompts() {
  if (getrandom(&secret, sizeof secret, GRND_NONBLOCK) >= 0) return;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  secret = static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

// ASYNC-SIGNAL-SAFE
bool TakePrompt(int sig, const siginfo_t* info) {
  if (info->si_code != kPromptCode || reinterpret_cast<intptr_t>(info->si_value.sival_ptr) != secret)
    return false;
  obeyed[sig].fetch_add(1, std::memory_order_relaxed);
  return true;
}

void PromptThreads(int sig) {
  const siginfo_t info = QueuedSiginfo(sig, kPromptCode, secret);
  ForOtherThreads(sig, [&](int tid, bool pending, bool blocked) {
    if (pending || blocked) return;
    prompted[sig].fetch_add(1, std::memory_order_relaxed);
    if (sys_rt_tgsigqueueinfo(getpid(), tid, sig, &info) < 0)
      obeyed[sig].fetch_add(1, std::memory_order_relaxed);
  });
}

void AwaitPrompts(int sig, void (*reinstall)(int sig)) {
  for (int tries = 0; prompted[sig].load() != obeyed[sig].load(); tries++) {
    bool any = false;
    ForOtherThreads(sig, [&](int tid, bool pending, bool) { any |= pending && tid != sys_gettid(); });
    if (any && tries < kPatience) {
      nanosleep(&kMoment, nullptr);
      continue;
    }
    if (any) {
      struct sigaction ignore;
      std::memset(&ignore, 0, sizeof ignore);
      ignore.sa_handler = SIG_IGN;
      sys_sigaction(sig, &ignore, nullptr);
      reinstall(sig);
    }
    obeyed[sig].store(prompted[sig].load());  // a thread may have ended with its prompt
  }
}

}  // namespace sigkit
