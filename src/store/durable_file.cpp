#include "store/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace bb::store {

namespace {

constexpr std::size_t kSmall = 64 * 1024;

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

Status sync_folder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  const Descriptor fd(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return failed(folder, "sync");
  return {};
}

}  // namespace

Status write_durably(const std::string& path, std::string_view content) {
  // Two processes may write at once: each its own, the last rename counts.
  const std::string aside = fmt::format("{}.{}.new", path, ::getpid());
  {
    const Descriptor fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (fd.get() < 0) return failed(aside, "write");
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

}  // namespace bb::store
