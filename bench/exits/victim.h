// A process that waits for SIGURG, writes the time of its end into its slot and ends. SIGURG because whoever else is
// in the group ignores it by default, so that one kill of the group ends them all at the same time.
#ifndef BENCH_VICTIM_H
#define BENCH_VICTIM_H

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t* slots_of(const char* path, size_t count) {
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  int64_t* slots = mmap(NULL, count * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (fd < 0 || slots == MAP_FAILED) {
    perror(path);
    exit(1);
  }
  close(fd);
  return slots;
}

static void victim(int64_t* slot, pid_t parent) {
  sigset_t urgent;
  int got = 0;
  sigemptyset(&urgent);
  sigaddset(&urgent, SIGURG);
  sigprocmask(SIG_BLOCK, &urgent, NULL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  *slot = 1;  // ready
  while (sigwait(&urgent, &got) != 0) {
  }
  // Lets whoever sent the signal go to sleep first: the wake-up is what is measured.
  const struct timespec pause = {0, 500000};
  nanosleep(&pause, NULL);
  *slot = now();
  _exit(7);
}

#endif
