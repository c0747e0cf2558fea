// crowd SLOTS COUNT reaped|zombies: forks COUNT victims and prints their pids as JSON. They are reaped as they end, by
// the kernel and so without a race against the watcher, or stay zombies until stdin ends.
#include <string.h>
#include <sys/wait.h>

#include "victim.h"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const size_t count = strtoul(argv[2], NULL, 10);
  int64_t* slots = slots_of(argv[1], count);
  const pid_t parent = getpid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int zombies = strcmp(argv[3], "zombies") == 0;
  if (!zombies) signal(SIGCHLD, SIG_IGN);
  printf("[");
  for (size_t i = 0; i < count; i++) {
    fflush(stdout);
    const pid_t pid = fork();
    if (pid < 0) {
      perror("fork");
      return 1;
    }
    if (pid == 0) victim(slots + i, parent);
    printf("%s%d", i == 0 ? "" : ",", pid);
  }
  printf("]\n");
  fflush(stdout);
  char ignored;
  while (zombies && read(0, &ignored, 1) > 0) {
  }
  while (wait(NULL) > 0) {
  }
  return 0;
}
