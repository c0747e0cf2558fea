#include "binding/napi_setup.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  sigkit::RegisterConstants(env, exports);
  sigkit::RegisterDisposition(env, exports);
  sigkit::RegisterExitWatch(env, exports);
  sigkit::RegisterHandlers(env, exports);
  sigkit::RegisterPidfd(env, exports);
  sigkit::RegisterPortHolders(env, exports);
  sigkit::RegisterProc(env, exports);
  sigkit::RegisterProcessList(env, exports);
  sigkit::RegisterSend(env, exports);
  sigkit::RegisterSession(env, exports);
  sigkit::RegisterSpawn(env, exports);
  sigkit::RegisterWait(env, exports);
  return exports;
}

NODE_API_MODULE(sigkit, Init)
