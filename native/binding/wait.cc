#include "../core/children.h"
#include "../core/syscalls.h"
#include "child_signal.h"
#include "env_state.h"
#include "napi_setup.h"

namespace sigkit {
namespace {

// struct rusage as numbers, in the order of lib/resource-usage.ts; times in microseconds
constexpr size_t kUsageFields = 16;

void WriteUsage(const struct rusage& usage, double* out) {
  const auto microseconds = [](const struct timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  const double fields[kUsageFields] = {
      microseconds(usage.ru_utime),          microseconds(usage.ru_stime),
      static_cast<double>(usage.ru_maxrss),  static_cast<double>(usage.ru_ixrss),
      static_cast<double>(usage.ru_idrss),   static_cast<double>(usage.ru_isrss),
      static_cast<double>(usage.ru_minflt),  static_cast<double>(usage.ru_majflt),
      static_cast<double>(usage.ru_nswap),   static_cast<double>(usage.ru_inblock),
      static_cast<double>(usage.ru_oublock), static_cast<double>(usage.ru_msgsnd),
      static_cast<double>(usage.ru_msgrcv),  static_cast<double>(usage.ru_nsignals),
      static_cast<double>(usage.ru_nvcsw),   static_cast<double>(usage.ru_nivcsw)};
  std::memcpy(out, fields, sizeof fields);
}

// int waitid(idtype_t idtype, id_t id, siginfo_t *info, int options); si_pid, si_uid, si_code, si_status and
// rusage out. Without WNOHANG it blocks the thread, through EINTR.
napi_value Waitid(napi_env env, napi_callback_info info) {
  Arguments<5> args(env, info);
  const int idtype = args.Int32(0);
  const int id = args.Int32(1);
  const int options = args.Int32(2);
  auto* out = args.Array<int32_t>(3, napi_int32_array, 4);
  auto* usage_out = args.Array<double>(4, napi_float64_array, kUsageFields);
  if (!args.Ok()) return nullptr;
  siginfo_t child;
  std::memset(&child, 0, sizeof child);
  struct rusage usage = {};
  int result;
  do {
    result = sys_waitid(idtype, static_cast<id_t>(id), &child, options, &usage);
  } while (result == -EINTR);
  out[0] = child.si_pid;
  out[1] = static_cast<int32_t>(child.si_uid);
  out[2] = child.si_code;
  out[3] = child.si_status;
  WriteUsage(usage, usage_out);
  return Number(env, result);
}

// pid_t wait4(pid_t pid, int *wstatus, int options, struct rusage *rusage); the status and rusage out
napi_value Wait4(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  const pid_t pid = args.Int32(0);
  const int options = args.Int32(1);
  auto* status = args.Array<int32_t>(2, napi_int32_array, 1);
  auto* usage_out = args.Array<double>(3, napi_float64_array, kUsageFields);
  if (!args.Ok()) return nullptr;
  struct rusage usage = {};
  int wait_status = 0;
  int result;
  do {
    result = sys_wait4(pid, &wait_status, options, &usage);
  } while (result == -EINTR);
  *status = wait_status;
  WriteUsage(usage, usage_out);
  return Number(env, result);
}

// int prctl(int option, unsigned long arg2, ...);
napi_value Prctl(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int option = args.Int32(0);
  const int argument = args.Int32(1);
  return args.Ok() ? Number(env, sys_prctl(option, static_cast<unsigned long>(argument))) : nullptr;
}

// int prctl(PR_GET_CHILD_SUBREAPER, int *on); gives the value
napi_value PrctlGetChildSubreaper(napi_env env, napi_callback_info) {
  return Number(env, sys_get_subreaper());
}

// pid_t getppid(void);
napi_value Getppid(napi_env env, napi_callback_info) { return Number(env, getppid()); }

// /proc/self/task/TID/children of the calling thread into out: how many there are, which may be more than fit
napi_value OwnChildren(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int capacity = args.Int32(1);
  auto* out = args.Array<int32_t>(0, napi_int32_array, capacity < 0 ? 0 : static_cast<size_t>(capacity));
  return args.Ok() ? Number(env, ReadChildren(sys_gettid(), out, capacity)) : nullptr;
}

// The pids of this environment's libuv processes into out: how many there are, or -ENOSYS without libuv
napi_value LoopProcesses(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int capacity = args.Int32(1);
  auto* out = args.Array<int32_t>(0, napi_int32_array, capacity < 0 ? 0 : static_cast<size_t>(capacity));
  return args.Ok() ? Number(env, ChildSignal::LoopProcesses(env, out, capacity)) : nullptr;
}

// Calls back on SIGCHLD, through libuv: 0, or -ENOSYS without it
napi_value ChildSignalOpen(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  if (!args.Ok()) return nullptr;
  EnvState* state = EnvState::Of(env);
  return Number(env, state == nullptr ? -ENOMEM : state->OpenChildSignal(env, args.Value(0)));
}

// (listening, keeping the loop alive)
napi_value ChildSignalSet(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int on = args.Int32(0);
  const int keep_alive = args.Int32(1);
  if (!args.Ok()) return nullptr;
  ChildSignal* signal = EnvState::Of(env)->child_signal();
  return Number(env, signal == nullptr ? -ENOSYS : signal->Set(on != 0, keep_alive != 0));
}

}  // namespace

void RegisterWait(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "waitid", Waitid);
  Register(env, exports, "wait4", Wait4);
  Register(env, exports, "prctl", Prctl);
  Register(env, exports, "prctl_get_child_subreaper", PrctlGetChildSubreaper);
  Register(env, exports, "getppid", Getppid);
  Register(env, exports, "own_children", OwnChildren);
  Register(env, exports, "loop_processes", LoopProcesses);
  Register(env, exports, "child_signal_open", ChildSignalOpen);
  Register(env, exports, "child_signal_set", ChildSignalSet);
}

}  // namespace sigkit
