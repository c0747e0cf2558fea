// Lets handlers read a table without a lock while writers replace parts of it. ASYNC-SIGNAL-SAFE ZONE (Enter,
// Leave).
//
// The problem: a writer may free what it took out of the table only when no handler, on whatever thread,
// still looks at it. A lock would deadlock (the handler may have interrupted its holder), and a single count
// of handlers in flight may never be zero in a storm.
//
// The rule: handlers count themselves in one of two counters, chosen by a generation. A writer publishes its
// change, moves the generation on, so that new handlers use the other counter, and waits until it has seen
// each of the two at zero once. Whoever could still see the old state is then gone.
#ifndef SIGKIT_CORE_HANDLER_GUARD_H
#define SIGKIT_CORE_HANDLER_GUARD_H

#include <sched.h>

#include <atomic>

namespace sigkit {

class HandlerGuard {
 public:
  unsigned Enter() {
    const unsigned generation = generation_.load(std::memory_order_seq_cst) % 2;
    active_[generation].fetch_add(1, std::memory_order_seq_cst);
    return generation;
  }

  void Leave(unsigned generation) { active_[generation].fetch_sub(1, std::memory_order_seq_cst); }

  // Called with the calling thread's signals blocked, or it could wait for a handler that interrupted it.
  void WaitForHandlers() {
    bool seen[2] = {active_[0].load(std::memory_order_seq_cst) == 0,
                    active_[1].load(std::memory_order_seq_cst) == 0};
    generation_.fetch_add(1, std::memory_order_seq_cst);
    while (!seen[0] || !seen[1]) {
      for (int i = 0; i < 2; i++) seen[i] = seen[i] || active_[i].load(std::memory_order_seq_cst) == 0;
      sched_yield();
    }
  }

 private:
  std::atomic<unsigned> generation_{0};
  std::atomic<int> active_[2] = {{0}, {0}};
  static_assert(std::atomic<int>::is_always_lock_free, "a lock in a handler is a deadlock");
};

}  // namespace sigkit

#endif
