#include "app/config_text.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/check.h"

namespace bb::app {

namespace {

constexpr std::size_t kColumns = 98;

// A comment of any length as lines that fit a terminal.
void append_comment(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t end = text.size();
    if (end > kColumns) {
      end = text.rfind(' ', kColumns);
      if (end == std::string_view::npos) end = text.size();
    }
    out += fmt::format("# {}\n", text.substr(0, end));
    text = end == text.size() ? std::string_view() : text.substr(end + 1);
  }
}

Status write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = write(fd, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return fail(ErrorKind::configuration, std::strerror(errno));
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  if (fsync(fd) != 0) return fail(ErrorKind::configuration, std::strerror(errno));
  return {};
}

// A file in /etc/bubble-buster that root makes must be readable for the service's user.
void give_to_folder_owner(int fd, const std::string& path) {
  struct stat folder{};
  const auto parent = std::filesystem::absolute(path).parent_path();
  if (geteuid() != 0 || stat(parent.c_str(), &folder) != 0) return;
  if (fchown(fd, folder.st_uid, folder.st_gid) != 0) return;  // root keeps it: still private
}

}  // namespace

std::string config_text(const std::vector<std::string>& head, const WrittenKeys& keys,
                        const std::string& more) {
  std::string out;
  for (const auto& line : head)
    append_comment(out, line);
  const Config config;
  std::size_t written = 0;
  for (const auto& section : config.sections) {
    std::string body;
    for (const auto& row : section.rows()) {
      const auto found = keys.find({section.name(), row.key});
      if (found == keys.end()) continue;
      ++written;
      append_comment(body, fmt::format("{} ({})", row.doc, row.range));
      for (const auto& note : found->second.notes)
        append_comment(body, note);
      body +=
          fmt::format("{}{} = {}\n", found->second.is_off ? "#" : "", row.key, found->second.value);
    }
    if (!body.empty()) out += fmt::format("\n[{}]\n{}", section.name(), body);
  }
  BB_CHECK(written == keys.size(), "a key that no section has");
  return out + more;
}

Status write_config_file(const std::string& path, const std::string& text) {
  const std::string aside = path + ".new";
  const auto problem = [&](const std::string& why) {
    return fail(ErrorKind::configuration,
                fmt::format("cannot write '{}': {}; its folder must exist and be writable for this "
                            "user",
                            path, why));
  };
  unlink(aside.c_str());
  const int fd = open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return problem(std::strerror(errno));
  auto done = write_whole(fd, text);
  give_to_folder_owner(fd, path);
  close(fd);
  if (done && rename(aside.c_str(), path.c_str()) != 0)
    done = fail(ErrorKind::configuration, std::strerror(errno));
  if (done) return {};
  unlink(aside.c_str());
  return problem(done.error().text);
}

Faults faults_of(const std::string& text, const std::string& path, const Environment& environment) {
  auto config = load_config_text(text, path, environment);
  return config ? Faults{} : config.error();
}

}  // namespace bb::app
