// A thread that waits for the fd, and a ThreadSafeFunction that brings the news to the JS thread.
//
// The fd stays readable until it has been drained, so the thread says it once and then waits for the JS
// thread's word ("drained") before it looks again: otherwise it would fill the queue as fast as it can.
//
// The order of the end: the environment destroys its ThreadSafeFunctions in its teardown. Our hook was added
// after the function was made, hooks run newest first, so the thread is joined while the function is still
// there, and nobody calls it afterwards.
#include <poll.h>

#include <atomic>
#include <cerrno>
#include <new>

#include "../core/syscalls.h"
#include "../core/thread.h"
#include "loop.h"

namespace sigkit {
namespace {

class LoopThread final : public Loop {
 public:
  static int Open(napi_env env, int fd, Drain drain, void* data, Loop** loop) {
    const int control = sys_eventfd();
    if (control < 0) return control;
    auto* self = new (std::nothrow) LoopThread(env, fd, control, drain, data);
    if (self == nullptr) {
      sys_close(control);
      return -ENOMEM;
    }
    if (const int failure = self->Start(); failure < 0) {
      delete self;
      return failure;
    }
    napi_add_env_cleanup_hook(
        env, [](void* of) { static_cast<LoopThread*>(of)->Close(); }, self);
    *loop = self;
    return 0;
  }

  void Ref(bool keep_alive) override {
    keep_alive ? napi_ref_threadsafe_function(env_, function_)
               : napi_unref_threadsafe_function(env_, function_);
  }

 private:
  LoopThread(napi_env env, int fd, int control, Drain drain, void* data)
      : env_(env), fd_(fd), control_(control), drain_(drain), data_(data) {}
  ~LoopThread() override { sys_close(control_); }

  int Start() {
    napi_value name = nullptr;
    napi_create_string_utf8(env_, "sigkit", NAPI_AUTO_LENGTH, &name);
    if (napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
                                        OnJsThread, &function_) != napi_ok) {
      return -ENOMEM;
    }
    napi_unref_threadsafe_function(env_, function_);  // born referenced
    const int started = StartThreadWithoutSignals(
        &thread_,
        [](void* self) -> void* {
          static_cast<LoopThread*>(self)->Run();
          return nullptr;
        },
        this);
    if (started < 0) napi_release_threadsafe_function(function_, napi_tsfn_abort);
    return started;
  }

  static void OnJsThread(napi_env env, napi_value, void* context, void*) {
    if (env == nullptr) return;  // the environment is ending: nothing of ours is in the queue to be freed
    auto* self = static_cast<LoopThread*>(context);
    self->drain_(env, self->data_);
    self->Tell();
  }

  void Tell() const {
    const uint64_t one = 1;
    // EAGAIN would mean that the counter is full: then the thread has been told.
    [[maybe_unused]] const ssize_t written = write(control_, &one, sizeof one);
  }

  void Run() {
    bool drained = true;
    while (!ending_.load(std::memory_order_acquire)) {
      struct pollfd fds[2] = {{control_, POLLIN, 0}, {fd_, POLLIN, 0}};
      if (poll(fds, drained ? 2 : 1, -1) < 0) continue;
      if (fds[0].revents != 0) {
        uint64_t told = 0;
        if (read(control_, &told, sizeof told) > 0) drained = true;
      } else if (drained && fds[1].revents != 0) {
        drained = false;
        napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
      }
    }
  }

  void Close() {
    ending_.store(true, std::memory_order_release);
    Tell();
    JoinThread(thread_);
    napi_release_threadsafe_function(function_, napi_tsfn_abort);
    delete this;
  }

  napi_env env_;
  int fd_;
  int control_;
  Drain drain_;
  void* data_;
  napi_threadsafe_function function_ = nullptr;
  pthread_t thread_ = {};
  std::atomic<bool> ending_{false};
};

}  // namespace

int Loop::OpenThread(napi_env env, int fd, Drain drain, void* data, Loop** loop) {
  return LoopThread::Open(env, fd, drain, data, loop);
}

}  // namespace sigkit
