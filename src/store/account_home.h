// AccountHome: the one directory per account, the same for every config and every process of the
// host: <state>/accounts/<environment>-<alias>/. Whoever holds its lock sends the account's orders.
// FileLock is the same mechanism for the original's `lock_file`.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace bb::store {

/// Who holds a lock, as written into the file by the holder.
struct LockHolder {
  int pid = 0;
  std::string command;
  TimePoint since{};
};

/// An exclusive flock on a file, released by the kernel when the process dies.
class FileLock {
 public:
  /// Tries every 0.2 s until `wait` has passed. A busy lock is a `busy` error that names file, pid,
  /// command and since when, and ends with `advice`.
  static Task<Result<FileLock>> acquire(std::string path, std::string command, Micros wait,
                                        Clock& clock, std::string advice);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

class AccountHome {
 public:
  /// Makes the directory (mode 0700) and takes its lock. `state_dir` empty = the host's default:
  /// /var/lib/bubble-buster for root, else $XDG_STATE_HOME or ~/.local/state.
  static Task<Result<AccountHome>> take(std::string state_dir, std::string environment,
                                        std::string alias, std::string command, Micros wait,
                                        Clock& clock);
  const std::string& path() const { return path_; }

 private:
  AccountHome(std::string path, FileLock lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  FileLock lock_;
};

}  // namespace bb::store
