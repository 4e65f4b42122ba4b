// AccountHome: the one directory per account, the same for every config and every process of the
// host: <state>/accounts/<environment>-<alias>/. Whoever holds its lock sends the account's orders.
// Beside the lock it holds the latch (latch.h), the control socket, the bypass journal, and the
// fence: a number that grows with every holder, and that whoever acts past a sick holder advances.
// FileLock is the same mechanism for the original's `lock_file`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/latch.h"

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
  /// Where it would be; nothing is made.
  static std::string path_of(std::string state_dir, const std::string& environment,
                             const std::string& alias);
  /// Takes the right to add risk away from the holder of the account in that directory until it
  /// takes the account anew: for whoever must act while the holder does not answer.
  /// The new number, which nobody else got.
  static Result<std::uint64_t> advance_fence(const std::string& path);

  const std::string& path() const { return path_; }
  const Latch& latch() const { return latch_; }
  /// Gives that right back to this holder. For an explicit resume, after everything that was done
  /// past the holder has been taken into its records (bypass_journal.h). `seen` is fence() from
  /// before that: `conflict` when somebody advanced it since.
  Status retake_fence(std::uint64_t seen);
  Result<std::uint64_t> fence() const;
  /// False once somebody advanced the fence, and in doubt: nothing that adds risk may be sent.
  bool is_fence_ours() const;

 private:
  AccountHome(std::string path, FileLock lock, std::uint64_t epoch)
      : path_(std::move(path)), lock_(std::move(lock)), latch_(path_), epoch_(epoch) {}
  std::string path_;
  FileLock lock_;
  Latch latch_;
  std::uint64_t epoch_ = 0;
};

}  // namespace bb::store
