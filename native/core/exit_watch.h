// One epoll set of pidfds: tells that a process has exited, and that it has been reaped.
//
// A pidfd is readable from the exit on, for ever, and hangs up at the reap (6.9). Level-triggered it would
// wake the loop without end while a zombie is not reaped, and for a zombie that a tracer hides from its
// parent no amount of waitid would stop that. One-shot loses the second phase. So: edge-triggered, one event
// per phase; what an event means is read again from the pidfd, since both phases may come as one.
//
// Adding a pidfd that is past a phase already yields its event at once: nothing is lost by being late.
#ifndef SIGKIT_CORE_EXIT_WATCH_H
#define SIGKIT_CORE_EXIT_WATCH_H

#include <cstdint>

namespace sigkit {

class ExitWatch {
 public:
  ExitWatch() = default;
  ExitWatch(const ExitWatch&) = delete;
  ExitWatch& operator=(const ExitWatch&) = delete;
  ~ExitWatch();

  // 0, or -errno. Idempotent.
  int Open();
  // Readable when Drain has something to tell. -1 before Open.
  int Fd() const { return epoll_; }

  // `token` comes back with each event of this pidfd. 0, or -errno.
  int Add(int pidfd, int32_t token);
  // Before the pidfd is closed: a descriptor that was duplicated elsewhere would keep reporting.
  int Remove(int pidfd);

  // Fills pairs of (token, events) and gives their number, or -errno. Events: POLLIN exited, POLLHUP reaped.
  int Drain(int32_t* pairs, int capacity);

 private:
  int epoll_ = -1;
};

}  // namespace sigkit

#endif
