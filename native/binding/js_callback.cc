#include "js_callback.h"

namespace sigkit {

bool JsCallback::Set(napi_env env, napi_value function, bool bare) {
  if (function_ != nullptr) return true;
  if (napi_create_reference(env, function, 1, &function_) != napi_ok) return false;
  if (!bare) return true;
  napi_value name = nullptr;
  if (napi_create_string_utf8(env, "sigkit", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_async_init(env, nullptr, name, &context_) != napi_ok) {
    return false;
  }
  env_ = env;
  // The reference ends with the environment; the context does not. Whoever calls us has a newer hook, and has
  // ended.
  napi_add_env_cleanup_hook(
      env,
      [](void* of) {
        auto* self = static_cast<JsCallback*>(of);
        napi_async_destroy(self->env_, self->context_);
      },
      this);
  return true;
}

void JsCallback::Call(napi_env env) {
  napi_handle_scope scope = nullptr;
  // Each step fails when the Worker is being terminated: then there is nobody left to tell.
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value function = nullptr;
  napi_value receiver = nullptr;
  if (napi_get_reference_value(env, function_, &function) == napi_ok &&
      napi_get_global(env, &receiver) == napi_ok) {
    const napi_status status =
        context_ == nullptr ? napi_call_function(env, receiver, function, 0, nullptr, nullptr)
                            : napi_make_callback(env, context_, receiver, function, 0, nullptr, nullptr);
    napi_value error = nullptr;
    if (status == napi_pending_exception && napi_get_and_clear_last_exception(env, &error) == napi_ok) {
      napi_fatal_exception(env, error);
    }
  }
  napi_close_handle_scope(env, scope);
}

}  // namespace sigkit
