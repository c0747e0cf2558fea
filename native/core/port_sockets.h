// The inodes of the sockets on a local port.
#ifndef SIGKIT_CORE_PORT_SOCKETS_H
#define SIGKIT_CORE_PORT_SOCKETS_H

#include <cstdint>

#include "byte_buffer.h"

namespace sigkit {

// Appends inodes (uint64_t): of TCP sockets those that listen, of UDP all. 0, or -errno.
int FindPortSockets(uint16_t port, int protocols, ByteBuffer* out);

}  // namespace sigkit

#endif
