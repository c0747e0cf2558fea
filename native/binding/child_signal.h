// SIGCHLD as libuv multiplexes it, and which children are libuv's. No handler of ours: child_process has one
// already, and every watcher of one loop shares it.
#ifndef SIGKIT_BINDING_CHILD_SIGNAL_H
#define SIGKIT_BINDING_CHILD_SIGNAL_H

#include "js_callback.h"
#include "libuv.h"
#include "napi_setup.h"

namespace sigkit {

class ChildSignal {
 public:
  // 0, or -errno: -ENOSYS without libuv. Deletes itself when its environment ends.
  static int Open(napi_env env, napi_value callback, ChildSignal** signal);

  int Set(bool on, bool keep_alive);

  // The pids of the processes that the environment's own loop will reap: how many, or -ENOSYS. Only on its
  // own thread.
  static int LoopProcesses(napi_env env, int32_t* out, int capacity);

  ChildSignal(const ChildSignal&) = delete;
  ChildSignal& operator=(const ChildSignal&) = delete;

 private:
  explicit ChildSignal(napi_env env) : env_(env) {}
  ~ChildSignal() = default;
  void Close();

  napi_env env_;
  SigkitUvHandle* watcher_ = nullptr;
  JsCallback callback_;
  bool on_ = false;
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

}  // namespace sigkit

#endif
