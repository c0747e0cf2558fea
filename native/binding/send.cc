#include "../core/exit_by_signal.h"
#include "../core/signal_hub.h"
#include "../core/syscalls.h"
#include "napi_setup.h"

namespace sigkit {
namespace {

// int kill(pid_t pid, int sig);
napi_value Kill(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const pid_t pid = args.Int32(0);
  const int sig = args.Int32(1);
  return args.Ok() ? Number(env, sys_kill(pid, sig)) : nullptr;
}

// int killpg(int pgrp, int sig);
napi_value Killpg(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const pid_t pgrp = args.Int32(0);
  const int sig = args.Int32(1);
  return args.Ok() ? Number(env, sys_killpg(pgrp, sig)) : nullptr;
}

// int tgkill(pid_t tgid, pid_t tid, int sig);
napi_value Tgkill(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  const pid_t tgid = args.Int32(0);
  const pid_t tid = args.Int32(1);
  const int sig = args.Int32(2);
  return args.Ok() ? Number(env, sys_tgkill(tgid, tid, sig)) : nullptr;
}

// int raise(int sig); A thread that blocks the signal for the sake of order gives it to the process instead.
napi_value Raise(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int sig = args.Int32(0);
  if (!args.Ok()) return nullptr;
  return Number(env, IsBlockedForOrder(sig) ? sys_kill(getpid(), sig) : sys_raise(sig));
}

// int sigqueue(pid_t pid, int sig, const union sigval value);
napi_value Sigqueue(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  const pid_t pid = args.Int32(0);
  const int sig = args.Int32(1);
  const int64_t value = args.Bits64(2);
  if (!args.Ok()) return nullptr;
  const siginfo_t queued = QueuedSiginfo(sig, SI_QUEUE, value);
  return Number(env, sys_rt_sigqueueinfo(pid, sig, &queued));
}

// int rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int sig, siginfo_t *info);
napi_value RtTgsigqueueinfo(napi_env env, napi_callback_info info) {
  Arguments<5> args(env, info);
  const pid_t tgid = args.Int32(0);
  const pid_t tid = args.Int32(1);
  const int sig = args.Int32(2);
  const int code = args.Int32(3);
  const int64_t value = args.Bits64(4);
  if (!args.Ok()) return nullptr;
  const siginfo_t queued = QueuedSiginfo(sig, code, value);
  return Number(env, sys_rt_tgsigqueueinfo(tgid, tid, sig, &queued));
}

napi_value ExitBySignalCall(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int sig = args.Int32(0);
  return args.Ok() ? Number(env, ExitBySignal(sig)) : nullptr;
}

}  // namespace

void RegisterSend(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "kill", Kill);
  Register(env, exports, "killpg", Killpg);
  Register(env, exports, "tgkill", Tgkill);
  Register(env, exports, "raise", Raise);
  Register(env, exports, "sigqueue", Sigqueue);
  Register(env, exports, "rt_tgsigqueueinfo", RtTgsigqueueinfo);
  Register(env, exports, "exit_by_signal", ExitBySignalCall);
}

}  // namespace sigkit
