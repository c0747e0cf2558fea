// A tree of SIZE processes that wait: tree SIZE. Each has three children, as long as there are any to give. Prints a
// line with the pids when all of them are there.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// This process and `size - 1` below it.
static void grow(int size, int ready) {
  for (int i = 0, rest = size - 1; i < 3 && rest > 0; i++) {
    const int share = (rest + 2 - i) / (3 - i);
    rest -= share;
    if (fork() == 0) {
      grow(share, ready);
      for (;;) pause();
    }
  }
  const pid_t pid = getpid();
  if (write(ready, &pid, sizeof pid) != sizeof pid) _exit(1);
}

int main(int argc, char** argv) {
  const int size = argc > 1 ? atoi(argv[1]) : 1;
  int ends[2];
  if (pipe(ends) != 0) return 1;
  grow(size, ends[1]);
  for (int seen = 0; seen < size; seen++) {
    pid_t pid;
    if (read(ends[0], &pid, sizeof pid) != sizeof pid) return 1;
    printf("%d%c", pid, seen == size - 1 ? '\n' : ' ');
  }
  fflush(stdout);
  for (;;) pause();
}
