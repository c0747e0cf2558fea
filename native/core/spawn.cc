#include "spawn.h"

#include <cstdlib>
#include <new>

#include "syscalls.h"

extern "C" char** environ;

namespace sigkit {
namespace {

constexpr const char* kShell = "/bin/sh";
// What execvp(3) takes where there is no PATH.
constexpr const char* kDefaultPath = "/bin:/usr/bin";

// All that the child needs, made before the fork: afterwards nothing may be allocated.
class Command {
 public:
  Command(const char* strings, size_t length) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++) count += strings[i] == '\0' ? 1 : 0;
    const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): the JS thread sets it, this one
    if (path == nullptr) path = kDefaultPath;
    const size_t file_length = std::strlen(strings);
    search_ = std::strchr(strings, '/') == nullptr && file_length > 0;
    // One in front, for the shell that runs what is no executable format.
    argv_ = new (std::nothrow) const char*[count + 2];
    candidates_ = new (std::nothrow) char[CandidatesSize(path, file_length)];
    if (argv_ == nullptr || candidates_ == nullptr) return;
    argv_[0] = kShell;
    const char* at = strings;
    for (size_t i = 1; i <= count; i++) {
      argv_[i] = at;
      at += std::strlen(at) + 1;
    }
    argv_[count + 1] = nullptr;
    FillCandidates(path, strings, file_length);
  }
  ~Command() {
    delete[] argv_;
    delete[] candidates_;
  }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  bool Made() const { return argv_ != nullptr && candidates_ != nullptr; }

  // ASYNC-SIGNAL-SAFE. Returns the errno only when nothing could be run, as execvp(3) chooses it.
  int Exec() {
    bool denied = false;
    int error = ENOENT;
    for (const char* file = candidates_; *file != '\0'; file += std::strlen(file) + 1) {
      error = ExecOne(file);
      if (error == EACCES) denied = true;
      const bool elsewhere = error == EACCES || error == ENOENT || error == ENOTDIR || error == ESTALE ||
                             error == ENODEV || error == ETIMEDOUT;
      if (!elsewhere) return error;
    }
    return denied ? EACCES : error;
  }

 private:
  size_t CandidatesSize(const char* path, size_t file_length) const {
    if (!search_) return file_length + 2;
    size_t directories = 1;
    for (const char* at = path; *at != '\0'; at++) directories += *at == ':' ? 1 : 0;
    return std::strlen(path) + directories * (file_length + 3) + 1;
  }

  // Each ended by a NUL, the list by an empty one.
  void FillCandidates(const char* path, const char* file, size_t file_length) {
    char* out = candidates_;
    const auto put = [&out](const char* text, size_t length) {
      std::memcpy(out, text, length);
      out += length;
    };
    if (!search_) {
      put(file, file_length);
      if (file_length > 0) *out++ = '\0';
      *out = '\0';
      return;
    }
    for (const char* from = path;;) {
      const char* end = from;
      while (*end != '\0' && *end != ':') end++;
      // An empty entry is the current directory.
      if (end == from) put(".", 1);
      put(from, static_cast<size_t>(end - from));
      put("/", 1);
      put(file, file_length);
      *out++ = '\0';
      if (*end == '\0') break;
      from = end + 1;
    }
    *out = '\0';
  }

  int ExecOne(const char* file) {
    // execve(2) takes char *const argv[] and changes nothing.
    const auto exec = [](const char* program, const char** argv) {
      execve(program, const_cast<char* const*>(argv), environ);
      return errno;
    };
    const int error = exec(file, argv_ + 1);
    if (error != ENOEXEC) return error;
    const char* name = argv_[1];
    argv_[1] = file;
    const int shell_error = exec(kShell, argv_);
    argv_[1] = name;
    return shell_error;
  }

  const char** argv_ = nullptr;
  char* candidates_ = nullptr;
  bool search_ = false;
};

// ---------------------------------------------------------------- ASYNC-SIGNAL-SAFE ZONE: the child

[[noreturn]] void RunChild(Command* command, int terminal, int failure_fd) {
  for (int sig = 1; sig <= kLastSignal; sig++) sys_default_action(sig);
  setpgid(0, 0);
  // All signals are still blocked: SIGTTOU would stop whoever changes the foreground from behind it.
  if (terminal >= 0) tcsetpgrp(terminal, getpid());
  // Node marks what it inherited.
  for (int fd = 0; fd <= 2; fd++) fcntl(fd, F_SETFD, 0);
  sys_raw_sigmask(SIG_SETMASK, 0, nullptr);
  const int error = command->Exec();
  ssize_t written;
  do written = write(failure_fd, &error, sizeof error);
  while (written < 0 && errno == EINTR);
  _exit(127);
}

// ---------------------------------------------------------------- end of the zone

// What execve answered, or 0 when it succeeded and so closed the pipe.
int ReadFailure(int fd) {
  int error = 0;
  ssize_t length;
  do length = read(fd, &error, sizeof error);
  while (length < 0 && errno == EINTR);
  return length == sizeof error ? error : 0;
}

}  // namespace

int SpawnCommand(const char* strings, size_t length, int terminal) {
  if (length == 0 || strings[length - 1] != '\0') return -EINVAL;
  Command command(strings, length);
  if (!command.Made()) return -ENOMEM;
  int failure[2];
  if (pipe2(failure, O_CLOEXEC) != 0) return -errno;
  // No handler of ours may run in the child: it would record there what was meant for us.
  uint64_t old = 0;
  sys_raw_sigmask(SIG_SETMASK, ~uint64_t{0}, &old);
  const pid_t pid = fork();
  const int fork_error = pid < 0 ? errno : 0;
  if (pid == 0) RunChild(&command, terminal, failure[1]);
  sys_raw_sigmask(SIG_SETMASK, old, nullptr);
  close(failure[1]);
  const int error = pid < 0 ? fork_error : ReadFailure(failure[0]);
  close(failure[0]);
  if (error == 0) return pid;
  if (pid > 0) {
    int status;
    while (sys_wait4(pid, &status, 0, nullptr) == -EINTR) continue;
    // Else the foreground is a group that nobody is in any more.
    if (terminal >= 0) sys_tcsetpgrp(terminal, getpgrp());
  }
  return -error;
}

}  // namespace sigkit
