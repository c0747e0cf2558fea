// A bounded queue from signal handlers, on any thread, to one reader. ASYNC-SIGNAL-SAFE ZONE (Push).
//
// Nothing may be locked in a handler and nothing allocated, so: slots are claimed by one compare-and-swap and
// handed over by one store. A handler that is preempted between the two holds up what was claimed after it,
// never what was there before, and never another handler.
//
// Whose turn a slot is says a counter in the slot itself: 2 * lap when it may be written in that lap, 2 * lap
// + 1 when it may be read. It begins at zero, which is what fresh pages hold: the ring is mapped and not
// touched, so memory is used only as far as it ever filled.
#ifndef SIGKIT_CORE_SIGNAL_RING_H
#define SIGKIT_CORE_SIGNAL_RING_H

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "signal_event.h"

namespace sigkit {

class SignalRing {
 public:
  static constexpr uint64_t kCapacity = 1U << 17;

  SignalRing() = default;
  SignalRing(const SignalRing&) = delete;
  SignalRing& operator=(const SignalRing&) = delete;
  ~SignalRing() {
    if (slots_ != nullptr) munmap(slots_, kCapacity * sizeof(SignalEvent));
  }

  int Open() {
    if (slots_ != nullptr) return 0;
    void* pages = mmap(nullptr, kCapacity * sizeof(SignalEvent), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) return -errno;
    slots_ = static_cast<SignalEvent*>(pages);
    return 0;
  }

  // False when it is full.
  bool Push(const SignalEvent& event) {
    uint64_t at = tail_.load(std::memory_order_relaxed);
    for (;;) {
      SignalEvent& slot = slots_[at % kCapacity];
      const uint64_t turn = __atomic_load_n(&slot.turn, __ATOMIC_ACQUIRE);
      const uint64_t mine = 2 * (at / kCapacity);
      if (turn < mine) return false;  // not read yet since the last lap
      if (turn == mine && tail_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
        std::memcpy(&slot, &event, offsetof(SignalEvent, turn));
        __atomic_store_n(&slot.turn, mine + 1, __ATOMIC_RELEASE);
        return true;
      }
      if (turn > mine) at = tail_.load(std::memory_order_relaxed);
    }
  }

  // The reader's side: one thread only.
  bool Pop(SignalEvent* event) {
    SignalEvent& slot = slots_[head_ % kCapacity];
    const uint64_t readable = 2 * (head_ / kCapacity) + 1;
    if (__atomic_load_n(&slot.turn, __ATOMIC_ACQUIRE) != readable) return false;
    std::memcpy(event, &slot, offsetof(SignalEvent, turn));
    __atomic_store_n(&slot.turn, readable + 1, __ATOMIC_RELEASE);
    head_++;
    return true;
  }

  // The reader's side: whether Pop would give one.
  bool Readable() const {
    return __atomic_load_n(&slots_[head_ % kCapacity].turn, __ATOMIC_ACQUIRE) == 2 * (head_ / kCapacity) + 1;
  }

  // The reader's side. What a handler has claimed and not yet handed over counts as there.
  bool Empty() const { return tail_.load(std::memory_order_acquire) == head_; }

 private:
  SignalEvent* slots_ = nullptr;
  std::atomic<uint64_t> tail_{0};
  uint64_t head_ = 0;
  static_assert(std::atomic<uint64_t>::is_always_lock_free, "a lock in a handler is a deadlock");
};

}  // namespace sigkit

#endif
