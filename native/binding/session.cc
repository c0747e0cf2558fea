// Process groups and sessions.
#include "../core/syscalls.h"
#include "napi_setup.h"

namespace sigkit {
namespace {

// pid_t getpgid(pid_t pid);
napi_value Getpgid(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const pid_t pid = args.Int32(0);
  return args.Ok() ? Number(env, sys_getpgid(pid)) : nullptr;
}

// pid_t getsid(pid_t pid);
napi_value Getsid(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const pid_t pid = args.Int32(0);
  return args.Ok() ? Number(env, sys_getsid(pid)) : nullptr;
}

// pid_t getpgrp(void);
napi_value Getpgrp(napi_env env, napi_callback_info) { return Number(env, sys_getpgrp()); }

// int setpgid(pid_t pid, pid_t pgid);
napi_value Setpgid(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const pid_t pid = args.Int32(0);
  const pid_t pgid = args.Int32(1);
  return args.Ok() ? Number(env, sys_setpgid(pid, pgid)) : nullptr;
}

}  // namespace

void RegisterSession(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "getpgid", Getpgid);
  Register(env, exports, "getsid", Getsid);
  Register(env, exports, "getpgrp", Getpgrp);
  Register(env, exports, "setpgid", Setpgid);
}

}  // namespace sigkit
