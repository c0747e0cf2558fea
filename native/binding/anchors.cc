#include "anchors.h"

#include <cstdlib>
#include <new>

#include "loop.h"

extern "C" __attribute__((weak)) napi_status napi_get_uv_event_loop(napi_env env, uv_loop_s** loop);

namespace sigkit {

Anchors* Anchors::Open(napi_env env) {
  uv_loop_s* loop = nullptr;
  if (!Loop::HasUv() || uv_signal_init == nullptr || uv_signal_start == nullptr ||
      uv_signal_start_oneshot == nullptr || uv_signal_stop == nullptr ||
      napi_get_uv_event_loop(env, &loop) != napi_ok) {
    return nullptr;
  }
  auto* self = new (std::nothrow) Anchors(loop);
  if (self == nullptr) return nullptr;
  napi_add_async_cleanup_hook(
      env, [](napi_async_cleanup_hook_handle, void* of) { static_cast<Anchors*>(of)->CloseAll(); }, self,
      &self->hook_);
  return self;
}

namespace {

SigkitUvHandle* NewWatcherOn(uv_loop_s* loop) {
  auto* watcher = static_cast<SigkitUvHandle*>(std::calloc(1, uv_handle_size(kUvSignal)));
  if (watcher == nullptr) return nullptr;
  if (uv_signal_init(loop, watcher) == 0) return watcher;
  std::free(watcher);
  return nullptr;
}

// Spares belong to the process, on a loop of their own that never runs. On an environment's loop a spare
// would be dispatched when a signal comes, stop, and as the last watcher make libuv set SIG_DFL behind our
// back; and it would end with its Worker. Touched under the hub's lock only.
uv_loop_s* spare_loop = nullptr;
SigkitUvHandle* spares[kSignals] = {};

SigkitUvHandle* SpareFor(int sig) {
  if (spare_loop == nullptr) {
    auto* loop = static_cast<uv_loop_s*>(std::calloc(1, uv_loop_size()));
    if (loop == nullptr || uv_loop_init(loop) != 0) {
      std::free(loop);
      return nullptr;
    }
    spare_loop = loop;
  }
  if (spares[sig] == nullptr) spares[sig] = NewWatcherOn(spare_loop);
  return spares[sig];
}

}  // namespace

SigkitUvHandle* Anchors::NewWatcher() {
  SigkitUvHandle* watcher = NewWatcherOn(loop_);
  if (watcher == nullptr) return nullptr;
  uv_handle_set_data(watcher, this);
  uv_unref(watcher);
  open_++;
  return watcher;
}

// The anchors only hold; what came is told by our own handler.
static void Told(SigkitUvHandle* watcher, int sig) {
  static_cast<Anchors*>(uv_handle_get_data(watcher))->budget.Done(sig);
}
static void Nothing(SigkitUvHandle*, int) {}

void Anchors::Hold(int sig) {
  if (held_[sig] == nullptr) held_[sig] = NewWatcher();
  budget.Reset(sig);
  if (held_[sig] != nullptr) uv_signal_start(held_[sig], Told, sig);
  DropSpare(sig);
}

void Anchors::DropSpare(int sig) {
  if (spares[sig] != nullptr) uv_signal_stop(spares[sig]);
}

bool Anchors::Release(int sig, bool keep) {
  if (held_[sig] == nullptr) return false;
  // Started before the other stops: libuv then sees that one-shot watchers are all that is left, and
  // registers its handler for them instead of setting SIG_DFL.
  SigkitUvHandle* spare = keep ? SpareFor(sig) : nullptr;
  if (spare != nullptr) uv_signal_start_oneshot(spare, Nothing, sig);
  uv_signal_stop(held_[sig]);
  return spare != nullptr;
}

void Anchors::CloseAll() {
  const auto closed = [](SigkitUvHandle* watcher) {
    auto* self = static_cast<Anchors*>(uv_handle_get_data(watcher));
    std::free(watcher);
    if (--self->open_ > 0) return;
    napi_remove_async_cleanup_hook(self->hook_);
    delete self;
  };
  if (open_ == 0) {
    napi_remove_async_cleanup_hook(hook_);
    delete this;
    return;
  }
  for (SigkitUvHandle* watcher : held_) {
    if (watcher != nullptr) uv_close(watcher, closed);
  }
}

}  // namespace sigkit
