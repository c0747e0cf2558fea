#include "exit_watch.h"

#include <algorithm>

#include "syscalls.h"

namespace sigkit {

ExitWatch::~ExitWatch() {
  if (epoll_ >= 0) sys_close(epoll_);
}

int ExitWatch::Open() {
  if (epoll_ >= 0) return 0;
  const int epoll = sys_epoll_create();
  if (epoll < 0) return epoll;
  epoll_ = epoll;
  return 0;
}

int ExitWatch::Add(int pidfd, int32_t token) {
  return sys_epoll_add(epoll_, pidfd, EPOLLIN | EPOLLET, static_cast<uint32_t>(token));
}

int ExitWatch::Remove(int pidfd) { return sys_epoll_del(epoll_, pidfd); }

int ExitWatch::Drain(int32_t* pairs, int capacity) {
  constexpr int kBatch = 256;
  struct epoll_event events[kBatch];
  const int count = sys_epoll_now(epoll_, events, std::min(capacity, kBatch));
  for (int i = 0; i < count; i++) {
    *pairs++ = static_cast<int32_t>(events[i].data.u64);
    *pairs++ = static_cast<int32_t>(events[i].events);
  }
  return count;
}

}  // namespace sigkit
