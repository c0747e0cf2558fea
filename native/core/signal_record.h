// What a handler writes down of a signal.
#ifndef SIGKIT_CORE_SIGNAL_RECORD_H
#define SIGKIT_CORE_SIGNAL_RECORD_H

#include <signal.h>

#include "signal_event.h"

namespace sigkit {

// ASYNC-SIGNAL-SAFE. `identify`: with the sender's comm, read now.
void RecordSignal(SignalEvent* event, int sig, const siginfo_t* info, bool identify);

}  // namespace sigkit

#endif
