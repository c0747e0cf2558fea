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
  Anchors(uv_loop_s* loop, bool keeps_spares) : loop_(loop), keeps_spares_(keeps_spares) {}
  ~Anchors() = default;

  SigkitUvHandle* NewWatcher();
  void CloseAll();

  uv_loop_s* loop_;
  SigkitUvHandle* held_[kSignals] = {};
  // One-shot watchers that stay behind: with one of them a later process.on registers libuv's handler again.
  SigkitUvHandle* spare_[kSignals] = {};
  int open_ = 0;
  // On the main thread only: the end of a Worker would stop a spare, and libuv would set SIG_DFL behind our
  // back.
  const bool keeps_spares_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

}  // namespace sigkit

#endif
