#include "env_state.h"
#include "napi_setup.h"

namespace sigkit {
namespace {

// Starts the environment's watch: (callback, use_uv)
napi_value ExitWatchOpen(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int use_uv = args.Int32(1);
  if (!args.Ok()) return nullptr;
  EnvState* state = EnvState::Of(env);
  return Number(env, state == nullptr ? -ENOMEM : state->OpenExitWatch(env, args.Value(0), use_uv != 0));
}

// int epoll_ctl(epoll, EPOLL_CTL_ADD, pidfd, { EPOLLIN | EPOLLET, token });
napi_value ExitWatchAdd(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int pidfd = args.Int32(0);
  const int token = args.Int32(1);
  return args.Ok() ? Number(env, EnvState::Of(env)->exit_watch().Add(pidfd, token)) : nullptr;
}

// int epoll_ctl(epoll, EPOLL_CTL_DEL, pidfd, NULL);
napi_value ExitWatchRemove(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int pidfd = args.Int32(0);
  return args.Ok() ? Number(env, EnvState::Of(env)->exit_watch().Remove(pidfd)) : nullptr;
}

// Pairs of (token, events) into out, gives how many
napi_value ExitWatchDrain(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int capacity = args.Int32(1);
  auto* out = args.Array<int32_t>(0, napi_int32_array, capacity < 0 ? 0 : 2 * static_cast<size_t>(capacity));
  return args.Ok() ? Number(env, EnvState::Of(env)->exit_watch().Drain(out, capacity)) : nullptr;
}

// Whether the watch keeps the loop alive
napi_value ExitWatchRef(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int keep_alive = args.Int32(0);
  if (!args.Ok()) return nullptr;
  Loop* loop = EnvState::Of(env)->loop();
  if (loop != nullptr) loop->Ref(keep_alive != 0);
  return Number(env, 0);
}

// 1 where the host has libuv
napi_value HasUv(napi_env env, napi_callback_info) { return Number(env, Loop::HasUv() ? 1 : 0); }

// The host's uv functions are not to be called
napi_value DisownUv(napi_env env, napi_callback_info) {
  Loop::DisownUv();
  return Number(env, 0);
}

}  // namespace

void RegisterExitWatch(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "exit_watch_open", ExitWatchOpen);
  Register(env, exports, "exit_watch_add", ExitWatchAdd);
  Register(env, exports, "exit_watch_remove", ExitWatchRemove);
  Register(env, exports, "exit_watch_drain", ExitWatchDrain);
  Register(env, exports, "exit_watch_ref", ExitWatchRef);
  Register(env, exports, "has_uv", HasUv);
  Register(env, exports, "disown_uv", DisownUv);
}

}  // namespace sigkit
