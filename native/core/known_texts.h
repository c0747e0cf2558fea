// Texts by number (user names by uid, cgroup paths by id) for the length of one reading: found out once, and
// never stale in the next.
#ifndef SIGKIT_CORE_KNOWN_TEXTS_H
#define SIGKIT_CORE_KNOWN_TEXTS_H

#include <cstring>

#include "byte_buffer.h"

namespace sigkit {

class KnownTexts {
 public:
  struct Text {
    uint64_t key;
    size_t offset;
    size_t length;
  };

  // Null where nothing is known of the key yet. Valid until the next Add.
  const Text* Find(uint64_t key) const {
    const auto* entries = reinterpret_cast<const Text*>(index_.Data());
    for (size_t i = index_.Size() / sizeof(Text); i > 0; i--) {
      if (entries[i - 1].key == key) return entries + i - 1;
    }
    return nullptr;
  }

  const uint8_t* Bytes(const Text* text) const { return bytes_.Data() + text->offset; }

  // An empty text is one that there is not.
  bool Add(uint64_t key, const void* bytes, size_t length) {
    if (!index_.Reserve(sizeof(Text)) || !bytes_.Reserve(length)) return false;
    const Text text = {key, bytes_.Size(), length};
    std::memcpy(index_.End(), &text, sizeof text);
    index_.Extend(sizeof text);
    if (length > 0) std::memcpy(bytes_.End(), bytes, length);
    bytes_.Extend(length);
    return true;
  }

 private:
  ByteBuffer index_;
  ByteBuffer bytes_;
};

}  // namespace sigkit

#endif
