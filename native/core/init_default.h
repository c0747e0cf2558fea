// The default action for an init. The kernel drops what would end PID 1 where its disposition is the default;
// here it ends the process with 128 + n, natively, so that a busy JavaScript does not hold it up.
//
// It is a handler, marked as one-shot (SA_RESETHAND): that is how the default action with last words looks,
// and the hub and libuv both treat it so. Whoever handles the signal replaces it and never calls it.
#ifndef SIGKIT_CORE_INIT_DEFAULT_H
#define SIGKIT_CORE_INIT_DEFAULT_H

namespace sigkit {

// Installs it where the disposition of `sig` is the default, or a one-shot handler, which is called first:
// Node's own for SIGINT and SIGTERM resets the terminal. 1 when it is there now, 0 when somebody handles or
// ignores the signal, or -errno.
int DefaultAsInit(int sig);

// Once more, where it was asked for and something has put the default action in its place.
void RestoreInitDefault(int sig);

}  // namespace sigkit

#endif
