// Who holds a port: the sockets from the kernel (sock_diag, or /proc/net where that is refused), the holders
// of these sockets from /proc/PID/fd.
#ifndef SIGKIT_CORE_PORT_HOLDERS_H
#define SIGKIT_CORE_PORT_HOLDERS_H

#include <cstdint>

#include "byte_buffer.h"

namespace sigkit {

enum PortProtocol : int { kTcp = 1 << 0, kUdp = 1 << 1 };

// The pids (int32_t) of those that hold a socket that listens on this local TCP port or is bound to this
// local UDP port, in our network namespace: among `count` processes, or with a negative count all. Those
// whose descriptors are not shown to us are left out. 0, or -errno.
int FindPortHolders(uint16_t port, int protocols, const int32_t* pids, int count, ByteBuffer* out);

}  // namespace sigkit

#endif
