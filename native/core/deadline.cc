#include "deadline.h"

#include <atomic>
#include <mutex>

#include "signal_hub.h"
#include "syscalls.h"
#include "thread.h"

namespace sigkit {
namespace {

constexpr int kSlots = 256;
constexpr int64_t kNever = INT64_MAX;

struct Slot {
  std::atomic<int> sig{0};          // 0: free
  std::atomic<int64_t> budget{-1};  // ns
  std::atomic<int> then{kNone};
  std::atomic<int> exit_code{0};
  std::atomic<int> second{kNone};
  std::atomic<int> second_exit_code{0};
  std::atomic<uint32_t> arrived{0};
  std::atomic<uint32_t> handled{0};
  // When the oldest arrival that is not handled runs out. Arrivals that follow it get a new time when it is
  // handled.
  std::atomic<int64_t> due{kNever};
};

static_assert(std::atomic<int64_t>::is_always_lock_free, "a lock in a handler is a deadlock");

Slot slots[kSlots];
std::atomic<int> slots_in_use{0};  // the highest index that was ever used, plus one
std::atomic<int> wake{-1};
std::mutex lock;  // of AddDeadline and RemoveDeadline; a handler never takes it

int64_t Now() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

void Perform(const Slot& slot, const std::atomic<int>& action, const std::atomic<int>& exit_code) {
  const int sig = slot.sig.load();
  if (sig == 0) return;
  PerformLastResort(sig, static_cast<LastResort>(action.load()), exit_code.load(), ReinstallSignal);
}

void Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake.load(), &one, sizeof one);
}

void* Watch(void*) {
  for (;;) {
    int64_t next = kNever;
    const int64_t now = Now();
    for (int i = 0; i < slots_in_use.load(); i++) {
      Slot& slot = slots[i];
      int64_t due = slot.due.load();
      if (slot.sig.load() == 0 || due == kNever) continue;
      if (due > now) {
        next = due < next ? due : next;
      } else if (slot.due.compare_exchange_strong(due, kNever) &&
                 slot.arrived.load() != slot.handled.load()) {
        // Stopped and continued: that was the answer. JavaScript handles it all the same, later.
        // Under the lock, so that the slot is still the same one's; a removal waits.
        const std::lock_guard<std::mutex> hold(lock);
        const bool same = slot.due.load() == kNever;  // another's would have a time of its own
        if (same && slot.arrived.load() != slot.handled.load()) Perform(slot, slot.then, slot.exit_code);
      }
    }
    const int64_t wait = next == kNever ? -1 : (next - now + 999999) / 1000000;
    struct pollfd entry = {wake.load(), POLLIN, 0};
    poll(&entry, 1, wait > 0x7fffffff ? 0x7fffffff : static_cast<int>(wait));
    uint64_t told = 0;
    [[maybe_unused]] const ssize_t taken = read(wake.load(), &told, sizeof told);
  }
  return nullptr;
}

int StartWatch() {
  if (wake.load() >= 0) return 0;
  const int fd = sys_eventfd();
  if (fd < 0) return fd;
  wake.store(fd);
  pthread_t thread;
  const int started = StartThreadWithoutSignals(&thread, Watch, nullptr);
  if (started < 0) {
    wake.store(-1);
    sys_close(fd);
  }
  return started;
}

}  // namespace

int AddDeadline(const DeadlinePlan& plan) {
  const std::lock_guard<std::mutex> hold(lock);
  if (plan.milliseconds >= 0) {
    if (const int failure = StartWatch(); failure < 0) return failure;
  }
  for (int i = 0; i < kSlots; i++) {
    Slot& slot = slots[i];
    if (slot.sig.load() != 0) continue;
    slot.budget.store(plan.milliseconds < 0 ? -1 : plan.milliseconds * 1000000);
    slot.then.store(plan.then);
    slot.exit_code.store(plan.exit_code);
    slot.second.store(plan.second);
    slot.second_exit_code.store(plan.second_exit_code);
    slot.arrived.store(0);
    slot.handled.store(0);
    slot.due.store(kNever);
    slot.sig.store(plan.sig);  // last: from here on the handler takes it up
    if (i >= slots_in_use.load()) slots_in_use.store(i + 1);
    return i;
  }
  return -ENOSPC;
}

void DeadlineHandled(int index) {
  Slot& slot = slots[index];
  // Never more than arrived: an event may be older than the slot.
  uint32_t before = slot.handled.load();
  do {
    if (before == slot.arrived.load()) return;
  } while (!slot.handled.compare_exchange_weak(before, before + 1));
  const uint32_t handled = before + 1;
  const int64_t budget = slot.budget.load();
  if (budget < 0) return;
  slot.due.store(kNever);
  // The next one, which waited behind it, has its time from now on.
  if (handled != slot.arrived.load()) {
    slot.due.store(Now() + budget);
    Wake();
  }
}

void RemoveDeadline(int index) {
  const std::lock_guard<std::mutex> hold(lock);
  slots[index].sig.store(0);
  // A handler that has seen the slot in use may still count in it: not in its next one.
  WaitForSignalHandlers();
  slots[index].due.store(kNever);
}

void OnDeadlineSignal(int sig) {
  const int count = slots_in_use.load();
  for (int i = 0; i < count; i++) {
    Slot& slot = slots[i];
    if (slot.sig.load() != sig) continue;
    const uint32_t waiting = slot.arrived.fetch_add(1) + 1 - slot.handled.load();
    if (waiting >= 2 && slot.second.load() != kNone) {
      Perform(slot, slot.second, slot.second_exit_code);
      slot.due.store(kNever);  // stopped and continued: the time did not run meanwhile
      continue;
    }
    const int64_t budget = slot.budget.load();
    int64_t none = kNever;
    if (budget >= 0 && slot.due.compare_exchange_strong(none, Now() + budget)) Wake();
  }
}

}  // namespace sigkit
