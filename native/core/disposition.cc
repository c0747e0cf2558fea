#include "disposition.h"

#include <map>
#include <mutex>

#include "signal_hub.h"
#include "syscalls.h"

namespace sigkit {
namespace {

uint64_t BitsOf(const sigset_t& set) {
  uint64_t bits = 0;
  for (int sig = 1; sig <= 64; sig++) {
    if (sigismember(&set, sig) == 1) bits |= uint64_t{1} << (sig - 1);
  }
  return bits;
}

// What was replaced, until it is asked for. JavaScript cannot hold a handler's address.
// Tells a plain action of ours from one that somebody else has set meanwhile: flags that mean nothing without
// a handler.
constexpr int kMark = SA_NODEFER | SA_RESTART;
struct Saved {
  int sig;
  int to;
  struct sigaction action;
};
std::mutex saved_lock;
std::map<int, Saved> saved_actions;
int next_ticket = 1;

}  // namespace

int SetAction(int sig, int to, ActionFacts* old) { return SetMarkedAction(sig, to, 0, old); }

int SetMarkedAction(int sig, int to, int mark, ActionFacts* old) {
  struct sigaction next;
  struct sigaction before;
  std::memset(&next, 0, sizeof next);
  next.sa_handler = to == kIgnore ? SIG_IGN : SIG_DFL;
  next.sa_flags = mark;
  sigemptyset(&next.sa_mask);
  if (sigaction(sig, to < 0 ? nullptr : &next, &before) != 0) return -errno;
  old->disposition = HasHandler(before) ? kHandler : IsDefaultAction(before) ? kDefault : kIgnore;
  old->flags = before.sa_flags;
  old->mask = BitsOf(before.sa_mask);
  return 0;
}

int ReplaceAction(int sig, int to) {
  Saved saved = {sig, to, {}};
  if (sigaction(sig, nullptr, &saved.action) != 0) return -errno;
  ActionFacts old;
  if (const int failure = SetMarkedAction(sig, to, kMark, &old); failure < 0) return failure;
  const std::lock_guard<std::mutex> hold(saved_lock);
  const int ticket = next_ticket++;
  saved_actions[ticket] = saved;
  return ticket;
}

int RestoreAction(int ticket) {
  const std::lock_guard<std::mutex> hold(saved_lock);
  const auto found = saved_actions.find(ticket);
  if (found == saved_actions.end()) return -ENOENT;
  const Saved saved = found->second;
  if (IsSubscribed(saved.sig)) return -EBUSY;  // it would be put back over a handler of ours, or under it
  saved_actions.erase(found);
  // Not over the head of whoever has put something else there meanwhile.
  ActionFacts now;
  if (const int failure = SetAction(saved.sig, -1, &now); failure < 0) return failure;
  if (now.disposition != saved.to || (now.flags & kMark) != kMark) return 0;
  return OrErrno(sigaction(saved.sig, &saved.action, nullptr));
}

int SetMask(int how, uint64_t bits, uint64_t* old) {
  sigset_t set;
  sigset_t before;
  sigemptyset(&set);
  for (int sig = 1; sig <= 64; sig++) {
    if ((bits >> (sig - 1) & 1) != 0) sigaddset(&set, sig);  // libc refuses what it keeps for itself
  }
  const int result = sys_sigmask(how, how < 0 ? nullptr : &set, &before);
  *old = BitsOf(before);
  return result;
}

int PendingSignals(uint64_t* bits) {
  sigset_t set;
  if (sigpending(&set) != 0) return -errno;
  *bits = BitsOf(set);
  return 0;
}

}  // namespace sigkit
