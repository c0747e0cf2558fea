// A JavaScript function that native events call, without arguments: what there is to tell is drained by it.
#ifndef SIGKIT_BINDING_JS_CALLBACK_H
#define SIGKIT_BINDING_JS_CALLBACK_H

#include "napi_setup.h"

namespace sigkit {

class JsCallback {
 public:
  JsCallback() = default;
  JsCallback(const JsCallback&) = delete;
  JsCallback& operator=(const JsCallback&) = delete;

  // `bare`: the loop calls from nothing of Node's, and the callback opens the scope whose end runs promises.
  // A ThreadSafeFunction has opened it (and Deno crashes in a second one).
  bool Set(napi_env env, napi_value function, bool bare);
  // On the JS thread, from the event loop. An exception goes to 'uncaughtException'.
  void Call(napi_env env);

 private:
  napi_env env_ = nullptr;
  napi_ref function_ = nullptr;
  napi_async_context context_ = nullptr;  // of a bare one
};

}  // namespace sigkit

#endif
