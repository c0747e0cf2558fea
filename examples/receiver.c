/* Waits for real-time signals and prints what each one carried: the peer of `sigqueue` in the tour. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
  sigset_t set;
  sigemptyset(&set);
  for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig++) sigaddset(&set, sig);
  sigprocmask(SIG_BLOCK, &set, NULL);
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("a receiver in C waits, pid %d\n", getpid());
  for (;;) {
    siginfo_t info;
    const int sig = sigwaitinfo(&set, &info);
    if (sig < 0) continue;
    printf("SIGRTMIN+%d from pid %d: value %lld (0x%llx), as an int %d\n", sig - SIGRTMIN, info.si_pid,
           (long long)(long)info.si_ptr, (unsigned long long)(unsigned long)info.si_ptr, info.si_int);
  }
}
