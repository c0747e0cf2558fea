#include "env_state.h"

#include <cerrno>
#include <new>

#include "../core/syscalls.h"

namespace sigkit {

EnvState* EnvState::Of(napi_env env) {
  void* data = nullptr;
  if (napi_get_instance_data(env, &data) != napi_ok) return nullptr;
  if (data != nullptr) return static_cast<EnvState*>(data);
  auto* state = new (std::nothrow) EnvState();
  if (state == nullptr) return nullptr;
  napi_set_instance_data(
      env, state, [](napi_env, void* of, void*) { delete static_cast<EnvState*>(of); }, nullptr);
  return state;
}

EnvState::~EnvState() {
  for (const int fd : stopped_) sys_pidfd_send_signal(fd, SIGCONT, nullptr, 0);
  for (const int fd : fds_) sys_close(fd);
}

int EnvState::OpenExitWatch(napi_env env, napi_value callback, bool use_uv) {
  if (loop_ != nullptr) return 0;
  if (const int failure = exit_watch_.Open(); failure < 0) return failure;
  if (!callback_.Set(env, callback)) return -ENOMEM;
  return use_uv ? Loop::OpenUv(env, exit_watch_.Fd(), Drain, this, &loop_)
                : Loop::OpenThread(env, exit_watch_.Fd(), Drain, this, &loop_);
}

void EnvState::Drain(napi_env env, void* data) { static_cast<EnvState*>(data)->callback_.Call(env); }

int EnvState::WakeAtEnd(int pidfd, bool on) {
  if (fds_.count(pidfd) == 0) return -EBADF;
  if (on) {
    stopped_.insert(pidfd);
  } else {
    stopped_.erase(pidfd);
  }
  return 0;
}

int EnvState::CloseFd(int fd) {
  // Not one of ours, so perhaps somebody else's by now: closing it would be a bug of theirs to find.
  if (fds_.erase(fd) == 0) return -EBADF;
  stopped_.erase(fd);
  return sys_close(fd);
}

}  // namespace sigkit
