// Bytes of /proc as UTF-16. Most are UTF-8, but a name or an argument is whatever its owner made it: a byte
// that is no part of valid UTF-8 becomes the lone surrogate U+DC80 + (byte - 0x80), as in Python's
// surrogateescape, so that nothing is lost and no two texts become one.
#ifndef SIGKIT_CORE_SURROGATE_ESCAPE_H
#define SIGKIT_CORE_SURROGATE_ESCAPE_H

#include <cstddef>
#include <cstdint>

namespace sigkit {

bool IsAscii(const uint8_t* bytes, size_t length);

// Gives the number of units: at most `length`, for which `units` must have room.
size_t DecodeUtf8(const uint8_t* bytes, size_t length, uint16_t* units);

}  // namespace sigkit

#endif
