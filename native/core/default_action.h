#ifndef SIGKIT_CORE_DEFAULT_ACTION_H
#define SIGKIT_CORE_DEFAULT_ACTION_H

namespace sigkit {

// What a subscription may ask for when JavaScript does not answer. In step with lib/deadline.ts.
enum LastResort : int { kNone = 0, kDefaultAction = 1, kKill = 2, kExit = 3 };

// ASYNC-SIGNAL-SAFE. Performs it, from a handler or from any thread. Returns only after a default action that
// stopped the process and was continued; then `reinstall` is called. Where the signal does nothing (PID 1) it
// exits with 128 + n.
void PerformLastResort(int sig, LastResort action, int exit_code, void (*reinstall)(int sig));

}  // namespace sigkit

#endif
