// A pidfd on the own process, opened and closed. Prints the ns per call of each batch.
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

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const int calls = atoi(argv[1]);
  const long long end = now_ns() + atoi(argv[2]) * 1000000LL;
  const pid_t pid = getpid();
  for (long long start = now_ns(); start < end; start = now_ns()) {
    for (int i = 0; i < calls; i++) {
      if (close((int)syscall(SYS_pidfd_open, pid, 0)) != 0) return 1;
    }
    printf("%.2f\n", (double)(now_ns() - start) / calls);
  }
  return 0;
}
