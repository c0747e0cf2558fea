// Pids that JavaScript gave, for work that goes on after its array may be gone.
#ifndef SIGKIT_BINDING_PID_LIST_H
#define SIGKIT_BINDING_PID_LIST_H

#include <cstring>

#include "../core/byte_buffer.h"

namespace sigkit {

class PidList {
 public:
  // A negative count: all there are. False: no memory.
  bool Set(const int32_t* pids, int count) {
    count_ = count;
    if (count <= 0) return true;
    const size_t bytes = static_cast<size_t>(count) * sizeof *pids;
    if (!bytes_.Reserve(bytes)) return false;
    std::memcpy(bytes_.End(), pids, bytes);
    return true;
  }

  const int32_t* Pids() const { return reinterpret_cast<const int32_t*>(bytes_.Data()); }
  int Count() const { return count_; }

 private:
  ByteBuffer bytes_;
  int count_ = 0;
};

// How long the array must be.
inline size_t LengthOf(int count) { return count < 0 ? 0 : static_cast<size_t>(count); }

}  // namespace sigkit

#endif
