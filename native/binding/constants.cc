// Every number of the ABI that TypeScript needs, from the C headers; SIGRTMIN and SIGRTMAX are asked of the
// C library at run time (glibc 34, musl 35: it keeps the first ones for itself). No number is written down a
// second time in lib/.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../core/pidfd_abi.h"
#include "napi_setup.h"

namespace sigkit {
namespace {

struct Constant {
  const char* name;
  int64_t value;
};

#define SIGKIT_CONSTANT(name) \
  { #name, name }

constexpr Constant kConstants[] = {
    SIGKIT_CONSTANT(SIGHUP),
    SIGKIT_CONSTANT(SIGINT),
    SIGKIT_CONSTANT(SIGQUIT),
    SIGKIT_CONSTANT(SIGILL),
    SIGKIT_CONSTANT(SIGTRAP),
    SIGKIT_CONSTANT(SIGABRT),
    SIGKIT_CONSTANT(SIGBUS),
    SIGKIT_CONSTANT(SIGFPE),
    SIGKIT_CONSTANT(SIGKILL),
    SIGKIT_CONSTANT(SIGUSR1),
    SIGKIT_CONSTANT(SIGSEGV),
    SIGKIT_CONSTANT(SIGUSR2),
    SIGKIT_CONSTANT(SIGPIPE),
    SIGKIT_CONSTANT(SIGALRM),
    SIGKIT_CONSTANT(SIGTERM),
    SIGKIT_CONSTANT(SIGSTKFLT),
    SIGKIT_CONSTANT(SIGCHLD),
    SIGKIT_CONSTANT(SIGCONT),
    SIGKIT_CONSTANT(SIGSTOP),
    SIGKIT_CONSTANT(SIGTSTP),
    SIGKIT_CONSTANT(SIGTTIN),
    SIGKIT_CONSTANT(SIGTTOU),
    SIGKIT_CONSTANT(SIGURG),
    SIGKIT_CONSTANT(SIGXCPU),
    SIGKIT_CONSTANT(SIGXFSZ),
    SIGKIT_CONSTANT(SIGVTALRM),
    SIGKIT_CONSTANT(SIGPROF),
    SIGKIT_CONSTANT(SIGWINCH),
    SIGKIT_CONSTANT(SIGIO),
    SIGKIT_CONSTANT(SIGPWR),
    SIGKIT_CONSTANT(SIGSYS),
    SIGKIT_CONSTANT(SIGIOT),
    SIGKIT_CONSTANT(SIGPOLL),
#ifdef SIGCLD
    SIGKIT_CONSTANT(SIGCLD),
#else
    {"SIGCLD", SIGCHLD},          // musl has no such name; the alias is promised on every libc
#endif
    SIGKIT_CONSTANT(SI_USER),
    SIGKIT_CONSTANT(SI_KERNEL),
    SIGKIT_CONSTANT(SI_QUEUE),
    SIGKIT_CONSTANT(SI_TIMER),
    SIGKIT_CONSTANT(SI_MESGQ),
    SIGKIT_CONSTANT(SI_ASYNCIO),
    SIGKIT_CONSTANT(SI_SIGIO),
    SIGKIT_CONSTANT(SI_TKILL),
    SIGKIT_CONSTANT(CLD_EXITED),
    SIGKIT_CONSTANT(CLD_KILLED),
    SIGKIT_CONSTANT(CLD_DUMPED),
    SIGKIT_CONSTANT(CLD_TRAPPED),
    SIGKIT_CONSTANT(CLD_STOPPED),
    SIGKIT_CONSTANT(CLD_CONTINUED),
    SIGKIT_CONSTANT(WNOHANG),
    SIGKIT_CONSTANT(WUNTRACED),
    SIGKIT_CONSTANT(WCONTINUED),
    SIGKIT_CONSTANT(WNOWAIT),
    SIGKIT_CONSTANT(WEXITED),
    SIGKIT_CONSTANT(WSTOPPED),
    SIGKIT_CONSTANT(__WALL),
    SIGKIT_CONSTANT(P_PID),
    SIGKIT_CONSTANT(P_PGID),
    SIGKIT_CONSTANT(P_ALL),
    SIGKIT_CONSTANT(POLL_IN),
    SIGKIT_CONSTANT(POLL_OUT),
    SIGKIT_CONSTANT(POLL_MSG),
    SIGKIT_CONSTANT(POLL_ERR),
    SIGKIT_CONSTANT(POLL_PRI),
    SIGKIT_CONSTANT(POLL_HUP),
    SIGKIT_CONSTANT(SIG_BLOCK),
    SIGKIT_CONSTANT(SIG_UNBLOCK),
    SIGKIT_CONSTANT(SIG_SETMASK),
    SIGKIT_CONSTANT(SA_NOCLDSTOP),
    SIGKIT_CONSTANT(SA_NOCLDWAIT),
    SIGKIT_CONSTANT(SA_NODEFER),
    SIGKIT_CONSTANT(SA_ONSTACK),
    {"SA_RESETHAND", SA_RESETHAND},
    SIGKIT_CONSTANT(SA_RESTART),
#ifdef SA_RESTORER
    SIGKIT_CONSTANT(SA_RESTORER),
#else
    {"SA_RESTORER", 0x04000000},  // what libc sets for itself, where the architecture has it
#endif
    SIGKIT_CONSTANT(SA_SIGINFO),
    SIGKIT_CONSTANT(POLLIN),
    SIGKIT_CONSTANT(POLLHUP),
    SIGKIT_CONSTANT(EREMOTE),
    SIGKIT_CONSTANT(PR_SET_CHILD_SUBREAPER),
    SIGKIT_CONSTANT(PR_SET_PDEATHSIG),
    // From asm-generic/siginfo.h; not every libc has them.
    {"SI_DETHREAD", -7},
    {"SI_ASYNCNL", -60},
    // Not in the headers of every libc that builds this; see core/pidfd_abi.h.
    {"P_PIDFD", kPPidfd},
    {"PIDFD_NONBLOCK", kPidfdNonblock},
    {"PIDFD_THREAD", kPidfdThread},
    {"PIDFD_SIGNAL_THREAD", static_cast<int32_t>(kPidfdSignalThread)},
    {"PIDFD_SIGNAL_THREAD_GROUP", static_cast<int32_t>(kPidfdSignalThreadGroup)},
    {"PIDFD_SIGNAL_PROCESS_GROUP", static_cast<int32_t>(kPidfdSignalProcessGroup)},
    {"PIDFD_INFO_PID", static_cast<int32_t>(kPidfdInfoPid)},
    {"PIDFD_INFO_CREDS", static_cast<int32_t>(kPidfdInfoCreds)},
    {"PIDFD_INFO_CGROUPID", static_cast<int32_t>(kPidfdInfoCgroupid)},
    {"PIDFD_INFO_EXIT", static_cast<int32_t>(kPidfdInfoExit)},

};

#undef SIGKIT_CONSTANT

}  // namespace

void RegisterConstants(Napi::Env env, Napi::Object exports) {
  Napi::Object table = Napi::Object::New(env);
  for (const Constant& constant : kConstants) table.Set(constant.name, static_cast<double>(constant.value));
  table.Set("SIGRTMIN", SIGRTMIN);
  table.Set("SIGRTMAX", SIGRTMAX);
  table.Set("CLK_TCK", static_cast<double>(sysconf(_SC_CLK_TCK)));
  exports.Set("constants", table);
}

}  // namespace sigkit
