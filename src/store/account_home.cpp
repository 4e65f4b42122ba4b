#include "store/account_home.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/settings.h"

namespace bb::store {

namespace {

constexpr std::size_t kMaxName = 64;

std::string default_state_dir() {
  if (getuid() == 0) return "/var/lib/bubble-buster";
  const Environment environment = process_environment();
  const auto xdg = environment.find("XDG_STATE_HOME");
  if (xdg != environment.end() && !xdg->second.empty()) return xdg->second + "/bubble-buster";
  const auto home = environment.find("HOME");
  return (home == environment.end() ? "." : home->second) + "/.local/state/bubble-buster";
}

std::uint32_t fnv1a(const std::string& text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

// A name that is one safe path component. What had to be changed gets a hash of the original, so
// that two names never share a directory.
std::string file_name_of(const std::string& name) {
  std::string safe = name.substr(0, kMaxName);
  std::replace_if(
      safe.begin(), safe.end(),
      [](char c) {
        const bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                             (c >= 'a' && c <= 'z') || c == '_' || c == '.';
        return !is_word;
      },
      '_');
  if (safe.starts_with('.')) safe[0] = '_';
  return safe == name ? safe : fmt::format("{}~{:08x}", safe, fnv1a(name));
}

std::unexpected<Error> failure(ErrorKind kind, const std::string& path, std::string_view what) {
  return fail(kind, fmt::format("{} '{}': {}", what, path, std::strerror(errno)));
}

Status make_directory(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (!error && mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    error = std::error_code(errno, std::generic_category());
  if (!error && std::filesystem::is_directory(path)) return {};
  if (!error) error = std::make_error_code(std::errc::not_a_directory);
  return fail(ErrorKind::configuration,
              fmt::format("cannot make the account's directory '{}': {}; set state_dir to a folder "
                          "that this user can write",
                          path, error.message()));
}

// Atomic and on the device: a power cut leaves the old number or the new one.
Status write_synced(const std::string& directory, const std::string& name,
                    const std::string& text) {
  const std::string path = directory + "/" + name;
  const std::string fresh = path + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failure(ErrorKind::storage, fresh, "cannot make");
  const bool is_written =
      ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  ::close(fd);
  if (!is_written) return failure(ErrorKind::storage, fresh, "cannot write");
  if (std::rename(fresh.c_str(), path.c_str()) != 0)
    return failure(ErrorKind::storage, path, "cannot replace");
  const int folder = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return failure(ErrorKind::storage, directory, "cannot open");
  const bool is_synced = fsync(folder) == 0;
  ::close(folder);
  return is_synced ? Status() : failure(ErrorKind::storage, directory, "cannot sync");
}

Result<std::int64_t> next_epoch(const std::string& directory) {
  const std::string path = directory + "/epoch";
  std::ifstream file(path);
  std::string text;
  std::int64_t epoch = 0;
  if (file) {
    std::getline(file, text);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), epoch);
    if (error != std::errc() || end != text.data() + text.size() || epoch < 0)
      return fail(ErrorKind::storage,
                  fmt::format("'{}' holds '{}' and not a number; write the number of the newest "
                              "intents' holder there, or remove the file",
                              path, text));
  }
  ++epoch;
  if (auto written = write_synced(directory, "epoch", std::to_string(epoch) + "\n"); !written)
    return std::unexpected(written.error());
  return epoch;
}

}  // namespace

Task<Result<AccountHome>> AccountHome::take(std::string state_dir, std::string environment,
                                            std::string alias, std::string command, Micros wait,
                                            Clock& clock) {
  if (state_dir.empty()) state_dir = default_state_dir();
  const std::string path =
      state_dir + "/accounts/" + file_name_of(environment) + "-" + file_name_of(alias);
  if (auto made = make_directory(path); !made) co_return std::unexpected(made.error());
  const std::string advice =
      "one process trades an account: stop that one first, or let it do what you want";
  auto lock = co_await FileLock::acquire(path + "/lock", command, wait, clock, advice);
  if (!lock) co_return std::unexpected(lock.error());
  const auto epoch = next_epoch(path);
  if (!epoch) co_return std::unexpected(epoch.error());
  co_return AccountHome(path, std::move(*lock), *epoch);
}

}  // namespace bb::store
