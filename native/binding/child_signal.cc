#include "child_signal.h"

#include <signal.h>

#include <cerrno>
#include <cstdlib>
#include <new>

#include "loop.h"

extern "C" __attribute__((weak)) napi_status napi_get_uv_event_loop(napi_env env, uv_loop_s** loop);

namespace sigkit {

int ChildSignal::Open(napi_env env, napi_value callback, ChildSignal** signal) {
  uv_loop_s* loop = nullptr;
  if (!Loop::HasUv() || napi_get_uv_event_loop(env, &loop) != napi_ok) return -ENOSYS;
  auto* self = new (std::nothrow) ChildSignal(env);
  if (self == nullptr) return -ENOMEM;
  self->watcher_ = static_cast<SigkitUvHandle*>(std::calloc(1, uv_handle_size(kUvSignal)));
  if (self->watcher_ == nullptr || !self->callback_.Set(env, callback, true) ||
      uv_signal_init(loop, self->watcher_) != 0) {
    std::free(self->watcher_);
    delete self;
    return -ENOMEM;
  }
  uv_handle_set_data(self->watcher_, self);
  uv_unref(self->watcher_);
  napi_add_async_cleanup_hook(
      env, [](napi_async_cleanup_hook_handle, void* of) { static_cast<ChildSignal*>(of)->Close(); }, self,
      &self->hook_);
  *signal = self;
  return 0;
}

int ChildSignal::Set(bool on, bool keep_alive) {
  if (on != on_) {
    const auto told = [](SigkitUvHandle* watcher, int) {
      auto* self = static_cast<ChildSignal*>(uv_handle_get_data(watcher));
      self->callback_.Call(self->env_);
    };
    const int result = on ? uv_signal_start(watcher_, told, SIGCHLD) : uv_signal_stop(watcher_);
    if (result < 0) return result;
    on_ = on;
  }
  keep_alive ? uv_ref(watcher_) : uv_unref(watcher_);
  return 0;
}

void ChildSignal::Close() {
  uv_close(watcher_, [](SigkitUvHandle* closed) {
    auto* self = static_cast<ChildSignal*>(uv_handle_get_data(closed));
    std::free(closed);
    napi_remove_async_cleanup_hook(self->hook_);
    delete self;
  });
}

namespace {

struct Walk {
  int32_t* out;
  int capacity;
  int count;
};

void Visit(SigkitUvHandle* handle, void* argument) {
  if (uv_handle_get_type(handle) != kUvProcess) return;
  auto* walk = static_cast<Walk*>(argument);
  if (walk->count < walk->capacity) walk->out[walk->count] = uv_process_get_pid(handle);
  walk->count++;
}

}  // namespace

int ChildSignal::LoopProcesses(napi_env env, int32_t* out, int capacity) {
  uv_loop_s* loop = nullptr;
  if (!Loop::HasUv() || napi_get_uv_event_loop(env, &loop) != napi_ok) return -ENOSYS;
  Walk walk = {out, capacity, 0};
  uv_walk(loop, Visit, &walk);
  return walk.count;
}

}  // namespace sigkit
