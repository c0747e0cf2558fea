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
  for (const int fd : fds_) sys_close(fd);
  // The callback reference and the async context end with the environment, which is ending right now.
}

int EnvState::OpenExitWatch(napi_env env, napi_value callback, bool use_uv) {
  if (loop_ != nullptr) return 0;
  if (const int failure = exit_watch_.Open(); failure < 0) return failure;
  napi_value name = nullptr;
  if (napi_create_string_utf8(env, "sigkit", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_async_init(env, nullptr, name, &async_context_) != napi_ok ||
      napi_create_reference(env, callback, 1, &callback_) != napi_ok) {
    return -ENOMEM;
  }
  return use_uv ? Loop::OpenUv(env, exit_watch_.Fd(), Drain, this, &loop_)
                : Loop::OpenThread(env, exit_watch_.Fd(), Drain, this, &loop_);
}

void EnvState::Drain(napi_env env, void* data) {
  auto* self = static_cast<EnvState*>(data);
  napi_handle_scope scope = nullptr;
  // Each step fails when the Worker is being terminated: then there is nobody left to tell.
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value callback = nullptr;
  napi_value receiver = nullptr;
  if (napi_get_reference_value(env, self->callback_, &callback) == napi_ok &&
      napi_get_global(env, &receiver) == napi_ok) {
    // make_callback and not call_function: promises settled by the callback go on when it returns.
    const napi_status status =
        napi_make_callback(env, self->async_context_, receiver, callback, 0, nullptr, nullptr);
    napi_value error = nullptr;
    if (status == napi_pending_exception && napi_get_and_clear_last_exception(env, &error) == napi_ok) {
      napi_fatal_exception(env, error);
    }
  }
  napi_close_handle_scope(env, scope);
}

int EnvState::CloseFd(int fd) {
  // Not one of ours, so perhaps somebody else's by now: closing it would be a bug of theirs to find.
  if (fds_.erase(fd) == 0) return -EBADF;
  return sys_close(fd);
}

}  // namespace sigkit
