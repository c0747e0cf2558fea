#include "../core/signal_hub.h"
#include "env_state.h"
#include "napi_setup.h"

namespace sigkit {
namespace {

EnvSignals& Signals(napi_env env) { return EnvState::Of(env)->signals(); }

// Starts the environment's inbox: (callback, use_uv)
napi_value SignalOpen(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int use_uv = args.Int32(1);
  if (!args.Ok()) return nullptr;
  EnvState* state = EnvState::Of(env);
  return Number(env, state == nullptr ? -ENOMEM : state->signals().Open(env, args.Value(0), use_uv != 0));
}

// (sig, take): with take what was installed before is not called meanwhile
napi_value SignalSubscribe(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int sig = args.Int32(0);
  const int take = args.Int32(1);
  return args.Ok() ? Number(env, Signals(env).Subscribe(sig, take != 0)) : nullptr;
}

// 1 when a spare watcher was left behind
napi_value SignalUnsubscribe(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int sig = args.Int32(0);
  return args.Ok() ? Number(env, Signals(env).Unsubscribe(sig) ? 1 : 0) : nullptr;
}

// The host watches the signal itself now
napi_value SignalDropSpare(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int sig = args.Int32(0);
  if (!args.Ok()) return nullptr;
  Signals(env).DropSpare(sig);
  return Number(env, 0);
}

// 1 when something is recorded that has not been drained
napi_value SignalUnread(napi_env env, napi_callback_info) {
  return Number(env, Signals(env).inbox().Unread() ? 1 : 0);
}

// Records of 64 bytes into out, gives how many
napi_value SignalDrain(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int capacity = args.Int32(1);
  auto* out =
      args.Array<SignalEvent>(0, napi_bigint64_array, capacity < 0 ? 0 : 8 * static_cast<size_t>(capacity));
  return args.Ok() ? Number(env, Signals(env).inbox().Drain(out, capacity)) : nullptr;
}

// How many of this signal did not fit into the inbox, ever
napi_value SignalLost(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int sig = args.Int32(0);
  return args.Ok() ? Number(env, static_cast<int32_t>(Signals(env).inbox().Lost(sig) & 0x7fffffff)) : nullptr;
}

napi_value SignalInstalled(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int sig = args.Int32(0);
  return args.Ok() ? Number(env, IsSignalInstalled(sig) ? 1 : 0) : nullptr;
}

// 1 when any environment is subscribed to it
napi_value SignalSubscribed(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int sig = args.Int32(0);
  return args.Ok() ? Number(env, IsSubscribed(sig) ? 1 : 0) : nullptr;
}

// Samples what libuv has still to be told: 1 when that is so much that some may have been dropped
napi_value ChainSample(napi_env env, napi_callback_info) {
  return Number(env, Signals(env).SampleChain() ? 1 : 0);
}

// After libuv has read its pipe: what was sampled has been told, or never will be
napi_value ChainSettle(napi_env env, napi_callback_info) {
  Signals(env).SettleChain();
  return Number(env, 0);
}

// Whether the inbox keeps the loop alive
napi_value SignalRef(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int keep_alive = args.Int32(0);
  if (!args.Ok()) return nullptr;
  if (Loop* loop = Signals(env).loop(); loop != nullptr) loop->Ref(keep_alive != 0);
  return Number(env, 0);
}

// One subscriber more (1) or less (-1) that wants the sender's comm
napi_value SignalIdentify(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int sig = args.Int32(0);
  const int change = args.Int32(1);
  if (!args.Ok()) return nullptr;
  Signals(env).CountIdentify(sig, change);
  return Number(env, 0);
}

// (sig, ms or -1, then, exit code, second, its exit code): the slot
napi_value DeadlineAdd(napi_env env, napi_callback_info info) {
  Arguments<6> args(env, info);
  DeadlinePlan plan = {};
  plan.sig = args.Int32(0);
  plan.milliseconds = args.Int32(1);
  plan.then = static_cast<LastResort>(args.Int32(2));
  plan.exit_code = args.Int32(3);
  plan.second = static_cast<LastResort>(args.Int32(4));
  plan.second_exit_code = args.Int32(5);
  return args.Ok() ? Number(env, Signals(env).AddDeadline(plan)) : nullptr;
}

napi_value DeadlineHandledCall(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int slot = args.Int32(0);
  if (!args.Ok()) return nullptr;
  DeadlineHandled(slot);
  return Number(env, 0);
}

napi_value DeadlineRemove(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int slot = args.Int32(0);
  if (!args.Ok()) return nullptr;
  Signals(env).RemoveDeadline(slot);
  return Number(env, 0);
}

}  // namespace

void RegisterHandlers(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "signal_open", SignalOpen);
  Register(env, exports, "signal_subscribe", SignalSubscribe);
  Register(env, exports, "signal_unsubscribe", SignalUnsubscribe);
  Register(env, exports, "signal_drop_spare", SignalDropSpare);
  Register(env, exports, "signal_unread", SignalUnread);
  Register(env, exports, "signal_drain", SignalDrain);
  Register(env, exports, "signal_lost", SignalLost);
  Register(env, exports, "signal_installed", SignalInstalled);
  Register(env, exports, "signal_subscribed", SignalSubscribed);
  Register(env, exports, "chain_sample", ChainSample);
  Register(env, exports, "chain_settle", ChainSettle);
  Register(env, exports, "signal_ref", SignalRef);
  Register(env, exports, "signal_identify", SignalIdentify);
  Register(env, exports, "deadline_add", DeadlineAdd);
  Register(env, exports, "deadline_handled", DeadlineHandledCall);
  Register(env, exports, "deadline_remove", DeadlineRemove);
}

}  // namespace sigkit
