// The only include of <napi.h>: every file of binding/ includes this one instead, so that one set of
// rules holds for all.
//
// Rules of the boundary:
// - A function here takes positional numbers, bigints or typed arrays and gives back a number: >= 0, or
//   -errno. It never validates, never names, never builds an error for what the kernel answered.
// - lib/native.ts declares each of them; test/native.test.ts compares the two lists.
// - An argument of the wrong type is a bug of ours, never the user's (TypeScript has checked): it throws a
//   TypeError at once instead of sending a signal to whatever number stood in the register.
#ifndef SIGKIT_BINDING_NAPI_SETUP_H
#define SIGKIT_BINDING_NAPI_SETUP_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#include <napi.h>
#pragma GCC diagnostic pop

#include <cstddef>
#include <cstdint>

namespace sigkit {

// Raw callbacks instead of Napi::Function: kill() is one system call of about 200 ns, and the wrapper's
// CallbackInfo would be a tenth of that again.
template <size_t N>
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = N;
    ok_ = napi_get_cb_info(env, info, &count, values_, nullptr, nullptr) == napi_ok && count >= N;
  }

  int32_t Int32(size_t index) {
    // As a double, since napi_get_value_int32 makes 0 of NaN: and kill(0) is the own process group.
    double value = 0;
    ok_ = ok_ && napi_get_value_double(env_, values_[index], &value) == napi_ok && value >= INT32_MIN &&
          value <= INT32_MAX && value == static_cast<double>(static_cast<int32_t>(value));
    return ok_ ? static_cast<int32_t>(value) : 0;
  }

  // A number (a safe integer) or a bigint of 64 bits: the bits, whatever the sign.
  int64_t Bits64(size_t index) {
    int64_t value = 0;
    if (!ok_) return value;
    if (napi_get_value_int64(env_, values_[index], &value) == napi_ok) return value;
    bool lossless = false;
    ok_ = napi_get_value_bigint_int64(env_, values_[index], &value, &lossless) == napi_ok;
    return value;
  }

  // The caller's array, of this type and with room for at least `length` elements. Valid until JavaScript
  // runs again.
  template <typename T>
  T* Array(size_t index, napi_typedarray_type type, size_t length) {
    napi_typedarray_type actual = napi_int8_array;
    size_t elements = 0;
    void* data = nullptr;
    ok_ = ok_ &&
          napi_get_typedarray_info(env_, values_[index], &actual, &elements, &data, nullptr, nullptr) ==
              napi_ok &&
          actual == type && elements >= length;
    return ok_ ? static_cast<T*>(data) : nullptr;
  }

  napi_value Value(size_t index) const { return values_[index]; }

  // True when every argument read so far was there and of its type. Ask before acting.
  bool Ok() const {
    if (!ok_) napi_throw_type_error(env_, nullptr, "sigkit: a raw native function was called wrongly");
    return ok_;
  }

 private:
  napi_env env_;
  napi_value values_[N];
  bool ok_ = false;
};

inline napi_value Number(napi_env env, int32_t value) {
  napi_value result = nullptr;
  napi_create_int32(env, value, &result);
  return result;
}

inline void Register(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) != napi_ok) return;
  napi_set_named_property(env, exports, name, function);
}

// Each file of binding/ registers its own functions; addon.cc calls them all.
void RegisterConstants(Napi::Env env, Napi::Object exports);
void RegisterDisposition(Napi::Env env, Napi::Object exports);
void RegisterExitWatch(Napi::Env env, Napi::Object exports);
void RegisterHandlers(Napi::Env env, Napi::Object exports);
void RegisterPidfd(Napi::Env env, Napi::Object exports);
void RegisterPortHolders(Napi::Env env, Napi::Object exports);
void RegisterProc(Napi::Env env, Napi::Object exports);
void RegisterProcessList(Napi::Env env, Napi::Object exports);
void RegisterSend(Napi::Env env, Napi::Object exports);
void RegisterSession(Napi::Env env, Napi::Object exports);
void RegisterSpawn(Napi::Env env, Napi::Object exports);
void RegisterWait(Napi::Env env, Napi::Object exports);

}  // namespace sigkit

#endif
