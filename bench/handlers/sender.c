// sender: sends as asked on stdin, which is also where each signal is acknowledged, and prints the time of
// each.
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct request {
  int32_t pid;
  int32_t signal;
  int32_t count;
  int32_t flood;  // one after the other without waiting, and no times
};

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void send_one(const struct request *of, int value) {
  // Standard signals as everybody sends them; real-time signals with a value, or there is nothing to put in
  // order.
  const union sigval info = {.sival_int = value};
  while ((of->signal < SIGRTMIN ? kill(of->pid, of->signal) : sigqueue(of->pid, of->signal, info)) != 0) {
    if (errno != EAGAIN) exit(1);
    sched_yield();
  }
}

static void pause_a_moment(int i) {
  // Long enough for an idle loop to fall asleep, and never in step with a busy one.
  const struct timespec moment = {0, 100000 + (i * 7919) % 100000};
  nanosleep(&moment, NULL);
}

int main(void) {
  struct request of;
  while (read(STDIN_FILENO, &of, sizeof of) == sizeof of) {
    for (int i = 0; i < of.count; i++) {
      if (of.flood) {
        send_one(&of, i);
        continue;
      }
      pause_a_moment(i);
      const int64_t sent = now_ns();
      send_one(&of, i);
      char acknowledged;
      if (read(STDIN_FILENO, &acknowledged, 1) != 1) return 0;
      printf("%lld ", (long long)sent);
    }
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
