// SIZE processes that have nothing to do with anything: bystanders SIZE. Prints a line when they are there; they end with its
// input.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const int size = argc > 1 ? atoi(argv[1]) : 0;
  setpgid(0, 0);
  for (int i = 0; i < size; i++) {
    const pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) {
      for (;;) pause();
    }
  }
  puts("ready");
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  return kill(0, SIGKILL);
}
