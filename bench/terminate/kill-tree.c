// Terminates trees through pidfds, as plainly as C can: kill-tree TREE SIZE ROUNDS
// For each round it starts `TREE SIZE`, and then, on the clock, walks /proc/PID/task/*/children, opens a pidfd for every
// process, sends SIGTERM to each, and waits until all have ended. Prints the ns of each round. It stops nobody, so it
// would lose a race with a tree that forks; that is the price that the peer pays.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

#define MOST 4096

static pid_t pids[MOST];
static int fds[MOST];
static int count;

static void add(pid_t pid) {
  if (count == MOST) exit(1);
  pids[count] = pid;
  fds[count++] = (int)syscall(SYS_pidfd_open, pid, 0);
}

static void add_children(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR* tasks = opendir(path);
  if (tasks == NULL) return;
  for (struct dirent* task; (task = readdir(tasks)) != NULL;) {
    if (task->d_name[0] == '.') continue;
    char text[65536];
    snprintf(text, sizeof text, "/proc/%d/task/%s/children", pid, task->d_name);
    const int fd = open(text, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ssize_t length = 0;
    for (ssize_t got; (got = read(fd, text + length, sizeof text - 1 - (size_t)length)) > 0;) length += got;
    close(fd);
    text[length] = '\0';
    for (char* at = text; *at != '\0';) {
      char* end;
      const long child = strtol(at, &end, 10);
      if (end == at) break;
      add((pid_t)child);
      at = end;
    }
  }
  closedir(tasks);
}

static pid_t start(const char* program, const char* size) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) exit(1);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], 1);
    execl(program, program, size, (char*)NULL);
    _exit(127);
  }
  close(ends[1]);
  char line[8192];
  if (read(ends[0], line, sizeof line) <= 0) exit(1);
  close(ends[0]);
  return pid;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  for (int round = 0; round < atoi(argv[3]); round++) {
    const pid_t root = start(argv[1], argv[2]);
    const double begin = now();
    count = 0;
    add(root);
    for (int i = 0; i < count; i++) add_children(pids[i]);
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < count; i++) {
      struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};
      epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
      syscall(SYS_pidfd_send_signal, fds[i], SIGTERM, NULL, 0);
    }
    for (int left = count; left > 0;) {
      struct epoll_event events[256];
      left -= epoll_wait(epoll, events, 256, -1);
    }
    for (int i = 0; i < count; i++) close(fds[i]);
    close(epoll);
    printf("%.0f\n", now() - begin);
    if (count != atoi(argv[2])) return 3;
    waitpid(root, NULL, 0);
  }
  return 0;
}
