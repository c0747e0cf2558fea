// busy MS: never does anything but spin. MS after a SIGTERM another thread ends it by SIGKILL: a deadline in
// C.
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static sem_t came;
static struct timespec delay;

static void on_signal(int signal) {
  (void)signal;
  sem_post(&came);
}

static void* timer(void* unused) {
  (void)unused;
  while (sem_wait(&came) != 0) {
  }
  while (clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL) != 0) {
  }
  kill(getpid(), SIGKILL);
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long ms = atol(argv[1]);
  delay.tv_sec = ms / 1000;
  delay.tv_nsec = ms % 1000 * 1000000;
  pthread_t thread;
  if (sem_init(&came, 0, 0) != 0 || pthread_create(&thread, NULL, timer, NULL) != 0) return 2;
  signal(SIGTERM, on_signal);
  if (write(1, "\n", 1) != 1) return 2;
  for (;;) {
  }
}
