// "Call drain() on the JS thread when this fd is readable, and keep the loop alive or not." Two
// implementations:
//
//   loop_uv.cc      Node: a uv_poll_t on the environment's own loop. One epoll_ctl, no thread.
//   loop_thread.cc  anywhere else (Bun and Deno abort or fail on uv_*): a thread that polls, and a
//   ThreadSafeFunction.
//
// Chosen at run time by lib/host.ts, so that one binary serves all; SIGKIT_LOOP=thread forces the second.
//
// Life: a loop is opened once per environment and ends with it, through a cleanup hook of its own, in
// whatever order Node tears things down. `data` must outlive the environment's JavaScript: it is not touched
// after the hook ran.
#ifndef SIGKIT_BINDING_LOOP_H
#define SIGKIT_BINDING_LOOP_H

#include "napi_setup.h"

namespace sigkit {

class Loop {
 public:
  using Drain = void (*)(napi_env env, void* data);

  // Each gives 0 and the loop, or -errno. A new loop does not keep its environment alive.
  static int OpenUv(napi_env env, int fd, Drain drain, void* data, Loop** loop);
  static int OpenThread(napi_env env, int fd, Drain drain, void* data, Loop** loop);

  // Whether this host has the libuv functions that OpenUv needs.
  static bool HasUv();
  // Bun has the functions, and aborts in them; Deno has some. What the host is, JavaScript says.
  static void DisownUv();

  virtual void Ref(bool keep_alive) = 0;

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

 protected:
  Loop() = default;
  // Each implementation deletes itself when its environment ends.
  virtual ~Loop() = default;
};

}  // namespace sigkit

#endif
