// pidfd_send_signal(2) on the own process. Prints the ns per call of each batch.
#ifdef WITH_THREAD
#include <pthread.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

#ifdef WITH_THREAD
static void *idle(void *argument) {
  pause();
  return argument;
}
#endif

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const int calls = atoi(argv[1]);
  const long long end = now_ns() + atoi(argv[2]) * 1000000LL;
  const pid_t pid = getpid();
  const int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
#ifdef WITH_THREAD
  pthread_t thread;
  if (pthread_create(&thread, NULL, idle, NULL) != 0) return 1;
#endif
  for (long long start = now_ns(); start < end; start = now_ns()) {
    for (int i = 0; i < calls; i++) {
      if (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) != 0) return 1;
    }
    printf("%.2f\n", (double)(now_ns() - start) / calls);
  }
  return 0;
}
