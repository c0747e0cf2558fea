#include "../core/port_holders.h"

#include <cerrno>
#include <new>

#include "background_read.h"
#include "napi_setup.h"
#include "pid_list.h"

namespace sigkit {
namespace {

class PortHoldersRead final : public BackgroundRead {
 public:
  PortHoldersRead(int port, int protocols) : port_(static_cast<uint16_t>(port)), protocols_(protocols) {}

  PidList& pids() { return pids_; }

 private:
  int Run(ByteBuffer* out) override {
    return FindPortHolders(port_, protocols_, pids_.Pids(), pids_.Count(), out);
  }

  uint16_t port_;
  int protocols_;
  PidList pids_;
};

// (port, protocols, pids, count, callback)
napi_value PortHolders(napi_env env, napi_callback_info info) {
  Arguments<5> args(env, info);
  const int port = args.Int32(0);
  const int protocols = args.Int32(1);
  const int count = args.Int32(3);
  const auto* pids = args.Array<int32_t>(2, napi_int32_array, LengthOf(count));
  if (!args.Ok()) return nullptr;
  auto* read = new (std::nothrow) PortHoldersRead(port, protocols);
  if (read == nullptr || !read->pids().Set(pids, count)) {
    delete read;
    return Number(env, -ENOMEM);
  }
  return Number(env, BackgroundRead::Start(env, read, args.Value(4)));
}

}  // namespace

void RegisterPortHolders(Napi::Env env, Napi::Object exports) {
  Register(env, exports, "port_holders", PortHolders);
}

}  // namespace sigkit
