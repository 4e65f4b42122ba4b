#include "store/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/random.h"

namespace bb::store {

namespace {

constexpr std::size_t kSmall = 64 * 1024;
constexpr int kLockTries = 40;
constexpr int kBetweenTriesMs = 5;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> failed(const std::string& path, const char* what) {
  return fail(ErrorKind::storage,
              fmt::format("cannot {} '{}': {}", what, path, std::strerror(errno)));
}

}  // namespace

Status sync_folder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  const Descriptor fd(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return failed(folder, "sync");
  return {};
}

void give_to_owner(int fd, const std::string& path) {
  if (::geteuid() != 0) return;
  const std::string folder = std::filesystem::path(path).parent_path();
  struct stat owner{};
  if (::stat(folder.empty() ? "." : folder.c_str(), &owner) != 0 || owner.st_uid == 0) return;
  // It counts for root whether this succeeds or not.
  if (::fchown(fd, owner.st_uid, owner.st_gid) != 0) return;
}

Status write_durably(const std::string& path, std::string_view content) {
  // Two processes may write at once: each its own, the last rename counts.
  // Processes of different containers may have the same number.
  const std::string aside =
      fmt::format("{}.{}.{:08x}.new", path, ::getpid(), system_entropy() & 0xffffffffu);
  {
    const Descriptor fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (fd.get() < 0) return failed(aside, "write");
    give_to_owner(fd.get(), aside);
    while (!content.empty()) {
      const auto written = ::write(fd.get(), content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        auto error = failed(aside, "write");
        ::unlink(aside.c_str());
        return error;
      }
      content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(fd.get()) != 0) {
      auto error = failed(aside, "sync");
      ::unlink(aside.c_str());
      return error;
    }
  }
  if (::rename(aside.c_str(), path.c_str()) != 0) return failed(path, "replace");
  return sync_folder(path);
}

Status remove_durably(const std::string& path) {
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return failed(path, "remove");
  }
  return sync_folder(path);
}

Result<std::optional<std::string>> read_small_file(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT) return std::optional<std::string>();
    return failed(path, "read");
  }
  std::string text(kSmall + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = ::read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, "read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kSmall)
    return fail(ErrorKind::storage, fmt::format("'{}' is too large to be ours", path));
  text.resize(size);
  return std::optional<std::string>(std::move(text));
}

// The folder itself is locked: that makes no file, so it works on a disk that is full.
FolderLock::FolderLock(const std::string& folder)
    : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  for (int tries = 0; fd_ >= 0 && tries < kLockTries; ++tries) {
    held_ = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
    if (held_ || (errno != EWOULDBLOCK && errno != EINTR)) return;
    ::poll(nullptr, 0, kBetweenTriesMs);
  }
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace bb::store
