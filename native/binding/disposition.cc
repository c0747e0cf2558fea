#include "../core/disposition.h"

#include "../core/init_default.h"
#include "napi_setup.h"

namespace sigkit {
namespace {

// int sigaction(int signum, const struct sigaction *act, struct sigaction *oldact); out: disposition, flags,
// mask
napi_value Sigaction(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  const int sig = args.Int32(0);
  const int to = args.Int32(1);
  auto* out = args.Array<int64_t>(2, napi_bigint64_array, 3);
  if (!args.Ok()) return nullptr;
  ActionFacts old = {};
  const int result = SetAction(sig, to, &old);
  out[0] = old.disposition;
  out[1] = old.flags;
  out[2] = static_cast<int64_t>(old.mask);
  return Number(env, result);
}

// sigaction that remembers: (sig, to) gives a ticket
napi_value ReplaceActionCall(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int sig = args.Int32(0);
  const int to = args.Int32(1);
  return args.Ok() ? Number(env, ReplaceAction(sig, to)) : nullptr;
}

napi_value RestoreActionCall(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int ticket = args.Int32(0);
  return args.Ok() ? Number(env, RestoreAction(ticket)) : nullptr;
}

// The default action for an init: 1 when it is installed, 0 when the signal is handled or ignored
napi_value DefaultAsInitCall(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int sig = args.Int32(0);
  return args.Ok() ? Number(env, DefaultAsInit(sig)) : nullptr;
}

// int sigprocmask(int how, const sigset_t *set, sigset_t *oldset); inout: the set, then the old one
napi_value Sigprocmask(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int how = args.Int32(0);
  auto* set = args.Array<int64_t>(1, napi_bigint64_array, 1);
  if (!args.Ok()) return nullptr;
  uint64_t old = 0;
  const int result = SetMask(how, static_cast<uint64_t>(*set), &old);
  *set = static_cast<int64_t>(old);
  return Number(env, result);
}

// int sigpending(sigset_t *set);
napi_value Sigpending(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  auto* out = args.Array<int64_t>(0, napi_bigint64_array, 1);
  if (!args.Ok()) return nullptr;
  uint64_t set = 0;
  const int result = PendingSignals(&set);
  *out = static_cast<int64_t>(set);
  return Number(env, result);
}

}  // namespace

void RegisterDisposition(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "sigaction", Sigaction);
  Register(env, exports, "replace_action", ReplaceActionCall);
  Register(env, exports, "restore_action", RestoreActionCall);
  Register(env, exports, "default_as_init", DefaultAsInitCall);
  Register(env, exports, "sigprocmask", Sigprocmask);
  Register(env, exports, "sigpending", Sigpending);
}

}  // namespace sigkit
