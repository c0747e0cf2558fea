// What belongs to one environment: the main thread's, or a Worker's. Made on first use, freed with the
// environment.
//
// A Worker that is terminated runs no JavaScript any more, so no `finally` and no FinalizationRegistry closes
// its pidfds: the ones that lib/ has handed over (own_fd) are closed here. Nor does it wake whom it stopped.
#ifndef SIGKIT_BINDING_ENV_STATE_H
#define SIGKIT_BINDING_ENV_STATE_H

#include <set>

#include "../core/exit_watch.h"
#include "child_signal.h"
#include "env_signals.h"
#include "js_callback.h"
#include "loop.h"
#include "napi_setup.h"

namespace sigkit {

class EnvState {
 public:
  // Null when the environment is ending.
  static EnvState* Of(napi_env env);

  // Starts the watch; `callback` is called, without arguments, when there is something to drain. 0, or
  // -errno.
  int OpenExitWatch(napi_env env, napi_value callback, bool use_uv);
  ExitWatch& exit_watch() { return exit_watch_; }
  Loop* loop() { return loop_; }

  EnvSignals& signals() { return signals_; }

  // Calls back on SIGCHLD once it is set to: 0, or -errno; -ENOSYS in a host without libuv.
  int OpenChildSignal(napi_env env, napi_value callback) {
    return child_signal_ == nullptr ? ChildSignal::Open(env, callback, &child_signal_) : 0;
  }
  ChildSignal* child_signal() { return child_signal_; }

  // False when it is owned already: two owners would close it twice, the second time somebody else's.
  bool OwnFd(int fd) { return fds_.insert(fd).second; }
  // Closes an owned fd, once: 0, or -errno; -EBADF for one that is not owned.
  int CloseFd(int fd);

  // An owned pidfd whose process we stopped: at the end of the environment it is woken. 0, or -EBADF.
  int WakeAtEnd(int pidfd, bool on);

  EnvState(const EnvState&) = delete;
  EnvState& operator=(const EnvState&) = delete;

 private:
  EnvState() = default;
  ~EnvState();

  static void Drain(napi_env env, void* data);

  ExitWatch exit_watch_;
  Loop* loop_ = nullptr;
  JsCallback callback_;
  EnvSignals signals_;
  ChildSignal* child_signal_ = nullptr;
  std::set<int> fds_;
  std::set<int> stopped_;
};

}  // namespace sigkit

#endif
