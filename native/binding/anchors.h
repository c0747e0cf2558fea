// Keeps libuv from touching the disposition of a signal while a handler of ours is installed: see Anchor in
// core/signal_hub.h. One per environment, with handles on that environment's loop.
#ifndef SIGKIT_BINDING_ANCHORS_H
#define SIGKIT_BINDING_ANCHORS_H

#include "../core/signal_hub.h"
#include "libuv.h"
#include "napi_setup.h"

namespace sigkit {

class Anchors final : public Anchor {
 public:
  // Null where the host has no libuv, and so nothing to hold. Deletes itself when its environment ends, after
  // the hooks that were added later.
  static Anchors* Open(napi_env env);

  void Hold(int sig) override;
  bool Release(int sig, bool keep) override;
  void DropSpare(int sig) override;

 private:
  explicit Anchors(uv_loop_s* loop) : loop_(loop) {}
  ~Anchors() = default;

  SigkitUvHandle* NewWatcher();
  void CloseAll();

  uv_loop_s* loop_;
  SigkitUvHandle* held_[kSignals] = {};
  int open_ = 0;
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

}  // namespace sigkit

#endif
