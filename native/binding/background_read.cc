#include "background_read.h"

#include <cerrno>
#include <cstring>

namespace sigkit {

int BackgroundRead::Start(napi_env env, BackgroundRead* read, napi_value callback) {
  if (read == nullptr) return -ENOMEM;
  napi_value name = nullptr;
  napi_create_string_utf8(env, "sigkit", NAPI_AUTO_LENGTH, &name);
  if (napi_create_reference(env, callback, 1, &read->callback_) == napi_ok &&
      napi_create_async_work(env, nullptr, name, Execute, Done, read, &read->work_) == napi_ok &&
      napi_queue_async_work(env, read->work_) == napi_ok) {
    return 0;
  }
  if (read->work_ != nullptr) napi_delete_async_work(env, read->work_);
  if (read->callback_ != nullptr) napi_delete_reference(env, read->callback_);
  delete read;
  return -ENOMEM;
}

void BackgroundRead::Execute(napi_env, void* data) {
  auto* self = static_cast<BackgroundRead*>(data);
  self->result_ = self->Run(&self->out_);
}

void BackgroundRead::Done(napi_env env, napi_status status, void* data) {
  auto* self = static_cast<BackgroundRead*>(data);
  self->Tell(env, status);
  napi_delete_reference(env, self->callback_);
  napi_delete_async_work(env, self->work_);
  delete self;
}

// The calls fail in an environment that is ending, and then there is nobody to tell.
void BackgroundRead::Tell(napi_env env, napi_status status) {
  napi_value callback = nullptr;
  napi_value undefined = nullptr;
  if (status == napi_cancelled || napi_get_reference_value(env, callback_, &callback) != napi_ok ||
      napi_get_undefined(env, &undefined) != napi_ok) {
    return;
  }
  napi_value args[2] = {nullptr, undefined};
  void* bytes = nullptr;
  const size_t size = result_ < 0 ? 0 : out_.Size();
  // A copy: some hosts forbid buffers that are not their own.
  if (napi_create_arraybuffer(env, size, &bytes, &args[1]) != napi_ok) {
    napi_value failure = nullptr;
    napi_get_and_clear_last_exception(env, &failure);
    args[1] = undefined;
    result_ = -ENOMEM;
  } else if (size > 0) {
    std::memcpy(bytes, out_.Data(), size);
  }
  args[0] = Number(env, result_);
  napi_call_function(env, undefined, callback, 2, args, nullptr);
}

}  // namespace sigkit
