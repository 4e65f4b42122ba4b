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
#include <optional>

#include "base/settings.h"
#include "store/durable_file.h"

namespace bb::store {

namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::uint64_t kNoFence = ~std::uint64_t{0};  // no fence reads so

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

// No file is epoch 0: the directory is new.
Result<std::uint64_t> read_epoch(const std::string& path) {
  const auto text = read_small_file(path + "/fence");
  if (!text) return std::unexpected(text.error());
  if (!text->has_value()) return 0;
  std::uint64_t epoch = 0;
  const char* end = (*text)->data() + (*text)->size();
  const auto read = std::from_chars((*text)->data(), end, epoch);
  if (read.ec == std::errc() && read.ptr != end && *read.ptr == '\n') return epoch;
  return fail(
      ErrorKind::storage,
      fmt::format("'{}/fence' holds no number; if no process of this program runs, remove it",
                  path));
}

/// Whoever takes a right waits for the lock; who takes it away from a sick process does not.
enum class Lock { needed, if_free };

Result<std::uint64_t> advance(const std::string& path, Lock wish,
                              std::optional<std::uint64_t> seen = {}) {
  const FolderLock lock(path);
  if (!lock.held() && wish == Lock::needed)
    return fail(ErrorKind::conflict, "'" + path + "' is locked by somebody who is stopped");
  const auto epoch = read_epoch(path);
  if (!epoch) return epoch;
  if (seen && *epoch != *seen)
    return fail(ErrorKind::conflict, "somebody acted past this holder meanwhile");
  // Past the number that he who has the lock is about to write.
  const std::uint64_t next = *epoch + (lock.held() ? 1 : 2);
  const auto written = write_durably(path + "/fence", fmt::format("{}\n", next));
  if (!written) return std::unexpected(written.error());
  return next;
}

}  // namespace

std::string AccountHome::path_of(std::string state_dir, const std::string& environment,
                                 const std::string& alias) {
  if (state_dir.empty()) state_dir = default_state_dir();
  return state_dir + "/accounts/" + file_name_of(environment) + "-" + file_name_of(alias);
}

Result<std::uint64_t> AccountHome::advance_fence(const std::string& path) {
  return advance(path, Lock::if_free);
}

Result<std::uint64_t> AccountHome::fence() const { return read_epoch(path_); }

Status AccountHome::retake_fence(std::uint64_t seen) {
  const auto epoch = advance(path_, Lock::needed, seen);
  if (!epoch) return std::unexpected(epoch.error());
  epoch_ = *epoch;
  return {};
}

bool AccountHome::is_fence_ours() const {
  const auto epoch = read_epoch(path_);
  return epoch && *epoch == epoch_;
}

Task<Result<AccountHome>> AccountHome::take(std::string state_dir, std::string environment,
                                            std::string alias, std::string command, Micros wait,
                                            Clock& clock) {
  const std::string path = path_of(std::move(state_dir), environment, alias);
  if (auto made = make_directory(path); !made) co_return std::unexpected(made.error());
  const std::string advice =
      "one process trades an account: stop that one first, or let it do what you want";
  auto lock = co_await FileLock::acquire(path + "/lock", command, wait, clock, advice);
  if (!lock) co_return std::unexpected(lock.error());
  // A disk that takes nothing must not keep anybody from closing: such a holder adds no risk.
  const auto epoch = advance(path, Lock::needed).value_or(kNoFence);
  co_return AccountHome(path, std::move(*lock), epoch);
}

}  // namespace bb::store
