// One environment's part in signal handling: its inbox, its anchors, what it is subscribed to and its
// deadlines. When the environment ends, by itself or by worker.terminate(), all of that is taken back before
// anything it needs goes.
#ifndef SIGKIT_BINDING_ENV_SIGNALS_H
#define SIGKIT_BINDING_ENV_SIGNALS_H

#include <set>

#include "../core/deadline.h"
#include "anchors.h"
#include "js_callback.h"
#include "loop.h"

namespace sigkit {

class EnvSignals {
 public:
  EnvSignals() = default;
  EnvSignals(const EnvSignals&) = delete;
  EnvSignals& operator=(const EnvSignals&) = delete;

  // 0, or -errno. Idempotent.
  int Open(napi_env env, napi_value callback, bool use_uv);

  int Subscribe(int sig, bool take);
  // Whether a spare was left behind, to be dropped when the host watches the signal.
  bool Unsubscribe(int sig);
  void DropSpare(int sig);
  int AddDeadline(const DeadlinePlan& plan);
  void RemoveDeadline(int slot);
  void CountIdentify(int sig, int change);

  // See ChainBudget: true when a sample was taken, which is to be settled after the loop's next poll.
  bool SampleChain() {
    if (anchors_ == nullptr || anchors_->budget.Outstanding() < ChainBudget::kLimit / 2) return false;
    anchors_->budget.Sample();
    return true;
  }
  void SettleChain() {
    if (anchors_ != nullptr) anchors_->budget.Settle();
  }

  SignalInbox& inbox() { return inbox_; }
  Loop* loop() { return loop_; }

 private:
  static void Drain(napi_env env, void* data);
  void End();
  // Real-time signals need none: nothing in a host without names for them watches one.
  Anchor* AnchorFor(int sig) const { return sig < SIGRTMIN && !IsReservedSignal(sig) ? anchors_ : nullptr; }

  SignalInbox inbox_;
  JsCallback callback_;
  Loop* loop_ = nullptr;
  Anchors* anchors_ = nullptr;
  std::set<int> subscribed_;
  std::set<int> slots_;
  int identify_[kSignals] = {};
};

}  // namespace sigkit

#endif
