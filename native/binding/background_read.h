// A reading that takes its time, on a thread of the pool, and the call that brings what it found.
//
// An environment that ends (worker.terminate()) waits for the reading and then calls back into nothing:
// everything is freed in Done, which uses nothing of the environment's that may be gone by then.
#ifndef SIGKIT_BINDING_BACKGROUND_READ_H
#define SIGKIT_BINDING_BACKGROUND_READ_H

#include "../core/byte_buffer.h"
#include "napi_setup.h"

namespace sigkit {

class BackgroundRead {
 public:
  virtual ~BackgroundRead() = default;
  BackgroundRead(const BackgroundRead&) = delete;
  BackgroundRead& operator=(const BackgroundRead&) = delete;

  // Takes `read`. Once it is done, callback(result, buffer) is called from the event loop: 0 and what was
  // found, or -errno. 0, or -errno when it was not started and will not call.
  static int Start(napi_env env, BackgroundRead* read, napi_value callback);

 protected:
  BackgroundRead() = default;
  // On a thread of the pool: 0, or -errno.
  virtual int Run(ByteBuffer* out) = 0;

 private:
  static void Execute(napi_env env, void* data);
  static void Done(napi_env env, napi_status status, void* data);
  void Tell(napi_env env, napi_status status);

  napi_async_work work_ = nullptr;
  napi_ref callback_ = nullptr;
  ByteBuffer out_;
  int result_ = 0;
};

}  // namespace sigkit

#endif
