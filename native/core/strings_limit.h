// How much is read of the arguments and the environment of a process.
//
// A process says itself where they are (PR_SET_MM_MAP of prctl(2)): gigabytes of them, without memory of its
// own behind them. What execve(2) takes, 6 MiB of both, is always within the limits. What comes late in a
// list that is long already gets a modest one, so that the list stays within what JavaScript can hold.
#ifndef SIGKIT_CORE_STRINGS_LIMIT_H
#define SIGKIT_CORE_STRINGS_LIMIT_H

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sigkit {

class StringsLimit {
 public:
  // The bytes to read at most, behind this much of a list.
  size_t Bytes(size_t list) const {
    return list + counted_ * sizeof(void*) < kLongList ? kLongest : kLongestLate;
  }

  // How many of the bytes are within the number of strings, each of which ends with a NUL. They are counted
  // where there are enough to matter: a string costs JavaScript a reference besides its bytes.
  size_t Cut(const uint8_t* bytes, size_t length) {
    if (length <= kUncounted) return length;
    size_t used = 0;
    size_t strings = 0;
    while (used < length && strings < kMost) {
      const auto* end = static_cast<const uint8_t*>(std::memchr(bytes + used, '\0', length - used));
      used = end == nullptr ? length : static_cast<size_t>(end - bytes) + 1;
      strings++;
    }
    counted_ += strings;
    return used;
  }

 private:
  static constexpr size_t kLongest = size_t{8} << 20;
  static constexpr size_t kMost = size_t{1} << 20;
  static constexpr size_t kUncounted = size_t{1} << 16;
  static constexpr size_t kLongList = size_t{256} << 20;
  static constexpr size_t kLongestLate = 4096;

  size_t counted_ = 0;
};

}  // namespace sigkit

#endif
