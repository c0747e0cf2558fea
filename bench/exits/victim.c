// victim SLOTS COUNT INDEX: one process, for parents that spawn.
#include "victim.h"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  victim(slots_of(argv[1], strtoul(argv[2], NULL, 10)) + strtoul(argv[3], NULL, 10), getppid());
}
