#include "../core/syscalls.h"
#include "napi_setup.h"

namespace sigkit {
namespace {

// int waitid(idtype_t idtype, id_t id, siginfo_t *info, int options); si_pid, si_uid, si_code, si_status into
// out
napi_value Waitid(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  const int idtype = args.Int32(0);
  const int id = args.Int32(1);
  const int options = args.Int32(2);
  auto* out = args.Array<int32_t>(3, napi_int32_array, 4);
  if (!args.Ok()) return nullptr;
  siginfo_t child;
  std::memset(&child, 0, sizeof child);
  const int result = sys_waitid(idtype, static_cast<id_t>(id), &child, options, nullptr);
  out[0] = child.si_pid;
  out[1] = static_cast<int32_t>(child.si_uid);
  out[2] = child.si_code;
  out[3] = child.si_status;
  return Number(env, result);
}

}  // namespace

void RegisterWait(Napi::Env env, Napi::Object exports) { Register(env, exports, "waitid", Waitid); }

}  // namespace sigkit
