#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "libuv.h"
#include "loop.h"

// From node_api.h, again and weak: a host without libuv may lack it.
extern "C" __attribute__((weak)) napi_status napi_get_uv_event_loop(napi_env env, uv_loop_s** loop);

namespace sigkit {
namespace {

class LoopUv final : public Loop {
 public:
  static int Open(napi_env env, int fd, Drain drain, void* data, Loop** loop) {
    uv_loop_s* uv = nullptr;
    if (napi_get_uv_event_loop(env, &uv) != napi_ok) return -ENOSYS;
    // calloc: the handle is libuv's, of a size that only libuv knows.
    auto* handle = static_cast<SigkitUvHandle*>(std::calloc(1, uv_handle_size(kUvPoll)));
    if (handle == nullptr) return -ENOMEM;
    // libuv's error numbers are negative errnos on every Unix.
    if (const int failure = uv_poll_init(uv, handle, fd); failure < 0) {
      std::free(handle);
      return failure;
    }
    auto* self = new (std::nothrow) LoopUv(env, handle, drain, data);
    if (self == nullptr) {
      uv_close(handle, [](SigkitUvHandle* closed) { std::free(closed); });
      return -ENOMEM;
    }
    uv_handle_set_data(handle, self);
    uv_unref(handle);
    uv_poll_start(handle, kUvReadable, [](SigkitUvHandle* readable, int, int) {
      auto* of = static_cast<LoopUv*>(uv_handle_get_data(readable));
      of->drain_(of->env_, of->data_);
    });
    // Asynchronous, because a uv handle ends only in an iteration of its loop: a plain hook would leave the
    // Worker's loop with an open handle, which Node asserts against.
    napi_add_async_cleanup_hook(
        env, [](napi_async_cleanup_hook_handle, void* of) { static_cast<LoopUv*>(of)->Close(); }, self,
        &self->hook_);
    *loop = self;
    return 0;
  }

  void Ref(bool keep_alive) override { keep_alive ? uv_ref(handle_) : uv_unref(handle_); }

 private:
  LoopUv(napi_env env, SigkitUvHandle* handle, Drain drain, void* data)
      : env_(env), handle_(handle), drain_(drain), data_(data) {}

  void Close() {
    uv_close(handle_, [](SigkitUvHandle* closed) {
      auto* self = static_cast<LoopUv*>(uv_handle_get_data(closed));
      std::free(closed);
      napi_remove_async_cleanup_hook(self->hook_);
      delete self;
    });
  }

  napi_env env_;
  SigkitUvHandle* handle_;
  Drain drain_;
  void* data_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

// The host is the same for all environments.
std::atomic<bool> disowned{false};

}  // namespace

void Loop::DisownUv() { disowned.store(true, std::memory_order_relaxed); }

bool Loop::HasUv() {
  return !disowned.load(std::memory_order_relaxed) && napi_get_uv_event_loop != nullptr &&
         uv_handle_size != nullptr && uv_poll_init != nullptr && uv_poll_start != nullptr &&
         uv_close != nullptr && uv_ref != nullptr && uv_unref != nullptr && uv_handle_get_data != nullptr &&
         uv_handle_set_data != nullptr && uv_signal_init != nullptr && uv_signal_start != nullptr &&
         uv_signal_start_oneshot != nullptr && uv_signal_stop != nullptr && uv_walk != nullptr &&
         uv_loop_size != nullptr && uv_loop_init != nullptr && uv_handle_get_type != nullptr &&
         uv_process_get_pid != nullptr;
}

int Loop::OpenUv(napi_env env, int fd, Drain drain, void* data, Loop** loop) {
  return HasUv() ? LoopUv::Open(env, fd, drain, data, loop) : -ENOSYS;
}

}  // namespace sigkit
