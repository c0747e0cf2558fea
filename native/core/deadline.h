// Acts when JavaScript does not: a blocked event loop must not hold the process hostage.
//
// A slot per subscription that has a deadline, or something to do at a second signal. The handler counts
// arrivals and acts at once on the second; a small thread, started on first use, acts when the first has not
// been handled in time. JavaScript reports what it has handled.
//
// Slots are a fixed table of atomics: the handler reads them at any time, nothing is ever freed.
#ifndef SIGKIT_CORE_DEADLINE_H
#define SIGKIT_CORE_DEADLINE_H

#include <cstdint>

#include "default_action.h"

namespace sigkit {

struct DeadlinePlan {
  int sig;
  int64_t milliseconds;  // negative: no deadline
  LastResort then;
  int exit_code;
  LastResort second;
  int second_exit_code;
};

// The slot, or -errno: -ENOSPC when all are in use.
int AddDeadline(const DeadlinePlan& plan);
// One arrival of that subscription has been handled.
void DeadlineHandled(int slot);
void RemoveDeadline(int slot);

// ASYNC-SIGNAL-SAFE: called by the handler for each arrival.
void OnDeadlineSignal(int sig);

}  // namespace sigkit

#endif
