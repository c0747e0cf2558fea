#ifndef SIGKIT_CORE_EXIT_BY_SIGNAL_H
#define SIGKIT_CORE_EXIT_BY_SIGNAL_H

namespace sigkit {

// Ends this process as its parent should see it: by `sig`, with the default action. Returns only where that
// does nothing (PID 1 of a pid namespace, a tracer that swallows the signal): 0, or -errno.
int ExitBySignal(int sig);

}  // namespace sigkit

#endif
