// How many signals libuv still has to tell one loop about: its handler writes each into a pipe of that loop,
// which holds 4096, and drops what does not fit, SIGCHLD and so the end of a child included. We call that
// handler for every signal that is ours, so we must not be what fills the pipe. ASYNC-SIGNAL-SAFE ZONE
// (HasRoom, Take).
//
// An anchor is told of each signal too, which is when one is off the pipe.
#ifndef SIGKIT_CORE_CHAIN_BUDGET_H
#define SIGKIT_CORE_CHAIN_BUDGET_H

#include <atomic>

#include "signal_inbox.h"

namespace sigkit {

class ChainBudget {
 public:
  // A listener of process.on has its own entry beside the anchor's: half of the pipe at most.
  static constexpr int kLimit = 1024;

  bool HasRoom() const { return Outstanding() < kLimit; }

  void Take(int sig) { taken_[sig].fetch_add(1, std::memory_order_relaxed); }

  // The loop's side: one came out of the pipe.
  void Done(int sig) { Advance(sig, done_[sig].load(std::memory_order_relaxed) + 1); }

  // The anchor starts: what was on its way when it stopped is not told any more.
  void Reset(int sig) { Advance(sig, taken_[sig].load(std::memory_order_relaxed)); }

  // What the pipe had no room for is never told. Sample, let the loop read the pipe until it is empty, and
  // settle: what was under way at the sample has come out by then, or was dropped.
  void Sample() {
    for (int sig = 1; sig < kStandard; sig++) sample_[sig] = taken_[sig].load(std::memory_order_relaxed);
  }
  void Settle() {
    for (int sig = 1; sig < kStandard; sig++) Advance(sig, sample_[sig]);
  }

  int Outstanding() const {
    uint32_t count = 0;
    for (int sig = 1; sig < kStandard; sig++) {
      count += taken_[sig].load(std::memory_order_relaxed) - done_[sig].load(std::memory_order_relaxed);
    }
    return static_cast<int>(count);
  }

 private:
  static constexpr int kStandard = 32;  // anchors are for these only

  // On the loop's thread alone, so that no other writer is lost.
  void Advance(int sig, uint32_t to) {
    const uint32_t taken = taken_[sig].load(std::memory_order_relaxed);
    const uint32_t done = done_[sig].load(std::memory_order_relaxed);
    if (static_cast<int32_t>(to - done) > 0 && static_cast<int32_t>(taken - to) >= 0) {
      done_[sig].store(to, std::memory_order_relaxed);
    }
  }

  std::atomic<uint32_t> taken_[kStandard] = {};
  std::atomic<uint32_t> done_[kStandard] = {};
  uint32_t sample_[kStandard] = {};
  static_assert(std::atomic<uint32_t>::is_always_lock_free, "a lock in a handler is a deadlock");
};

}  // namespace sigkit

#endif
