#include "env_signals.h"

namespace sigkit {

int EnvSignals::Open(napi_env env, napi_value callback, bool use_uv) {
  if (loop_ != nullptr) return 0;
  if (const int failure = inbox_.Open(); failure < 0) return failure;
  if (!callback_.Set(env, callback, use_uv)) return -ENOMEM;
  const int opened = use_uv ? Loop::OpenUv(env, inbox_.Fd(), Drain, this, &loop_)
                            : Loop::OpenThread(env, inbox_.Fd(), Drain, this, &loop_);
  if (opened < 0) return opened;
  // SIGKIT_LOOP=thread is how the way without libuv is tested, but libuv's handlers are there in Node all the
  // same.
  anchors_ = Anchors::Open(env);
  // The newest hook runs first: before the ones of the loop and of the anchors.
  napi_add_env_cleanup_hook(
      env, [](void* self) { static_cast<EnvSignals*>(self)->End(); }, this);
  return 0;
}

void EnvSignals::Drain(napi_env env, void* data) { static_cast<EnvSignals*>(data)->callback_.Call(env); }

int EnvSignals::Subscribe(int sig, bool take) {
  const int result = SubscribeSignal(sig, &inbox_, AnchorFor(sig), take);
  if (result == 0) subscribed_.insert(sig);
  return result;
}

bool EnvSignals::Unsubscribe(int sig) {
  return subscribed_.erase(sig) > 0 && UnsubscribeSignal(sig, &inbox_, AnchorFor(sig));
}

void EnvSignals::DropSpare(int sig) {
  if (Anchor* anchor = AnchorFor(sig); anchor != nullptr) sigkit::DropSpare(sig, anchor);
}

int EnvSignals::AddDeadline(const DeadlinePlan& plan) {
  const int slot = sigkit::AddDeadline(plan);
  if (slot >= 0) slots_.insert(slot);
  return slot;
}

void EnvSignals::RemoveDeadline(int slot) {
  if (slots_.erase(slot) > 0) sigkit::RemoveDeadline(slot);
}

void EnvSignals::CountIdentify(int sig, int change) {
  identify_[sig] += change;
  sigkit::CountIdentify(sig, change);
}

void EnvSignals::End() {
  while (!slots_.empty()) RemoveDeadline(*slots_.begin());
  while (!subscribed_.empty()) Unsubscribe(*subscribed_.begin());
  for (int sig = 1; sig < kSignals; sig++) {
    if (identify_[sig] != 0) sigkit::CountIdentify(sig, -identify_[sig]);
  }
}

}  // namespace sigkit
