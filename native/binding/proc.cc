#include "../core/children.h"
#include "../core/identity.h"
#include "../core/proc_reader.h"
#include "../core/syscalls.h"
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

// /proc/PID/task/*/children into out: how many there are, which may be more than fit
napi_value ProcChildren(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  const pid_t pid = args.Int32(0);
  const int capacity = args.Int32(2);
  auto* out = args.Array<int32_t>(1, napi_int32_array, capacity < 0 ? 0 : static_cast<size_t>(capacity));
  return args.Ok() ? Number(env, ReadChildrenOf(pid, out, capacity)) : nullptr;
}

// The same for many: pairs of (child, parent), how many pairs there are
napi_value ProcChildrenOfAll(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  const int count = args.Int32(1);
  const int capacity = args.Int32(3);
  const auto* pids = args.Array<int32_t>(0, napi_int32_array, count < 0 ? 0 : static_cast<size_t>(count));
  auto* out = args.Array<int32_t>(2, napi_int32_array, capacity < 0 ? 0 : 2 * static_cast<size_t>(capacity));
  return args.Ok() ? Number(env, ReadChildrenOfAll(pids, count, out, capacity)) : nullptr;
}

// The processes whose group or session is one of ids, into out: how many there are
napi_value ProcMembersOf(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  const int count = args.Int32(1);
  const int capacity = args.Int32(3);
  const auto* ids = args.Array<int32_t>(0, napi_int32_array, count < 0 ? 0 : static_cast<size_t>(count));
  auto* out = args.Array<int32_t>(2, napi_int32_array, capacity < 0 ? 0 : static_cast<size_t>(capacity));
  return args.Ok() ? Number(env, ReadMembersOf(ids, count, out, capacity)) : nullptr;
}

// The state letter of every thread of a process into out: how many threads there are
napi_value ProcThreadStates(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  const pid_t pid = args.Int32(0);
  const int capacity = args.Int32(2);
  auto* out = args.Array<uint8_t>(1, napi_uint8_array, capacity < 0 ? 0 : static_cast<size_t>(capacity));
  return args.Ok() ? Number(env, ReadThreadStates(pid, out, capacity)) : nullptr;
}

// Fields of /proc/PID/stat, and the bytes of the comm: how many
napi_value ProcStatComm(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  const pid_t pid = args.Int32(0);
  auto* out = args.Array<double>(1, napi_float64_array, kProcStatFields);
  auto* comm_out = args.Array<uint8_t>(2, napi_uint8_array, kCommCapacity);
  if (!args.Ok()) return nullptr;
  double fields[kProcStatFields] = {};
  char comm[kCommCapacity] = {};
  const int result = ReadProcStatComm(pid, fields, comm);
  for (int i = 0; i < kProcStatFields; i++) out[i] = fields[i];
  for (int i = 0; i < kCommCapacity; i++) comm_out[i] = static_cast<uint8_t>(comm[i]);
  return Number(env, result);
}

// int sched_yield(void);
napi_value SchedYield(napi_env env, napi_callback_info) { return Number(env, sys_sched_yield()); }

}  // namespace

void RegisterProc(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "proc_stat", ProcStat);
  Register(env, exports, "proc_may_read", ProcMayRead);
  Register(env, exports, "boot_time", BootTimeCall);
  Register(env, exports, "proc_children", ProcChildren);
  Register(env, exports, "proc_children_of_all", ProcChildrenOfAll);
  Register(env, exports, "proc_members_of", ProcMembersOf);
  Register(env, exports, "proc_thread_states", ProcThreadStates);
  Register(env, exports, "sched_yield", SchedYield);
  Register(env, exports, "proc_stat_comm", ProcStatComm);
}

}  // namespace sigkit
