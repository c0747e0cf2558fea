// Bytes that grow at the end. Not std::vector: built without exceptions it ends the process where memory is
// short, and a recent compiler gives it a symbol that older C++ libraries lack.
#ifndef SIGKIT_CORE_BYTE_BUFFER_H
#define SIGKIT_CORE_BYTE_BUFFER_H

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace sigkit {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  ~ByteBuffer() { std::free(data_); }
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;

  // Room for `more` bytes behind the end. Moves what is there: pointers from before are void. False: no
  // memory.
  bool Reserve(size_t more) {
    if (capacity_ - size_ >= more) return true;
    size_t capacity = capacity_ < 4096 ? 4096 : capacity_;
    while (capacity - size_ < more) capacity *= 2;
    void* moved = std::realloc(data_, capacity);
    if (moved == nullptr) return false;
    data_ = static_cast<uint8_t*>(moved);
    capacity_ = capacity;
    return true;
  }

  uint8_t* At(size_t offset) { return data_ + offset; }
  const uint8_t* Data() const { return data_; }
  uint8_t* End() { return data_ + size_; }
  size_t Size() const { return size_; }
  size_t Room() const { return capacity_ - size_; }
  // What was written behind the end belongs to it now.
  void Extend(size_t by) { size_ += by; }
  void Shrink(size_t size) { size_ = size; }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace sigkit

#endif
