// ending SIGNAL COMMAND [ARG...]: starts the command, sends it the signal when it has written a byte to its
// stdout, and prints the ns from there until the command has ended, as its parent sees it.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char** argv) {
  int ends[2];
  if (argc < 3 || pipe(ends) != 0) return 2;
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(2);
    dup2(ends[1], 1);
    close(ends[0]);
    close(ends[1]);
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  close(ends[1]);
  char ready;
  if (read(ends[0], &ready, 1) != 1) return 2;
  int status;
  const long long sent = now();
  if (kill(child, atoi(argv[1])) != 0 || waitpid(child, &status, 0) != child) return 2;
  const long long took = now() - sent;
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) return 3;
  printf("%lld\n", took);
  return 0;
}
