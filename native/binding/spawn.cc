#include "../core/spawn.h"

#include "../core/syscalls.h"
#include "napi_setup.h"

namespace sigkit {
namespace {

// (argv as NUL-ended strings, its bytes, terminal or -1): the pid, or why it could not be run
napi_value Spawn(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  const int length = args.Int32(1);
  const auto* strings = args.Array<char>(0, napi_uint8_array, length < 0 ? 0 : static_cast<size_t>(length));
  const int terminal = args.Int32(2);
  if (!args.Ok()) return nullptr;
  return Number(env, SpawnCommand(strings, length < 0 ? 0 : static_cast<size_t>(length), terminal));
}

// pid_t tcgetpgrp(int fd);
napi_value Tcgetpgrp(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int fd = args.Int32(0);
  return args.Ok() ? Number(env, sys_tcgetpgrp(fd)) : nullptr;
}

// int tcsetpgrp(int fd, pid_t pgrp); with SIGTTOU blocked meanwhile
napi_value Tcsetpgrp(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int fd = args.Int32(0);
  const pid_t pgrp = args.Int32(1);
  return args.Ok() ? Number(env, sys_tcsetpgrp(fd, pgrp)) : nullptr;
}

}  // namespace

void RegisterSpawn(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "spawn", Spawn);
  Register(env, exports, "tcgetpgrp", Tcgetpgrp);
  Register(env, exports, "tcsetpgrp", Tcsetpgrp);
}

}  // namespace sigkit
