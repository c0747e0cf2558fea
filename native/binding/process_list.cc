// Records of processes (core/process_record.h): of a few at once, of many in the background.
#include <cerrno>
#include <cstring>
#include <new>

#include "../core/process_record.h"
#include "background_read.h"
#include "napi_setup.h"

namespace sigkit {
namespace {

class ProcessListRead final : public BackgroundRead {
 public:
  // A negative count: all.
  static ProcessListRead* Make(uint32_t fields, const int32_t* pids, int count) {
    auto* read = new (std::nothrow) ProcessListRead(fields, count);
    if (read == nullptr || count <= 0) return read;
    const size_t bytes = static_cast<size_t>(count) * sizeof *pids;
    if (!read->pids_.Reserve(bytes)) {
      delete read;
      return nullptr;
    }
    std::memcpy(read->pids_.End(), pids, bytes);
    return read;
  }

 private:
  ProcessListRead(uint32_t fields, int count) : fields_(fields), count_(count) {}

  int Run(ByteBuffer* out) override {
    return ReadProcesses(reinterpret_cast<const int32_t*>(pids_.Data()), count_, fields_, out);
  }

  uint32_t fields_;
  int count_;
  ByteBuffer pids_;
};

size_t Length(int count) { return count < 0 ? 0 : static_cast<size_t>(count); }

// Records of these processes, read at once: (fields, pids, count, out), the bytes that they need
napi_value ProcessRead(napi_env env, napi_callback_info info) {
  Arguments<5> args(env, info);
  const int fields = args.Int32(0);
  const int count = args.Int32(2);
  const auto* pids = args.Array<int32_t>(1, napi_int32_array, Length(count));
  const int capacity = args.Int32(4);
  auto* out = args.Array<uint8_t>(3, napi_uint8_array, Length(capacity));
  if (!args.Ok()) return nullptr;
  ByteBuffer found;
  const int result = ReadProcesses(pids, count, static_cast<uint32_t>(fields), &found);
  if (result < 0) return Number(env, result);
  if (found.Size() > INT32_MAX) return Number(env, -ENOMEM);
  if (found.Size() > 0 && found.Size() <= Length(capacity)) std::memcpy(out, found.Data(), found.Size());
  return Number(env, static_cast<int32_t>(found.Size()));
}

// The same in the background: (fields, pids, count, callback)
napi_value ProcessReadLater(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  const int fields = args.Int32(0);
  const int count = args.Int32(2);
  const auto* pids = args.Array<int32_t>(1, napi_int32_array, Length(count));
  if (!args.Ok()) return nullptr;
  auto* read = ProcessListRead::Make(static_cast<uint32_t>(fields), pids, count);
  return Number(env, BackgroundRead::Start(env, read, args.Value(3)));
}

}  // namespace

void RegisterProcessList(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "process_read", ProcessRead);
  Register(env, exports, "process_read_later", ProcessReadLater);
}

}  // namespace sigkit
