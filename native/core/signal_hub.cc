#include "signal_hub.h"

#include <pthread.h>

#include <mutex>
#include <new>

#include "deadline.h"
#include "exit_by_signal.h"
#include "handler_guard.h"
#include "init_default.h"
#include "signal_record.h"
#include "thread_prompts.h"

namespace sigkit {
namespace {

// The inboxes subscribed to one signal: a list that is never changed once a handler can see it. Not a
// std::vector, whose growth needs a libstdc++ newer than the published binary may ask for.
struct Subscriber {
  SignalInbox* inbox;
  ChainBudget* budget;  // null without an anchor
  bool main_thread;
  const Subscriber* next;
};

// What a handler of ours replaced, and calls. Written only while ours is not installed.
struct Replaced {
  struct sigaction before;  // as it was before the host's handling was held
  struct sigaction host;    // as it was when ours was installed: the host's, or the same
  // Who had replaced our handler when the last subscription ended. If it chains, it has our handler for ever.
  struct sigaction overridden;
  bool call_before;  // whether `before` is called besides
  bool taken;        // as the first subscriber asked
};

struct Hub {
  std::mutex lock;  // writers; a handler never takes it
  HandlerGuard guard;
  std::atomic<const Subscriber*> subscribers[kSignals] = {};
  Replaced replaced[kSignals] = {};
  std::atomic<int> identify[kSignals] = {};
  std::atomic<bool> ordered[kSignals] = {};
  // Where order is kept. Known once the main thread has subscribed; a Worker may be first.
  pthread_t main_thread = {};
  std::atomic<bool> main_thread_known{false};
};

// A plain pointer, set before the first handler is installed: no guard variable is touched in a handler.
Hub* hub = nullptr;

// ---------------------------------------------------------------- ASYNC-SIGNAL-SAFE ZONE

bool IsMainThread() {
  if (!hub->main_thread_known.load(std::memory_order_acquire)) return sys_gettid() == getpid();
  return pthread_equal(pthread_self(), hub->main_thread) != 0;
}

void CallHandler(const struct sigaction& action, int sig, siginfo_t* info, void* context) {
  if (!HasHandler(action)) return;
  if ((action.sa_flags & SA_SIGINFO) != 0) {
    action.sa_sigaction(sig, info, context);
  } else {
    action.sa_handler(sig);
  }
}

bool IsSameHandler(const struct sigaction& a, const struct sigaction& b) {
  return a.sa_handler == b.sa_handler;  // a union with sa_sigaction
}

// Whether the host's handler is to be called: not when it could not tell its loop any more. The main thread's
// loop decides, where it has an anchor: process.on listens there.
bool HostHasRoom(const Subscriber* list) {
  bool known = false;
  bool room = false;
  for (; list != nullptr; list = list->next) {
    if (list->budget == nullptr) continue;
    if (list->main_thread) return list->budget->HasRoom();
    known = true;
    room = room || list->budget->HasRoom();
  }
  return room || !known;
}

void CallHost(int sig, const Subscriber* list, const struct sigaction& host, siginfo_t* info, void* context) {
  if (!HostHasRoom(list)) return;
  for (; list != nullptr; list = list->next) {
    if (list->budget != nullptr) list->budget->Take(sig);
  }
  CallHandler(host, sig, info, context);
}

// What libc sends its own threads, by the numbers that it keeps.
bool IsOfLibc(int sig, const siginfo_t* info) {
  return IsReservedSignal(sig) && info->si_code == SI_TKILL && info->si_pid == getpid();
}

// A fault of this very thread, as opposed to a signal that somebody sent: positive codes come from the kernel
// alone. SIGTRAP and SIGSYS can be handled later, and onSignal offers that; who takes them wants what is
// sent.
bool IsFault(int sig, const siginfo_t* info, bool taken) {
  if (info->si_code <= 0) return false;
  if (sig == SIGTRAP || sig == SIGSYS) return taken;
  return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL;
}

// What is not for us goes where it went before we came; whether it was so.
bool PassOn(int sig, siginfo_t* info, void* context) {
  const bool of_libc = IsOfLibc(sig, info);
  if (!of_libc && !IsFault(sig, info, true)) return false;
  const unsigned generation = hub->guard.Enter();
  const struct sigaction before = hub->replaced[sig].before;
  const bool taken = hub->replaced[sig].taken;
  hub->guard.Leave(generation);
  if (!of_libc && !IsFault(sig, info, taken)) return false;
  if (HasHandler(before)) {
    CallHandler(before, sig, info, context);
  } else if (!of_libc) {
    ExitBySignal(sig);  // nobody may wait for a faulting thread to go on
    _exit(128 + sig);   // PID 1 is immune to what it raises itself
  }
  return true;
}

void OnSignal(int sig, siginfo_t* info, void* context) {
  const int saved = errno;
  if (PassOn(sig, info, context)) {
    errno = saved;
    return;
  }
  auto* user = static_cast<ucontext_t*>(context);
  if (!TakePrompt(sig, info)) {
    SignalEvent event;
    RecordSignal(&event, sig, info, hub->identify[sig].load(std::memory_order_relaxed) > 0);
    const unsigned generation = hub->guard.Enter();
    const Subscriber* list = hub->subscribers[sig].load(std::memory_order_seq_cst);
    for (const Subscriber* at = list; at != nullptr; at = at->next) at->inbox->Deliver(event);
    OnDeadlineSignal(sig);
    const Replaced& replaced = hub->replaced[sig];
    const bool same = IsSameHandler(replaced.host, replaced.before);
    if (!same || replaced.call_before) CallHost(sig, list, replaced.host, info, context);
    const bool call_before = !same && replaced.call_before;
    const struct sigaction before = replaced.before;
    hub->guard.Leave(generation);
    // Last, and outside: it may leave by siglongjmp.
    if (call_before) CallHandler(before, sig, info, context);
  }
  // From the return on this thread blocks the signal, so that the main thread takes the next one, in order.
  if (sig >= SIGRTMIN && !IsMainThread()) sigaddset(&user->uc_sigmask, sig);
  errno = saved;
}

// ---------------------------------------------------------------- end of the zone

// Whoever changes the table must not be interrupted by a handler of its own thread: it would wait for itself.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    sys_sigmask(SIG_BLOCK, &all, &old_);
  }
  // Stays blocked afterwards.
  void KeepBlocked(int sig) { sigaddset(&old_, sig); }
  ~SignalsBlocked() { sys_sigmask(SIG_SETMASK, &old_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t old_;
};

Hub* TheHub() {
  static std::mutex making;
  const std::lock_guard<std::mutex> hold(making);
  if (hub == nullptr) {
    auto* made = new (std::nothrow) Hub();
    if (made == nullptr) return nullptr;
    PreparePrompts();
    __atomic_store_n(&hub, made, __ATOMIC_RELEASE);
  }
  return hub;
}

struct sigaction OurAction() {
  struct sigaction action;
  std::memset(&action, 0, sizeof action);
  action.sa_sigaction = OnSignal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);  // handlers nest otherwise, and the last to come is the first to be recorded
  return action;
}

void InstallOurs(int sig) {
  const struct sigaction ours = OurAction();
  sys_sigaction(sig, &ours, nullptr);
}

bool IsOurs(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == OnSignal;
}

void Publish(int sig, const Subscriber* next) {
  hub->subscribers[sig].store(next, std::memory_order_seq_cst);
  hub->guard.WaitForHandlers();
}

const Subscriber* Without(const Subscriber* list, const SignalInbox* inbox) {
  const Subscriber* copy = nullptr;
  for (; list != nullptr; list = list->next) {
    if (list->inbox != inbox) copy = new Subscriber{list->inbox, list->budget, list->main_thread, copy};
  }
  return copy;
}

void Free(const Subscriber* list) {
  while (list != nullptr) {
    const Subscriber* next = list->next;
    delete list;
    list = next;
  }
}

}  // namespace

int SubscribeSignal(int sig, SignalInbox* inbox, Anchor* anchor, bool take) {
  if (TheHub() == nullptr) return -ENOMEM;
  const std::lock_guard<std::mutex> hold(hub->lock);
  SignalsBlocked blocked;
  if (IsMainThread() && !hub->main_thread_known.load(std::memory_order_relaxed)) {
    hub->main_thread = pthread_self();
    hub->main_thread_known.store(true, std::memory_order_release);
  }
  const Subscriber* old = hub->subscribers[sig].load(std::memory_order_relaxed);
  const bool first = old == nullptr;
  struct sigaction before;
  if (const int failure = sys_sigaction(sig, nullptr, &before); failure < 0) return failure;
  Replaced& replaced = hub->replaced[sig];
  // One that replaced us before and is still there: it may call our handler, so ours must not call it.
  // Nothing is installed; what it passes on arrives.
  const bool under = first && !IsDefaultAction(before) && IsSameHandler(before, replaced.overridden);
  if (anchor != nullptr && !under) anchor->Hold(sig);
  if (first && !under) {
    replaced.before = before;
    // A one-shot handler is the default action with last words: Node's own for SIGINT and SIGTERM resets the
    // terminal and raises the signal again. Whoever handles the signal takes its place, as process.on does.
    replaced.taken = take;
    replaced.call_before = !take && (static_cast<unsigned>(before.sa_flags) & SA_RESETHAND) == 0;
    // Read before ours is there: the handler must find it complete.
    sys_sigaction(sig, nullptr, &replaced.host);
  }
  ChainBudget* budget = anchor == nullptr ? nullptr : &anchor->budget;
  Publish(sig, new Subscriber{inbox, budget, IsMainThread(), old});
  if (first && !under) InstallOurs(sig);
  if (sig >= SIGRTMIN) {
    hub->ordered[sig].store(true, std::memory_order_relaxed);
    // A prompt that finds somebody else's handler, or none, is a signal out of nowhere.
    if (IsSignalInstalled(sig)) PromptThreads(sig);
    if (!IsMainThread()) blocked.KeepBlocked(sig);
  }
  return 0;
}

bool UnsubscribeSignal(int sig, SignalInbox* inbox, Anchor* anchor) {
  const std::lock_guard<std::mutex> hold(hub->lock);
  const Subscriber* old = hub->subscribers[sig].load(std::memory_order_relaxed);
  if (old == nullptr) return false;
  // While the mask still lets a prompt for this thread through.
  if (old->next == nullptr && IsSignalInstalled(sig)) AwaitPrompts(sig, InstallOurs);
  const SignalsBlocked blocked;
  const Subscriber* rest = Without(old, inbox);
  if (rest != nullptr) {
    Publish(sig, rest);
    Free(old);
    if (anchor != nullptr) anchor->Release(sig, false);
    return false;
  }
  Replaced& replaced = hub->replaced[sig];
  struct sigaction current;
  sys_sigaction(sig, nullptr, &current);
  const bool ours = IsOurs(current);
  if (!ours) replaced.overridden = current;
  // What is to be there afterwards: not over the head of whoever has replaced us.
  const struct sigaction& after = ours ? replaced.before : current;
  const bool host_was_there = ours && IsSameHandler(replaced.host, replaced.before);
  bool spare = false;
  if (anchor != nullptr) {
    // While ours is still there, so that from ours it goes straight to SIG_DFL, where that is what libuv
    // makes of it: no moment in which a signal finds a handler that drops it.
    const bool put_back = !IsDefaultAction(after) && !host_was_there;
    spare = anchor->Release(sig, put_back);
    if (IsSignalInstalled(sig)) {
      sys_sigaction(sig, &replaced.host, nullptr);  // the host watches it on its own account
      anchor->DropSpare(sig);
      spare = false;
    } else if (put_back) {
      sys_sigaction(sig, &after, nullptr);
    }
  } else if (ours) {
    sys_sigaction(sig, &replaced.before, nullptr);
  }
  RestoreInitDefault(sig);
  Publish(sig, nullptr);
  Free(old);
  return spare;
}

bool IsSignalInstalled(int sig) {
  struct sigaction current;
  return sys_sigaction(sig, nullptr, &current) == 0 && IsOurs(current);
}

bool IsSubscribed(int sig) {
  const Hub* made = __atomic_load_n(&hub, __ATOMIC_ACQUIRE);
  return made != nullptr && made->subscribers[sig].load(std::memory_order_relaxed) != nullptr;
}

void CountIdentify(int sig, int change) {
  if (TheHub() != nullptr) hub->identify[sig].fetch_add(change, std::memory_order_relaxed);
}

bool IsBlockedForOrder(int sig) {
  if (__atomic_load_n(&hub, __ATOMIC_ACQUIRE) == nullptr || sig < 1 || sig >= kSignals ||
      !hub->ordered[sig].load(std::memory_order_relaxed))
    return false;
  sigset_t mask;
  sys_sigmask(SIG_BLOCK, nullptr, &mask);
  return !IsMainThread() && sigismember(&mask, sig) == 1;
}

void ReinstallSignal(int sig) {
  if (!IsSubscribed(sig)) return;
  InstallOurs(sig);
  // The last one left meanwhile, and found the default action in our place.
  if (!IsSubscribed(sig) && IsSignalInstalled(sig)) {
    struct sigaction action;
    std::memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sys_sigaction(sig, &action, nullptr);
  }
}

void WaitForSignalHandlers() {
  if (__atomic_load_n(&hub, __ATOMIC_ACQUIRE) == nullptr) return;
  const SignalsBlocked blocked;
  hub->guard.WaitForHandlers();
}

void DropSpare(int sig, Anchor* anchor) {
  const std::lock_guard<std::mutex> hold(TheHub()->lock);
  anchor->DropSpare(sig);
}

}  // namespace sigkit
