#include "surrogate_escape.h"

#include <cstring>

namespace sigkit {
namespace {

bool IsContinuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// The length of the sequence that begins here and its code point, or 0 where it is not valid: cut short,
// longer than need be, a surrogate, or beyond U+10FFFF.
size_t Sequence(const uint8_t* bytes, size_t left, uint32_t* point) {
  const uint8_t first = bytes[0];
  size_t length = 0;
  uint32_t smallest = 0;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
    smallest = 0x80;
    *point = first & 0x1f;
  } else if ((first & 0xf0) == 0xe0) {
    length = 3;
    smallest = 0x800;
    *point = first & 0x0f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    smallest = 0x10000;
    *point = first & 0x07;
  }
  if (length == 0 || length > left) return 0;
  for (size_t i = 1; i < length; i++) {
    if (!IsContinuation(bytes[i])) return 0;
    *point = (*point << 6) | (bytes[i] & 0x3f);
  }
  const bool is_surrogate = *point >= 0xd800 && *point <= 0xdfff;
  return *point < smallest || is_surrogate || *point > 0x10ffff ? 0 : length;
}

}  // namespace

bool IsAscii(const uint8_t* bytes, size_t length) {
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= length; i += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + i, sizeof word);
    if ((word & 0x8080808080808080U) != 0) return false;
  }
  for (; i < length; i++) {
    if (bytes[i] >= 0x80) return false;
  }
  return true;
}

size_t DecodeUtf8(const uint8_t* bytes, size_t length, uint16_t* units) {
  size_t count = 0;
  for (size_t i = 0; i < length;) {
    uint32_t point = bytes[i];
    size_t taken = 1;
    if (point >= 0x80) {
      taken = Sequence(bytes + i, length - i, &point);
      if (taken == 0) {
        point = 0xdc00U + bytes[i];
        taken = 1;
      }
    }
    if (point >= 0x10000) {
      units[count++] = static_cast<uint16_t>(0xd800 + ((point - 0x10000) >> 10));
      units[count++] = static_cast<uint16_t>(0xdc00 + ((point - 0x10000) & 0x3ff));
    } else {
      units[count++] = static_cast<uint16_t>(point);
    }
    i += taken;
  }
  return count;
}

}  // namespace sigkit
