#include "store/refused.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace bb::store {

namespace {

std::string literal(const sql::Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return "NULL";
  // A literal ends at a zero byte.
  if (text->find('\0') != std::string::npos) {
    std::string hex;
    for (const char c : *text)
      hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return "CAST(X'" + hex + "' AS TEXT)";
  }
  std::string quoted = "'";
  for (const char c : *text)
    quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}

// The statement with its values in place. Values without a place stand behind it: nothing of the
// batch is left out.
std::string spell(const Write& write) {
  std::string out;
  auto value = write.values.begin();
  bool in_text = false;
  for (const char c : write.sql) {
    if (c == '\'') in_text = !in_text;
    if (c == '?' && !in_text && value != write.values.end())
      out += literal(*value++);
    else
      out += c;
  }
  out += ";\n";
  for (; value != write.values.end(); ++value)
    out += "-- and the value " + literal(*value) + "\n";
  return out;
}

std::string spell(const Group& group, std::string why) {
  std::ranges::replace(why, '\n', ' ');
  std::string out = fmt::format("-- batch {}: {}\n", group.sequence, why);
  for (const Write& write : group.writes)
    out += spell(write);
  return out + "\n";
}

std::unexpected<Error> failure(const std::string& path, std::string_view what, int error) {
  return fail(ErrorKind::storage, fmt::format("file of refused batches '{}': {}: {}", path, what,
                                              std::strerror(error)));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// A new file is on the device when its name is.
bool sync_folder_of(const std::string& path) {
  const auto folder = std::filesystem::absolute(path).parent_path();
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool synced = fsync(fd) == 0;
  ::close(fd);
  return synced;
}

}  // namespace

std::string refused_path(const std::string& database) { return database + ".spill.refused"; }

Status append_refused(const std::string& path, const Group& group, const std::string& why) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return failure(path, "cannot open", errno);
  Status status;
  struct stat before{};
  if (fstat(fd, &before) != 0) {
    status = failure(path, "cannot read its size", errno);
  } else if (!write_all(fd, spell(group, why)) || fsync(fd) != 0 || !sync_folder_of(path)) {
    status = failure(path, "cannot write", errno);
    // Half a batch would be read as one; it is tried again as a whole.
    static_cast<void>(ftruncate(fd, before.st_size));
  }
  ::close(fd);
  return status;
}

}  // namespace bb::store
