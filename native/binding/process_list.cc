// Records of processes (core/process_record.h): of a few at once, of many in the background.
#include <cerrno>
#include <cstring>
#include <new>

#include "../core/process_record.h"
#include "background_read.h"
#include "napi_setup.h"
#include "pid_list.h"

namespace sigkit {
namespace {

class ProcessListRead final : public BackgroundRead {
 public:
  explicit ProcessListRead(int fields) : fields_(static_cast<uint32_t>(fields)) {}

  PidList& pids() { return pids_; }

 private:
  int Run(ByteBuffer* out) override { return ReadProcesses(pids_.Pids(), pids_.Count(), fields_, out); }

  uint32_t fields_;
  PidList pids_;
};

// Records of these processes, read at once: (fields, pids, count, out, capacity), the bytes that they need
napi_value ProcessRead(napi_env env, napi_callback_info info) {
  Arguments<5> args(env, info);
  const int fields = args.Int32(0);
  const int count = args.Int32(2);
  const auto* pids = args.Array<int32_t>(1, napi_int32_array, LengthOf(count));
  const int capacity = args.Int32(4);
  auto* out = args.Array<uint8_t>(3, napi_uint8_array, LengthOf(capacity));
  if (!args.Ok()) return nullptr;
  ByteBuffer found;
  const int result = ReadProcesses(pids, count, static_cast<uint32_t>(fields), &found);
  if (result < 0) return Number(env, result);
  if (found.Size() > INT32_MAX) return Number(env, -ENOMEM);
  if (found.Size() > 0 && found.Size() <= LengthOf(capacity)) std::memcpy(out, found.Data(), found.Size());
  return Number(env, static_cast<int32_t>(found.Size()));
}

// The same in the background: (fields, pids, count, callback)
napi_value ProcessReadLater(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  const int fields = args.Int32(0);
  const int count = args.Int32(2);
  const auto* pids = args.Array<int32_t>(1, napi_int32_array, LengthOf(count));
  if (!args.Ok()) return nullptr;
  auto* read = new (std::nothrow) ProcessListRead(fields);
  if (read == nullptr || !read->pids().Set(pids, count)) {
    delete read;
    return Number(env, -ENOMEM);
  }
  return Number(env, BackgroundRead::Start(env, read, args.Value(3)));
}

}  // namespace

void RegisterProcessList(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "process_read", ProcessRead);
  Register(env, exports, "process_read_later", ProcessReadLater);
}

}  // namespace sigkit
