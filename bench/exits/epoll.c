// epoll PID...: the floor for noticing exits. Ends one process after the other and prints, as JSON, when epoll_wait
// on its pidfd returned.
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  printf("[");
  for (int i = 1; i < argc; i++) {
    const pid_t pid = atoi(argv[i]);
    const int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct epoll_event event = {.events = EPOLLIN};
    struct timespec time;
    if (pidfd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, pidfd, &event) < 0 || kill(pid, SIGURG) < 0) return 1;
    if (epoll_wait(epoll, &event, 1, -1) != 1) return 1;
    clock_gettime(CLOCK_MONOTONIC, &time);
    close(pidfd);
    // A string: the number does not fit a double.
    printf("%s\"%lld\"", i == 1 ? "" : ",", (long long)time.tv_sec * 1000000000 + time.tv_nsec);
  }
  printf("]\n");
  return 0;
}
