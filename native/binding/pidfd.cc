#include "../core/identity.h"
#include "../core/kernel_probe.h"
#include "../core/syscalls.h"
#include "env_state.h"
#include "napi_setup.h"

namespace sigkit {
namespace {

// int pidfd_open(pid_t pid, unsigned int flags);
napi_value PidfdOpen(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const pid_t pid = args.Int32(0);
  const int flags = args.Int32(1);
  return args.Ok() ? Number(env, sys_pidfd_open(pid, static_cast<unsigned>(flags))) : nullptr;
}

// int pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned int flags); with a null info
napi_value PidfdSendSignal(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  const int pidfd = args.Int32(0);
  const int sig = args.Int32(1);
  const int flags = args.Int32(2);
  return args.Ok() ? Number(env, sys_pidfd_send_signal(pidfd, sig, nullptr, static_cast<unsigned>(flags)))
                   : nullptr;
}

// The same with an info of this code and value.
napi_value PidfdSendSiginfo(napi_env env, napi_callback_info info) {
  Arguments<5> args(env, info);
  const int pidfd = args.Int32(0);
  const int sig = args.Int32(1);
  const int code = args.Int32(2);
  const int64_t value = args.Bits64(3);
  const int flags = args.Int32(4);
  if (!args.Ok()) return nullptr;
  const siginfo_t queued = QueuedSiginfo(sig, code, value);
  return Number(env, sys_pidfd_send_signal(pidfd, sig, &queued, static_cast<unsigned>(flags)));
}

// int ioctl(int pidfd, PIDFD_GET_INFO, struct pidfd_info *info); the fields of PidfdInfo in their order
napi_value PidfdGetInfo(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  const int pidfd = args.Int32(0);
  const int64_t mask = args.Bits64(1);
  auto* out = args.Array<int64_t>(2, napi_bigint64_array, 14);
  if (!args.Ok()) return nullptr;
  PidfdInfo got = {};
  got.mask = static_cast<uint64_t>(mask);
  const int result = sys_pidfd_get_info(pidfd, &got);
  const uint64_t fields[14] = {got.mask,  got.cgroupid,
                               got.pid,   got.tgid,
                               got.ppid,  got.ruid,
                               got.rgid,  got.euid,
                               got.egid,  got.suid,
                               got.sgid,  got.fsuid,
                               got.fsgid, static_cast<uint64_t>(static_cast<int64_t>(got.exit_code))};
  std::memcpy(out, fields, sizeof fields);
  return Number(env, result);
}

// The inode of a pidfd on pidfs into out[0]
napi_value PidfdInode(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int pidfd = args.Int32(0);
  auto* out = args.Array<int64_t>(1, napi_bigint64_array, 1);
  if (!args.Ok()) return nullptr;
  uint64_t inode = 0;
  const int result = PidfsInode(pidfd, &inode);
  *out = static_cast<int64_t>(inode);
  return Number(env, result);
}

// int poll(&(struct pollfd){ pidfd, POLLIN }, 1, 0); gives revents
napi_value PidfdPoll(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int pidfd = args.Int32(0);
  return args.Ok() ? Number(env, sys_poll_now(pidfd, POLLIN)) : nullptr;
}

// int process_mrelease(int pidfd, unsigned int flags);
napi_value ProcessMrelease(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int pidfd = args.Int32(0);
  const int flags = args.Int32(1);
  return args.Ok() ? Number(env, sys_process_mrelease(pidfd, static_cast<unsigned>(flags))) : nullptr;
}

// Bits of KernelFeature
napi_value KernelFeatures(napi_env env, napi_callback_info) { return Number(env, ProbeKernel()); }

// From now on this environment's end closes the fd. int fcntl(fd, F_SETFD, FD_CLOEXEC) besides: one that came
// over a socket may lack it.
napi_value OwnFd(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int fd = args.Int32(0);
  if (!args.Ok()) return nullptr;
  EnvState* state = EnvState::Of(env);
  if (state == nullptr) return Number(env, -ENOMEM);
  const int result = sys_set_cloexec(fd);
  if (result < 0) return Number(env, result);
  return Number(env, state->OwnFd(fd) ? 0 : -EBUSY);
}

// The process of an owned pidfd is stopped, by us: the end of this environment sends it SIGCONT
napi_value WakeAtEnd(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const int pidfd = args.Int32(0);
  const int on = args.Int32(1);
  if (!args.Ok()) return nullptr;
  EnvState* state = EnvState::Of(env);
  return Number(env, state == nullptr ? -ENOMEM : state->WakeAtEnd(pidfd, on != 0));
}

// int getrlimit(RLIMIT_NOFILE, &limit); the soft limit, -1 for none
napi_value RlimitNofile(napi_env env, napi_callback_info) { return Number(env, sys_rlimit_nofile()); }

// int fcntl(fd, F_DUPFD_CLOEXEC, 3);
napi_value DupFd(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int fd = args.Int32(0);
  return args.Ok() ? Number(env, sys_dup_cloexec(fd)) : nullptr;
}

// int close(int fd); for an owned fd only
napi_value CloseFd(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const int fd = args.Int32(0);
  if (!args.Ok()) return nullptr;
  EnvState* state = EnvState::Of(env);
  return Number(env, state == nullptr ? -EBADF : state->CloseFd(fd));
}

}  // namespace

void RegisterPidfd(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "pidfd_open", PidfdOpen);
  Register(env, exports, "pidfd_send_signal", PidfdSendSignal);
  Register(env, exports, "pidfd_send_siginfo", PidfdSendSiginfo);
  Register(env, exports, "pidfd_get_info", PidfdGetInfo);
  Register(env, exports, "pidfd_inode", PidfdInode);
  Register(env, exports, "pidfd_poll", PidfdPoll);
  Register(env, exports, "process_mrelease", ProcessMrelease);
  Register(env, exports, "kernel_features", KernelFeatures);
  Register(env, exports, "own_fd", OwnFd);
  Register(env, exports, "wake_at_end", WakeAtEnd);
  Register(env, exports, "rlimit_nofile", RlimitNofile);
  Register(env, exports, "dup_fd", DupFd);
  Register(env, exports, "close_fd", CloseFd);
}

}  // namespace sigkit
