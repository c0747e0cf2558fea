#include "../core/identity.h"
#include "../core/proc_reader.h"
#include "napi_setup.h"

namespace sigkit {
namespace {

// Fields of /proc/PID/stat into out, see ProcStatField
napi_value ProcStat(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const pid_t pid = args.Int32(0);
  auto* out = args.Array<double>(1, napi_float64_array, kProcStatFields);
  if (!args.Ok()) return nullptr;
  double fields[kProcStatFields] = {};
  const int result = ReadProcStat(pid, fields);
  for (int i = 0; i < kProcStatFields; i++) out[i] = fields[i];
  return Number(env, result);
}

// 1 when the private fields of /proc/PID are shown to us
napi_value ProcMayRead(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const pid_t pid = args.Int32(0);
  return args.Ok() ? Number(env, MayReadProc(pid)) : nullptr;
}

// Milliseconds since the epoch of the boot into out[0]
napi_value BootTimeCall(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  auto* out = args.Array<double>(0, napi_float64_array, 1);
  if (!args.Ok()) return nullptr;
  *out = BootTime();
  return Number(env, 0);
}

}  // namespace

void RegisterProc(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "proc_stat", ProcStat);
  Register(env, exports, "proc_may_read", ProcMayRead);
  Register(env, exports, "boot_time", BootTimeCall);
}

}  // namespace sigkit
