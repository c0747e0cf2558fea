// COUNT orphans that end all at once, under whatever adopts them: prints the ns from their end to the last reap, per
// orphan. Reaped is what kill(2) does not find any more.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char** argv) {
  const int count = argc > 1 ? atoi(argv[1]) : 1000;
  pid_t* pids = malloc((size_t)count * sizeof *pids);
  int gate[2], list[2];
  if (pids == NULL || pipe(gate) != 0 || pipe(list) != 0) return 1;
  const pid_t parent = fork();
  if (parent == 0) {
    for (int i = 0; i < count; i++) {
      const pid_t pid = fork();
      if (pid < 0) _exit(1);
      if (pid == 0) {
        char byte;
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) > 0);
      }
      if (write(list[1], &pid, sizeof pid) != sizeof pid) _exit(1);
    }
    _exit(0);
  }
  for (int i = 0; i < count; i++) {
    if (read(list[0], &pids[i], sizeof pids[i]) != sizeof pids[i]) return 1;
  }
  int status;
  if (waitpid(parent, &status, 0) != parent || status != 0) return 1;
  const long long start = now();
  close(gate[1]);
  for (int left = count; left > 0;) {
    while (left > 0 && kill(pids[left - 1], 0) != 0) left--;
    const struct timespec moment = {0, 50000};
    if (left > 0) nanosleep(&moment, NULL);  // the reaper needs the processor
  }
  printf("%lld\n", (now() - start) / count);
  return 0;
}
