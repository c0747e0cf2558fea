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

  bool HasRoom() const { return total_.load(std::memory_order_relaxed) < kLimit; }

  void Take(int sig) {
    of_[sig].fetch_add(1, std::memory_order_relaxed);
    total_.fetch_add(1, std::memory_order_relaxed);
  }

  // The loop's side: one came out of the pipe.
  void Done(int sig) {
    int count = of_[sig].load(std::memory_order_relaxed);
    while (count > 0) {
      if (!of_[sig].compare_exchange_weak(count, count - 1, std::memory_order_relaxed)) continue;
      total_.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
  }

  // The anchor starts: what was on its way when it stopped is not told any more.
  void Reset(int sig) {
    total_.fetch_sub(of_[sig].exchange(0, std::memory_order_relaxed), std::memory_order_relaxed);
  }

 private:
  std::atomic<int> of_[kSignals] = {};
  std::atomic<int> total_{0};
  static_assert(std::atomic<int>::is_always_lock_free, "a lock in a handler is a deadlock");
};

}  // namespace sigkit

#endif
