#include "process_record.h"

#include <pwd.h>

#include <cstdlib>
#include <cstring>

#include "identity.h"
#include "pidfd_abi.h"
#include "proc_directory.h"
#include "proc_file.h"
#include "surrogate_escape.h"
#include "syscalls.h"

namespace sigkit {
namespace {

constexpr uint64_t kKernelThread = 0x00200000;  // PF_KTHREAD of include/linux/sched.h, in stat's flags

class Reading {
 public:
  Reading(int directory, pid_t pid, uint32_t fields, ByteBuffer* out, ReadingState* state)
      : directory_(directory), files_(directory), fields_(fields), out_(out), state_(state) {
    record_.pid = pid;
  }

  // stat comes last: that it can still be read says that the process was there, with this number, all the
  // while.
  int Run() {
    const size_t start = out_->Size();
    int result = ReadAll();
    if (result == 0 && LacksProgram()) result = UseThread();
    if (result == 0 && files_ != directory_) {
      out_->Shrink(start);
      result = ReadAll();
      sys_close(files_);
    }
    if (result == 0 && !Align()) result = -ENOMEM;
    if (result < 0) {
      out_->Shrink(start);
      return result;
    }
    record_.size = static_cast<uint32_t>(out_->Size() - start);
    std::memcpy(out_->At(start), &record_, sizeof record_);
    return 0;
  }

 private:
  bool Wants(uint32_t field) const { return (fields_ & field) != 0; }

  int ReadAll() {
    const pid_t pid = record_.pid;
    record_ = {};
    record_.pid = pid;
    argv_is_empty_ = false;
    if (!out_->Reserve(sizeof record_)) return -ENOMEM;
    out_->Extend(sizeof record_);
    int result = ReadHandle();
    if (result == 0) result = ReadExe();
    if (result == 0) result = ReadArgv();
    if (result == 0) result = ReadCgroup();
    if (result == 0) result = ReadEnviron();
    if (result == 0) result = ReadOwner();
    if (result == 0) result = ReadSignals();
    if (result == 0) result = ReadStat();
    return result;
  }

  // A main thread that has ended while others run has taken with it what the files of the process itself tell
  // of the program; those of another thread still do.
  bool LacksProgram() const {
    return Wants(kReadExe | kReadArgv | kReadEnviron) && record_.state == 'Z' && record_.threads > 1;
  }

  int UseThread() {
    const int tasks = OrErrno(openat(directory_, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (tasks < 0) return Unless(tasks);
    const int result = ForEachNumber(tasks, [&](pid_t tid, const char*) {
      if (tid == record_.pid) return 0;
      const int directory = OpenProcess(tasks, tid);
      if (directory < 0) return IsShortage(directory) ? directory : 0;
      char link[8];
      if (OrErrno(readlinkat(directory, "exe", link, sizeof link)) < 0) {
        sys_close(directory);  // it is ending too, or not shown to us
        return 0;
      }
      files_ = directory;
      return kStopHere;
    });
    sys_close(tasks);
    return result == kStopHere ? 0 : Unless(result);
  }

  // What a failed read means for the record: nothing, unless the process is gone or we cannot read anything.
  // ENOENT is also what a kernel says that has no such file.
  static int Unless(int result) { return IsShortage(result) || result == -ESRCH ? result : 0; }

  // The pidfd is of the same process as the directory: that was opened before, and is read afterwards.
  int ReadHandle() {
    if (!Wants(kReadInode)) return 0;
    const int pidfd = sys_pidfd_open(record_.pid, 0);
    if (pidfd < 0) return IsShortage(pidfd) || pidfd == -ESRCH ? pidfd : 0;
    if (sys_inode(pidfd, &record_.inode) == 0) record_.present |= kReadInode;
    PidfdInfo info = {};
    info.mask = kPidfdInfoCgroupid;
    if (Wants(kReadCgroup) && Wants(kMayAskPidfd) && sys_pidfd_get_info(pidfd, &info) == 0 &&
        (info.mask & kPidfdInfoCgroupid) != 0) {
      cgroup_id_ = info.cgroupid;
    }
    sys_close(pidfd);
    return 0;
  }

  int ReadExe() {
    if (!Wants(kReadExe)) return 0;
    const int length = ReadProcLink(files_, "exe", out_);
    if (length < 0) {
      lacks_exe_ = length == -ENOENT;  // as kernel threads do
      return IsShortage(length) ? length : 0;
    }
    const char* path = reinterpret_cast<const char*>(out_->End());
    const size_t without = WithoutDeleted(path, static_cast<size_t>(length));
    const bool deleted = without < static_cast<size_t>(length) && IsDeleted(path);
    return Pack(kTextExe, deleted ? without : static_cast<size_t>(length), kReadExe);
  }

  // Whether " (deleted)" is the kernel's word for it, and not the end of the name of a file that is there.
  bool IsDeleted(const char* path) const {
    FileId running = {};
    FileId named = {};
    if (sys_file_id(files_, "exe", &running) < 0 || sys_file_id(AT_FDCWD, path, &named) < 0) return true;
    return !(running == named);
  }

  static size_t WithoutDeleted(const char* path, size_t length) {
    static constexpr char kMark[] = " (deleted)";
    constexpr size_t kLength = sizeof kMark - 1;
    const bool marked = length > kLength && std::memcmp(path + length - kLength, kMark, kLength) == 0;
    return marked ? length - kLength : length;
  }

  int ReadArgv() {
    if (!Wants(kReadArgv)) return 0;
    const int length = ReadProcFile(files_, "cmdline", state_->strings.Bytes(out_->Size()), out_);
    if (length <= 0) {
      argv_is_empty_ = length == 0;
      return Unless(length);
    }
    return PackStrings(kTextArgv, static_cast<size_t>(length), kReadArgv);
  }

  int ReadCgroup() {
    if (!Wants(kReadCgroup)) return 0;
    const KnownTexts::Text* known = cgroup_id_ == 0 ? nullptr : state_->cgroups.Find(cgroup_id_);
    if (known == nullptr) {
      const int length = ReadProcFile(directory_, "cgroup", kLongestProcFile, &state_->scratch);
      if (length < 0) return Unless(length);
      const char* text = reinterpret_cast<const char*>(state_->scratch.End());
      const char* line = std::strncmp(text, "0::", 3) == 0 ? text : std::strstr(text, "\n0::");
      if (line == nullptr) return 0;  // no cgroup v2
      const char* path = std::strchr(line, '/');
      if (path == nullptr) return 0;
      const size_t path_length = WithoutDeleted(path, std::strcspn(path, "\n"));
      if (cgroup_id_ == 0) return PackBytes(kTextCgroup, path, path_length, kReadCgroup);
      if (!state_->cgroups.Add(cgroup_id_, path, path_length)) return -ENOMEM;
      known = state_->cgroups.Find(cgroup_id_);
    }
    return PackBytes(kTextCgroup, state_->cgroups.Bytes(known), known->length, kReadCgroup);
  }

  int ReadEnviron() {
    if (!Wants(kReadEnviron)) return 0;
    const int length = ReadProcFile(files_, "environ", state_->strings.Bytes(out_->Size()), out_);
    // Of a zombie that is ESRCH or empty, by the kernel: whether it is there stat says then.
    lacks_environ_ = length == 0 || length == -ESRCH;
    if (length == -ESRCH) return 0;
    return length < 0 ? Unless(length) : PackStrings(kTextEnviron, static_cast<size_t>(length), kReadEnviron);
  }

  // The owner of /proc/PID itself is the effective uid, whether or not the process may be looked into.
  int ReadOwner() {
    if (!Wants(kReadUid | kReadUser)) return 0;
    const int result = sys_owner(directory_, &record_.uid);
    if (result < 0) return Unless(result);
    record_.present |= kReadUid;
    return Wants(kReadUser) ? ReadUser() : 0;
  }

  int ReadUser() {
    const KnownTexts::Text* known = state_->users.Find(record_.uid);
    if (known == nullptr) {
      const int result = AddUser(record_.uid);
      if (result < 0) return result;
      known = state_->users.Find(record_.uid);
    }
    return known->length == 0 ? 0
                              : PackBytes(kTextUser, state_->users.Bytes(known), known->length, kReadUser);
  }

  // Through the C library, so that users of LDAP and the like have names too. A user without an entry has
  // none.
  int AddUser(uid_t uid) {
    ByteBuffer& scratch = state_->scratch;
    for (size_t room = 4096;; room *= 2) {
      if (!scratch.Reserve(room)) return -ENOMEM;
      struct passwd entry = {};
      struct passwd* found = nullptr;
      const int failure =
          getpwuid_r(uid, &entry, reinterpret_cast<char*>(scratch.End()), scratch.Room(), &found);
      if (failure == ERANGE && room < (1U << 20)) continue;
      if (IsShortage(-failure)) return -failure;
      const char* name = found == nullptr ? "" : entry.pw_name;
      return state_->users.Add(uid, name, std::strlen(name)) ? 0 : -ENOMEM;
    }
  }

  int ReadSignals() {
    if (!Wants(kReadSignals)) return 0;
    const int length = ReadProcFile(directory_, "status", kLongestProcFile, &state_->scratch);
    if (length < 0) return Unless(length);
    const char* text = reinterpret_cast<const char*>(state_->scratch.End());
    // A comm cannot fake them: its newline is escaped in this file.
    static constexpr const char* kNames[] = {"\nSigPnd:", "\nShdPnd:", "\nSigBlk:", "\nSigIgn:", "\nSigCgt:"};
    uint64_t masks[5] = {};
    for (int i = 0; i < 5; i++) {
      text = std::strstr(text, kNames[i]);
      if (text == nullptr) return 0;
      text += std::strlen(kNames[i]);
      masks[i] = std::strtoull(text, nullptr, 16);
    }
    const uint64_t told[4] = {masks[0] | masks[1], masks[2], masks[3], masks[4]};
    for (size_t i = 0; i < 4; i++) {
      record_.signal_masks[2 * i] = static_cast<uint32_t>(told[i]);
      record_.signal_masks[2 * i + 1] = static_cast<uint32_t>(told[i] >> 32);
    }
    record_.present |= kReadSignals;
    return 0;
  }

  int ReadStat() {
    if (!Wants(kReadStat | kReadArgv | kReadInode) && !lacks_exe_ && !lacks_environ_) return 0;
    const int length = ReadProcFile(directory_, "stat", kLongestProcFile, &state_->scratch);
    if (length < 0) return IsGone(length) ? -ESRCH : Unless(length);
    const char* text = reinterpret_cast<const char*>(state_->scratch.End());
    // The comm is whatever its owner made it, parentheses and newlines included: what counts is the last ')'.
    const char* comm = std::strchr(text, '(');
    const char* end = std::strrchr(text, ')');
    if (comm == nullptr || end == nullptr || end < comm || end[1] != ' ' || end[2] == '\0') return 0;
    comm++;
    record_.state = static_cast<uint8_t>(end[2]);
    Numbers(end + 3);
    // Its last moment: the kernel has taken it apart, and says no threads, parent 0, group -1.
    if (record_.threads == 0) return -ESRCH;
    record_.present |= kReadStat;
    return PackBytes(kTextComm, comm, static_cast<size_t>(end - comm), 0);
  }

  // Fields 4 to 24 of stat; all but some of the first are natural numbers.
  void Numbers(const char* at) {
    uint64_t flags = 0;
    uint64_t memory = 0;
    for (int number = 4; number <= 24; number++) {
      while (*at == ' ') at++;
      const bool negative = *at == '-';
      if (negative) at++;
      uint64_t value = 0;
      while (*at >= '0' && *at <= '9') value = value * 10 + static_cast<uint64_t>(*at++ - '0');
      const auto integer = static_cast<int32_t>(negative ? 0 - value : value);
      switch (number) {
        case 4:
          record_.ppid = integer;
          break;
        case 5:
          record_.pgid = integer;
          break;
        case 6:
          record_.sid = integer;
          break;
        case 7:
          record_.tty = integer;
          break;
        case 9:
          flags = value;
          break;
        case 14:
        case 15:
          record_.cpu_ticks += static_cast<double>(value);
          break;
        case 20:
          record_.threads = integer;
          break;
        case 22:
          record_.start_ticks = static_cast<double>(value);
          break;
        case 23:
          memory = value;
          break;
        case 24:
          record_.rss_bytes = static_cast<double>(value) * static_cast<double>(sysconf(_SC_PAGESIZE));
          break;
        default:
          break;
      }
    }
    // A kernel thread has no arguments, and a process may have thrown its own away; but one that ended had
    // some, and nobody can tell any more.
    if (argv_is_empty_ && ((flags & kKernelThread) != 0 || memory > 0)) record_.present |= kReadArgv;
  }

  int PackStrings(ProcessText text, size_t length, uint32_t field) {
    return Pack(text, state_->strings.Cut(out_->End(), length), field);
  }

  int PackBytes(ProcessText text, const void* bytes, size_t length, uint32_t field) {
    if (!out_->Reserve(length)) return -ENOMEM;
    std::memcpy(out_->End(), bytes, length);
    return Pack(text, length, field);
  }

  // The bytes behind the end become the text.
  int Pack(ProcessText text, size_t length, uint32_t field) {
    uint32_t told = static_cast<uint32_t>(length);
    if (IsAscii(out_->End(), length)) {
      out_->Extend(length);
    } else {
      const size_t units = (length + 1) & ~size_t{1};  // where they begin, aligned as the record is
      if (!out_->Reserve(units + 2 * length + 2)) return -ENOMEM;
      uint8_t* wide = out_->End() + units;
      wide += reinterpret_cast<uintptr_t>(wide) & 1;
      const size_t count = DecodeUtf8(out_->End(), length, reinterpret_cast<uint16_t*>(wide));
      std::memmove(out_->End(), wide, 2 * count);
      out_->Extend(2 * count);
      told = static_cast<uint32_t>(2 * count) | kWideText;
    }
    record_.text_bytes[text] = told;
    record_.present |= field;
    return 0;
  }

  bool Align() {
    const size_t gap = (8 - out_->Size() % 8) % 8;
    if (!out_->Reserve(gap)) return false;
    std::memset(out_->End(), 0, gap);
    out_->Extend(gap);
    return true;
  }

  int directory_;
  int files_;  // where the files are that show a program: directory_, or of one of its threads
  uint32_t fields_;
  ByteBuffer* out_;
  ReadingState* state_;
  ProcessRecord record_ = {};
  uint64_t cgroup_id_ = 0;
  bool argv_is_empty_ = false;
  bool lacks_exe_ = false;
  bool lacks_environ_ = false;
};

}  // namespace

int ReadProcess(int proc, pid_t pid, uint32_t fields, ByteBuffer* out, ReadingState* state) {
  const int directory = OpenProcess(proc, pid);
  if (directory < 0) return IsShortage(directory) ? directory : -ESRCH;
  const int result = Reading(directory, pid, fields, out, state).Run();
  sys_close(directory);
  return result;
}

int ReadProcesses(const int32_t* pids, int count, uint32_t fields, ByteBuffer* out) {
  const int proc = OrErrno(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (proc < 0) return proc;
  ReadingState state;
  const auto read = [&](pid_t pid, const char*) {
    const int result = ReadProcess(proc, pid, fields, out, &state);
    return result == -ESRCH ? 0 : result;
  };
  int result = 0;
  if (count < 0) {
    result = ForEachNumber(proc, read);
  } else {
    for (int i = 0; i < count && result == 0; i++) result = read(pids[i], nullptr);
  }
  sys_close(proc);
  return result;
}

}  // namespace sigkit
