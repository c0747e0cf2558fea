// The process's signal handlers: who is subscribed to what, and what was installed before. Belongs to the
// process, is made on first use and never destroyed: a handler may run until the very end.
//
// Each environment (main thread, Worker) has an inbox of its own, so a blocked Worker loses only its own
// signals.
#ifndef SIGKIT_CORE_SIGNAL_HUB_H
#define SIGKIT_CORE_SIGNAL_HUB_H

#include <signal.h>

#include "chain_budget.h"
#include "signal_inbox.h"

namespace sigkit {

// How to live beside the host's own signal handling; binding/anchors.cc does it for libuv. libuv replaces a
// disposition when the first watcher of a signal starts, and sets SIG_DFL when the last one stops. An anchor
// is a watcher of ours that keeps it from doing either while we have our handler there. All calls come from
// the environment's own thread; `budget` is the handler's as well.
class Anchor {
 public:
  // From now on the host leaves the disposition of `sig` alone.
  virtual void Hold(int sig) = 0;
  // Lets go. `keep` asks to leave a one-shot watcher behind, a spare, so that the disposition never passes
  // through SIG_DFL; whether one is there.
  virtual bool Release(int sig, bool keep) = 0;
  // To be called when the host watches the signal itself: with a spare left, the end of its last watcher
  // would not be SIG_DFL, but a handler that swallows one signal.
  virtual void DropSpare(int sig) = 0;

  ChainBudget budget;

  Anchor(const Anchor&) = delete;
  Anchor& operator=(const Anchor&) = delete;

 protected:
  Anchor() = default;
  ~Anchor() = default;
};

// 0, or -errno. `anchor` may be null: no host handling to live beside. `take`: what was installed before is
// not called meanwhile (the first subscriber decides). A fault of the process's own goes there all the same.
int SubscribeSignal(int sig, SignalInbox* inbox, Anchor* anchor, bool take);
// Afterwards no handler touches the inbox for this signal any more. Whether a spare was left behind.
bool UnsubscribeSignal(int sig, SignalInbox* inbox, Anchor* anchor);

// Whether our handler is the one installed: somebody may have replaced it.
bool IsSignalInstalled(int sig);

// Whether any environment is subscribed to it.
bool IsSubscribed(int sig);

// How many subscribers of this signal want the sender's comm.
void CountIdentify(int sig, int change);

// Whether the calling thread blocks this signal because the hub told it to, for the sake of order.
bool IsBlockedForOrder(int sig);

// Returns when no handler that was running is any more.
void WaitForSignalHandlers();

// Anchor::DropSpare, under the hub's lock.
void DropSpare(int sig, Anchor* anchor);

// Puts our handler back, after a default action was let through (a stop).
void ReinstallSignal(int sig);

}  // namespace sigkit

#endif
