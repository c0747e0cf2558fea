// Where one environment's signals arrive: its ring, the descriptor that wakes its loop, and what did not fit.
#ifndef SIGKIT_CORE_SIGNAL_INBOX_H
#define SIGKIT_CORE_SIGNAL_INBOX_H

#include "signal_ring.h"
#include "syscalls.h"

namespace sigkit {

class SignalInbox {
 public:
  SignalInbox() = default;
  SignalInbox(const SignalInbox&) = delete;
  SignalInbox& operator=(const SignalInbox&) = delete;
  ~SignalInbox() {
    if (wake_ >= 0) sys_close(wake_);
  }

  int Open() {
    if (wake_ >= 0) return 0;
    if (const int failure = ring_.Open(); failure < 0) return failure;
    wake_ = sys_eventfd();
    return wake_ < 0 ? wake_ : 0;
  }

  int Fd() const { return wake_; }

  // ASYNC-SIGNAL-SAFE
  void Deliver(const SignalEvent& event) {
    if (!ring_.Push(event)) {
      lost_[event.signo].fetch_add(1, std::memory_order_relaxed);
      return;
    }
    // One write however many signals come before the loop gets round to them.
    if (awake_.exchange(true, std::memory_order_seq_cst)) return;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
  }

  // The loop's side: fills `events`, gives how many. Call again until it gives 0; left before that, the fd
  // stays readable and wakes the loop again.
  int Drain(SignalEvent* events, int capacity) {
    int count = 0;
    while (count < capacity && ring_.Pop(&events[count])) count++;
    // Reading the fd waits for the end: it would stand between the first signal and its listener, and while
    // it has not been read nobody writes it.
    if (count > 0) return count;
    uint64_t told = 0;
    [[maybe_unused]] const ssize_t taken = read(wake_, &told, sizeof told);
    awake_.exchange(false, std::memory_order_seq_cst);  // not a store: what follows must not pass it
    // What came after we looked found us awake, and told nobody.
    if (ring_.Readable() && !awake_.exchange(true, std::memory_order_seq_cst)) {
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
    }
    return 0;
  }

  // The loop's side, as Drain.
  bool Unread() const { return !ring_.Empty(); }

  uint32_t Lost(int sig) const { return lost_[sig].load(std::memory_order_relaxed); }

 private:
  SignalRing ring_;
  int wake_ = -1;
  std::atomic<bool> awake_{false};
  std::atomic<uint32_t> lost_[kSignals] = {};
};

}  // namespace sigkit

#endif
