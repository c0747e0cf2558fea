// What crosses from the signal handler to JavaScript: one cache line, plain data. lib/signal-records.ts reads
// it with the same offsets.
#ifndef SIGKIT_CORE_SIGNAL_EVENT_H
#define SIGKIT_CORE_SIGNAL_EVENT_H

#include <cstdint>
#include <type_traits>

namespace sigkit {

// Of tables that are indexed by a signal's number, 1 to 64.
constexpr int kSignals = 65;

struct SignalEvent {
  int32_t signo;      //  0
  int32_t code;       //  4  si_code
  int32_t pid;        //  8  si_pid
  uint32_t uid;       // 12  si_uid
  int64_t value;      // 16  si_value, all of the pointer; of a child: si_utime
  int64_t timestamp;  // 24  CLOCK_MONOTONIC in ns
  int32_t status;     // 32  of a child: si_status
  int32_t unused;     // 36
  union {             // 40
    char comm[16];    //     the sender's, terminated; empty when not asked for or not to be had
    int64_t stime;    //     of a child: si_stime
  };
  uint64_t turn;  // 56  the ring's, see signal_ring.h
};

static_assert(sizeof(SignalEvent) == 64, "one cache line");
static_assert(std::is_trivially_copyable_v<SignalEvent>, "copied in a signal handler");

}  // namespace sigkit

#endif
