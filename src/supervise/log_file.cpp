#include "supervise/impl/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "supervise/text.h"

namespace bb::supervise {

namespace {

struct File {
  int fd;
  explicit File(int f) : fd(f) {}
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
};

std::unexpected<Error> not_readable(const std::string& path, const char* why) {
  return fail(ErrorKind::configuration, "the log " + path + " cannot be read: " + why);
}

}  // namespace

Result<std::string> read_log_file(const std::string& path, const LogRequest& request) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (file.fd < 0 && errno == ENOENT) return std::string();
  if (file.fd < 0) return not_readable(path, std::strerror(errno));
  struct stat info{};
  if (::fstat(file.fd, &info) != 0) return not_readable(path, std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return not_readable(path, "it is not a regular file");
  const auto size = static_cast<std::size_t>(info.st_size);
  std::string text(std::min(size, request.bytes_max), '\0');
  std::size_t read = 0;
  while (read < text.size()) {
    const auto at = static_cast<off_t>(size - text.size() + read);
    const auto count = ::pread(file.fd, text.data() + read, text.size() - read, at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return not_readable(path, std::strerror(errno));
    if (count == 0) break;
    read += static_cast<std::size_t>(count);
  }
  text.resize(read);
  if (read < size && read == request.bytes_max) {  // the first line is a part of one
    const auto newline = text.find('\n');
    if (newline != std::string::npos) text.erase(0, newline + 1);
  }
  return std::string(last_lines(text, request.lines));
}

std::optional<TimePoint> log_file_written_at(const std::string& path) {
  struct stat info{};
  if (path.empty() || ::stat(path.c_str(), &info) != 0) return std::nullopt;
  return from_ms(info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1'000'000);
}

}  // namespace bb::supervise
