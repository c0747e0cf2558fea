// As Node has it: in a process of several threads the kernel counts a reference to the file of each call on an fd.
#define WITH_THREAD
#include "pidfd-send-loop.c"
