// sleepers flat|tree COUNT: that many processes that only wait, as its children or as a binary tree below it, with it
// as the root. Prints a line when all are there; they end with its input.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void wait_for_the_end(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) pause();
}

// The processes of a subtree of `count`, this one included.
static void grow(int count, int ready) {
  const int left = (count - 1) / 2;
  const int sizes[2] = {left, count - 1 - left};
  for (int i = 0; i < 2; i++) {
    if (sizes[i] > 0 && fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      grow(sizes[i], ready);
      if (write(ready, "x", 1) != 1) _exit(1);
      wait_for_the_end();
    }
  }
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int count = atoi(argv[2]);
  int ready[2];
  if (pipe(ready) != 0) return 2;
  if (strcmp(argv[1], "tree") == 0) {
    grow(count, ready[1]);
    char byte;
    for (int i = 1; i < count; i++) {
      if (read(ready[0], &byte, 1) != 1) return 1;
    }
  } else {
    for (int i = 0; i < count; i++) {
      const pid_t pid = fork();
      if (pid < 0) return 1;
      if (pid == 0) wait_for_the_end();
    }
  }
  printf("ready\n");
  fflush(stdout);
  while (getchar() != EOF) {
  }
  return 0;
}
