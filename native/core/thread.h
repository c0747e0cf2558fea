// A thread that takes no signals, so that no handler ever runs on it and no other thread's order is
// disturbed.
//
// Not std::thread: its constructor throws where the thread cannot be made, and we are built without
// exceptions. Not plain pthread_create: linked on a new glibc it asks for the symbol of 2.34, and the
// published binary has to load on 2.28. The old symbol is the same function and is kept for ever.
#ifndef SIGKIT_CORE_THREAD_H
#define SIGKIT_CORE_THREAD_H

#include <pthread.h>

#include "syscalls.h"

#if defined(__GLIBC__) && defined(__x86_64__)
__asm__(".symver pthread_create,pthread_create@GLIBC_2.2.5");
__asm__(".symver pthread_join,pthread_join@GLIBC_2.2.5");
#elif defined(__GLIBC__) && defined(__aarch64__)
__asm__(".symver pthread_create,pthread_create@GLIBC_2.17");
__asm__(".symver pthread_join,pthread_join@GLIBC_2.17");
#endif

namespace sigkit {

// 0, or -errno.
inline int StartThreadWithoutSignals(pthread_t* thread, void* (*run)(void*), void* argument) {
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  sys_sigmask(SIG_BLOCK, &all, &old);  // a new thread inherits the mask
  const int failure = pthread_create(thread, nullptr, run, argument);
  sys_sigmask(SIG_SETMASK, &old, nullptr);
  return -failure;
}

inline void JoinThread(pthread_t thread) { pthread_join(thread, nullptr); }

}  // namespace sigkit

#endif
