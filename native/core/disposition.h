// What a signal does to this process, and which signals the calling thread blocks. Sets are 64 bits: bit n -
// 1 is signal n.
#ifndef SIGKIT_CORE_DISPOSITION_H
#define SIGKIT_CORE_DISPOSITION_H

#include <cstdint>

namespace sigkit {

enum Disposition : int { kDefault = 0, kIgnore = 1, kHandler = 2 };

struct ActionFacts {
  int disposition;
  int flags;
  uint64_t mask;
};

// int sigaction(sig, act, oldact): `to` is kDefault, kIgnore, or negative to ask only. 0, or -errno.
int SetAction(int sig, int to, ActionFacts* old);

// The same with sa_flags.
int SetMarkedAction(int sig, int to, int flags, ActionFacts* old);

// Sets it and remembers what was there: a ticket for RestoreAction, or -errno.
int ReplaceAction(int sig, int to);
// Puts back what the ticket stands for, once. 0, or -errno: -EBUSY while the signal has subscriptions.
int RestoreAction(int ticket);

// int sigprocmask(how, set, oldset) of the calling thread; `how` negative to ask only.
int SetMask(int how, uint64_t set, uint64_t* old);

// int sigpending(set)
int PendingSignals(uint64_t* set);

}  // namespace sigkit

#endif
