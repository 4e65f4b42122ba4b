#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store/account_home.h"
#include "store/inspect.h"

namespace bb::store {

namespace {

constexpr Micros kGlance{20'000};
constexpr Micros kPause{200'000};

std::string iso_utc(TimePoint time) { return iso_seconds(time).substr(0, 19) + "Z"; }

// "pid=123 since=2025-10-10T23:40:00Z command=bubble-buster service": the command is the last
// field, because it may hold blanks.
std::string holder_line(const LockHolder& holder) {
  return fmt::format("pid={} since={} command={}\n", holder.pid, iso_utc(holder.since),
                     holder.command);
}

std::string field_of(const std::string& line, const std::string& name, char end) {
  const auto at = line.find(name + "=");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 1;
  return line.substr(begin, line.find(end, begin) - begin);
}

// The holder as a person reads it. The line may be absent for an instant while it is written.
std::string describe_holder(int fd) {
  std::string line(512, '\0');
  const ssize_t got = pread(fd, line.data(), line.size(), 0);
  line.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::string pid = field_of(line, "pid", ' ');
  if (pid.empty()) return "another process";
  return fmt::format("pid {} ({}) since {}", pid, field_of(line, "command", '\n'),
                     field_of(line, "since", ' '));
}

bool is_still_at(int fd, const std::string& path) {
  struct stat held{};
  struct stat there{};
  return fstat(fd, &held) == 0 && stat(path.c_str(), &there) == 0 && held.st_ino == there.st_ino &&
         held.st_dev == there.st_dev;
}

enum class Attempt { taken, busy, again, impossible };

Attempt take_lock(int fd, const std::string& path) {
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    return errno == EWOULDBLOCK ? Attempt::busy : Attempt::impossible;
  }
  // Somebody removed or replaced the file meanwhile: this lock would guard nothing.
  return is_still_at(fd, path) ? Attempt::taken : Attempt::again;
}

// For people only: the flock is the lock, and a full disk must not keep anybody from holding it.
void write_holder(int fd, const LockHolder& holder) {
  const std::string line = holder_line(holder);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, line.data(), line.size(), 0) < 0) return;
}

}  // namespace

Task<Result<FileLock>> FileLock::acquire(std::string path, std::string command, Micros wait,
                                         Clock& clock, std::string advice) {
  // Whoever only looks at a lock has it for a moment.
  const SteadyTime deadline = clock.after(std::max<Micros>(wait, kGlance));
  for (;;) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
      co_return fail(ErrorKind::configuration,
                     fmt::format("cannot open the lock file '{}': {}; its folder must exist and be "
                                 "writable for this user",
                                 path, std::strerror(errno)));
    FileLock lock(fd);
    const Attempt attempt = take_lock(fd, path);
    if (attempt == Attempt::taken) {
      const LockHolder self{static_cast<int>(getpid()), command, clock.utc_now()};
      write_holder(fd, self);
      co_return lock;
    }
    if (attempt == Attempt::again) continue;
    if (attempt == Attempt::impossible)
      co_return fail(ErrorKind::configuration,
                     fmt::format("cannot lock '{}': {}; it must lie on a file system that knows "
                                 "locks",
                                 path, std::strerror(errno)));
    if (clock.steady_now() >= deadline)
      co_return fail(ErrorKind::busy,
                     fmt::format("'{}' is held by {}; {}", path, describe_holder(fd), advice));
    co_await sleep_until(clock, std::min(deadline, clock.after(kPause)));
  }
}

std::optional<std::string> find_holder(const std::string& lock_file) {
  const int fd = ::open(lock_file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::optional<std::string> holder;
  if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) holder = describe_holder(fd);
  ::close(fd);
  return holder;
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace bb::store
