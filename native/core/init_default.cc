#include "init_default.h"

#include <atomic>

#include "signal_event.h"
#include "syscalls.h"

namespace sigkit {
namespace {

// What was installed before, for its last words. Written only while ours is not installed.
struct sigaction last_words[kSignals];

std::atomic<bool> wanted[kSignals] = {};

// ---------------------------------------------------------------- ASYNC-SIGNAL-SAFE ZONE

void EndAsInit(int sig) {
  const struct sigaction& before = last_words[sig];
  // It may raise the signal again: that stays pending, for it is blocked here, and we do not come back.
  if (HasHandler(before)) before.sa_handler(sig);
  _exit(128 + sig);
}

// ---------------------------------------------------------------- end of the zone

}  // namespace

int DefaultAsInit(int sig) {
  wanted[sig].store(true, std::memory_order_relaxed);
  struct sigaction before;
  if (sigaction(sig, nullptr, &before) != 0) return -errno;
  if (before.sa_handler == EndAsInit) return 1;
  const bool plain = (before.sa_flags & SA_SIGINFO) == 0;
  const bool one_shot = (static_cast<unsigned>(before.sa_flags) & SA_RESETHAND) != 0;
  if (!IsDefaultAction(before) && !(HasHandler(before) && plain && one_shot)) return 0;
  last_words[sig] = before;
  struct sigaction ours;
  std::memset(&ours, 0, sizeof ours);
  ours.sa_handler = EndAsInit;
  ours.sa_flags = static_cast<int>(SA_RESETHAND) | SA_ONSTACK;
  sigfillset(&ours.sa_mask);
  return sigaction(sig, &ours, nullptr) == 0 ? 1 : -errno;
}

void RestoreInitDefault(int sig) {
  if (wanted[sig].load(std::memory_order_relaxed)) DefaultAsInit(sig);
}

}  // namespace sigkit
