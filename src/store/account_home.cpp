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
  co_return AccountHome(path, std::move(*lock));
}

}  // namespace bb::store
