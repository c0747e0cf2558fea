#include "port_sockets.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "port_holders.h"
#include "proc_file.h"
#include "syscalls.h"

namespace sigkit {
namespace {

constexpr uint8_t kFamilies[] = {AF_INET, AF_INET6};
constexpr uint32_t kListening = 1U << 10;  // TCP_LISTEN of include/net/tcp_states.h
constexpr uint32_t kAnyState = 0xffffffff;
constexpr uint32_t kMultipathTcp = 262;   // IPPROTO_MPTCP, 5.6: too large for the field of the request
constexpr uint16_t kRequestProtocol = 4;  // INET_DIAG_REQ_PROTOCOL, which takes it instead

struct Request {
  struct nlmsghdr header;
  struct inet_diag_req_v2 body;
  struct nlattr attribute;
  uint32_t protocol;
};

int Add(uint64_t inode, ByteBuffer* out) {
  if (inode == 0) return 0;
  if (!out->Reserve(sizeof inode)) return -ENOMEM;
  std::memcpy(out->End(), &inode, sizeof inode);
  out->Extend(sizeof inode);
  return 0;
}

// What a list ends with, or an error begins with: 0, or -errno. A list of what the kernel has no part for
// (udp_diag is a module) ends at once, and with -ENOENT.
int ResultIn(struct nlmsghdr* message) {
  int result = 0;
  if (message->nlmsg_len < NLMSG_LENGTH(sizeof result)) return 0;
  std::memcpy(&result, NLMSG_DATA(message), sizeof result);
  return std::min(result, 0);
}

// Reads what one request is answered: 0, or -errno where that is not the whole of it.
int ReadAnswers(int netlink, uint32_t sequence, uint16_t port, ByteBuffer* out) {
  alignas(struct nlmsghdr) char buffer[16384];
  bool is_whole = true;
  for (;;) {
    const ssize_t received = recv(netlink, buffer, sizeof buffer, MSG_TRUNC);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return -errno;
    if (received == 0 || static_cast<size_t>(received) > sizeof buffer) return -EMSGSIZE;
    // NLMSG_NEXT takes more from it than the last message has, where its length is not a multiple of 4.
    auto left = static_cast<int>(received);
    for (auto* message = reinterpret_cast<struct nlmsghdr*>(buffer); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_seq != sequence) continue;
      if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) is_whole = false;
      if (message->nlmsg_type == NLMSG_ERROR) return ResultIn(message);
      if (message->nlmsg_type == NLMSG_DONE) {
        const int result = ResultIn(message);
        return result == 0 && !is_whole ? -EAGAIN : result;
      }
      if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY) continue;
      if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg))) continue;
      const auto* socket = static_cast<const struct inet_diag_msg*>(NLMSG_DATA(message));
      if (ntohs(socket->id.idiag_sport) != port) continue;
      if (const int failure = Add(socket->idiag_inode, out); failure < 0) return failure;
    }
  }
}

struct Netlink {
  int fd;  // or -errno
  uint32_t sequence;
};

int Ask(Netlink* netlink, uint8_t family, uint32_t protocol, uint16_t port, ByteBuffer* out) {
  Request request = {};
  const bool extended = protocol > 0xff;
  request.header.nlmsg_len = static_cast<uint32_t>(extended ? sizeof request : offsetof(Request, attribute));
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.header.nlmsg_seq = ++netlink->sequence;
  request.body.sdiag_family = family;
  request.body.sdiag_protocol = static_cast<uint8_t>(extended ? uint32_t{IPPROTO_TCP} : protocol);
  request.body.idiag_states = protocol == IPPROTO_UDP ? kAnyState : kListening;
  request.body.id.idiag_sport = htons(port);
  request.attribute.nla_len = sizeof request.attribute + sizeof request.protocol;
  request.attribute.nla_type = kRequestProtocol;
  request.protocol = protocol;
  if (send(netlink->fd, &request, request.header.nlmsg_len, 0) < 0) return -errno;
  const size_t before = out->Size();
  const int result = ReadAnswers(netlink->fd, netlink->sequence, port, out);
  if (result < 0) out->Shrink(before);
  return result;
}

// A multipath socket's subflow is listed as TCP under an inode that nobody holds: its own is asked for
// besides. A kernel without multipath refuses, or lists TCP once more.
int AskForMultipath(Netlink* netlink, uint16_t port, ByteBuffer* out) {
  for (const uint8_t family : kFamilies) {
    const int result = Ask(netlink, family, kMultipathTcp, port, out);
    if (IsShortage(result)) return result;
  }
  return 0;
}

// The lines of /proc/net/tcp and its like: slot, local address:port, remote one, state, ..., inode as the
// tenth. 0, or -errno.
int ReadProcNet(const char* name, uint16_t port, bool any_state, ByteBuffer* out) {
  ByteBuffer text;
  const int length = ReadProcList(name, &text);
  if (length < 0) return length;
  for (const char* line = std::strchr(reinterpret_cast<const char*>(text.End()), '\n'); line != nullptr;
       line = std::strchr(line + 1, '\n')) {
    unsigned local = 0;
    unsigned state = 0;
    unsigned long long inode = 0;
    // NOLINTNEXTLINE(cert-err34-c): the kernel wrote these numbers
    if (std::sscanf(line, " %*u: %*x:%x %*x:%*x %x %*x:%*x %*x:%*x %*x %*u %*d %llu", &local, &state,
                    &inode) != 3) {
      continue;
    }
    if (local != port || (!any_state && state != 10)) continue;
    if (const int failure = Add(inode, out); failure < 0) return failure;
  }
  return 0;
}

int ReadProcNets(uint32_t protocol, uint16_t port, ByteBuffer* out) {
  const bool udp = protocol == IPPROTO_UDP;
  const int four = ReadProcNet(udp ? "/proc/net/udp" : "/proc/net/tcp", port, udp, out);
  if (four < 0 && four != -ENOENT) return four;
  const int six = ReadProcNet(udp ? "/proc/net/udp6" : "/proc/net/tcp6", port, udp, out);
  return six == -ENOENT ? four : six;  // a kernel may be without one of the two
}

int FindOf(Netlink* netlink, uint32_t protocol, uint16_t port, ByteBuffer* out) {
  if (netlink->fd < 0) return ReadProcNets(protocol, port, out);
  const size_t before = out->Size();
  for (const uint8_t family : kFamilies) {
    const int result = Ask(netlink, family, protocol, port, out);
    if (IsShortage(result)) return result;
    if (result < 0) {
      out->Shrink(before);
      return ReadProcNets(protocol, port, out);
    }
  }
  return protocol == IPPROTO_TCP ? AskForMultipath(netlink, port, out) : 0;
}

}  // namespace

int FindPortSockets(uint16_t port, int protocols, ByteBuffer* out) {
  Netlink netlink = {OrErrno(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)), 0};
  if (IsShortage(netlink.fd)) return netlink.fd;
  // Somebody who took the request and never answers is not the kernel, but a sandbox.
  const struct timeval patience = {2, 0};
  if (netlink.fd >= 0) setsockopt(netlink.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  int result = 0;
  if ((protocols & kTcp) != 0) result = FindOf(&netlink, IPPROTO_TCP, port, out);
  if (result == 0 && (protocols & kUdp) != 0) result = FindOf(&netlink, IPPROTO_UDP, port, out);
  if (netlink.fd >= 0) sys_close(netlink.fd);
  return result;
}

}  // namespace sigkit
