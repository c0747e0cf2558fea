// A tree of SIZE processes that wait: tree SIZE. Each has three children, as long as there are any to give. Prints a
// line when all of them are there.
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
  if (write(ready, "x", 1) != 1) _exit(1);
}

int main(int argc, char** argv) {
  const int size = argc > 1 ? atoi(argv[1]) : 1;
  int ends[2];
  if (pipe(ends) != 0) return 1;
  grow(size, ends[1]);
  char text[4096];
  for (int seen = 0; seen < size;) {
    const ssize_t count = read(ends[0], text, sizeof text);
    if (count <= 0) return 1;
    seen += (int)count;
  }
  puts("ready");
  fflush(stdout);
  for (;;) pause();
}
