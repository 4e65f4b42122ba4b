// What this machine must have: files and their modes, room, time, a way out.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/doctor_checks.h"
#include "app/proxy.h"
#include "supervise/exposure.h"

namespace bb::app {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;
// A busy day writes some 20 MB: log, database, its WAL.
constexpr std::uint64_t kRoomFault = 100 * kMegabyte;
constexpr std::uint64_t kRoomWarning = 1'000 * kMegabyte;
constexpr std::uint64_t kFilesFault = 100;

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

std::optional<mode_t> mode_of(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return info.st_mode & 07777;
}

// The folder itself, or the nearest one above it that exists: there it would be made.
fs::path existing(fs::path folder) {
  std::error_code ignored;
  if (folder.empty()) folder = ".";
  while (!fs::exists(folder, ignored) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  return folder;
}

std::string size_text(std::uint64_t bytes) {
  if (bytes >= 10'000 * kMegabyte) return fmt::format("{} GB", bytes / (1'000 * kMegabyte));
  return fmt::format("{} MB", bytes / kMegabyte);
}

}  // namespace

Finding check_config_file(const Config& config) {
  if (config.path.empty())
    return fine("config", "no file: the defaults and the environment variables");
  const auto mode = mode_of(config.path);
  if (!mode)
    return warning("config", "'" + config.path + "' is gone since it was read",
                   "a restart needs it: put it back");
  const std::string found = fmt::format("{}, mode {:04o}", config.path, *mode);
  if ((*mode & kOthersWrite) != 0)
    return fault("config", found + ": others may change where the money is sent",
                 "chmod 600 " + config.path);
  if ((*mode & kOthers) != 0)
    return warning("config", found + ": others may read it", "chmod 600 " + config.path);
  return fine("config", found);
}

Findings check_secret_files(const Config& config) {
  Findings out;
  std::ifstream in(config.path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  const auto file = parse_ini(text.str(), config.path);
  if (!file) return out;
  constexpr std::string_view kFile = "file:";
  for (const auto& entry : file->entries) {
    if (!entry.value.starts_with(kFile)) continue;
    const std::string path = entry.value.substr(kFile.size());
    const auto mode = mode_of(path);
    if (!mode) continue;  // reading it has failed before
    const std::string found = fmt::format("{} stands in {}, mode {:04o}", entry.key, path, *mode);
    out.push_back((*mode & kOthers) == 0
                      ? fine("secret file", found)
                      : fault("secret file", found + ": others may read it", "chmod 600 " + path));
  }
  return out;
}

Findings check_runners(const Config& config) {
  Findings out;
  for (auto& exposure : supervise::find_exposures(config.supervise)) {
    using Weight = supervise::Exposure::Weight;
    auto found = exposure.runner + ": " + exposure.found;
    switch (exposure.weight) {
      case Weight::fine:
        out.push_back(fine("strategies", std::move(found)));
        break;
      case Weight::warning:
        out.push_back(warning("strategies", std::move(found), std::move(exposure.advice)));
        break;
      case Weight::fault:
        out.push_back(fault("strategies", std::move(found), std::move(exposure.advice)));
        break;
    }
  }
  return out;
}

Finding check_environment_word(const Config& config) {
  const auto environment = binance::environment_of(config.binance.base_url);
  const std::string found = fmt::format("{}: {}", environment, config.binance.base_url);
  if (const auto faults = check_environment(config); !faults.empty())
    return fault("environment", found + ", and the configuration does not say that this is meant",
                 "to trade real money, add `environment = live` to section [binance] of " +
                     config.path + "; without it nothing trades");
  if (environment == "live") return fine("environment", found + ": real money, confirmed");
  return fine("environment", found + ": no real money");
}

Finding check_time_zone(const Config& config, TimePoint now) {
  const auto zone = service::Zone::find(config.runtime.timezone);
  if (!zone)
    return fault("time zone", zone.error().text,
                 "install the package tzdata, or correct [runtime] timezone");
  const auto schedule = config.runtime.entry_schedule();
  const auto next = schedule.next(now);
  return fine("time zone", fmt::format("{}; the next entry is due {} {:02}:{:02} there, {} UTC",
                                       zone->name(), service::str(next.date), schedule.hour,
                                       schedule.minute, iso_seconds(next.at).substr(0, 16)));
}

Finding check_folder(std::string check, const std::string& folder, const std::string& key) {
  const std::string there = existing(folder).string();
  std::error_code ignored;
  const bool is_folder = fs::is_directory(there, ignored);
  if (!is_folder) errno = ENOTDIR;
  if (!is_folder || access(there.c_str(), W_OK | X_OK) != 0)
    return fault(std::move(check),
                 fmt::format("'{}' cannot be written: {}", there, std::strerror(errno)),
                 fmt::format("make it writable for user {}, or set [runtime] {} to another folder",
                             getuid(), key));
  struct statvfs space{};
  if (statvfs(there.c_str(), &space) != 0)
    return fault(std::move(check),
                 fmt::format("'{}' cannot be looked at: {}", there, std::strerror(errno)),
                 fmt::format("set [runtime] {} to a folder on a local disk", key));
  // Some file systems count no files: zero of zero.
  const std::uint64_t files = space.f_files == 0 ? kFilesFault : space.f_favail;
  return judge_space(std::move(check), folder, space.f_bavail * space.f_frsize, files);
}

Finding judge_space(std::string check, const std::string& folder, std::uint64_t free_bytes,
                    std::uint64_t free_files) {
  const std::string found = fmt::format("{}: writable, {} free", folder, size_text(free_bytes));
  if (free_files < kFilesFault)
    return fault(std::move(check),
                 fmt::format("{}, but no more than {} files can be made", found, free_files),
                 "remove files from this disk, or use another one");
  if (free_bytes < kRoomFault)
    return fault(std::move(check), found, "free some room: on a full disk nothing new is opened");
  if (free_bytes < kRoomWarning)
    return warning(std::move(check), found, "free some room before it runs out");
  return fine(std::move(check), found);
}

std::optional<bool> is_clock_kept() {
  timex state{};
  const int answer = adjtimex(&state);
  if (answer < 0) return std::nullopt;
  return answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

Finding judge_clock_kept(std::optional<bool> kept) {
  if (!kept) return fine("machine clock", "the kernel does not say whether it is synchronised");
  if (*kept) return fine("machine clock", "synchronised, says the kernel");
  return warning("machine clock",
                 "not synchronised, says the kernel; trades go by the exchange's clock, log lines "
                 "and liveness by this one",
                 "run systemd-timesyncd or chrony on the host");
}

Finding check_notifier_settings(const Config& config) {
  const auto& notify = config.notify;
  constexpr const char* kAdvice =
      "set [notify] enabled = true and [telegram] token and chat_id, or serverchan_sendkey, or "
      "webhook_url";
  if (!notify.enabled)
    return warning("notifier", "switched off: nobody is told when something goes wrong", kAdvice);
  std::string names;
  const auto add = [&](bool is_set, std::string_view name) {
    if (is_set) names.append(names.empty() ? "" : ", ").append(name);
  };
  const bool has_bot = !notify::is_placeholder(notify.telegram.token);
  add(has_bot && !notify.telegram.chats.empty(), "Telegram");
  add(!notify::is_placeholder(notify.serverchan_sendkey), "ServerChan");
  add(!notify.webhook_url.empty(), "webhook");
  if (has_bot && notify.telegram.chats.empty())
    return warning("notifier", "a Telegram token without a chat: no alert goes there",
                   "set [telegram] chat_id, or TELEGRAM_CHAT_ID");
  if (names.empty())
    return warning("notifier", "no key: nobody is told when something goes wrong", kAdvice);
  return fine("notifier", names + "; try it with --send");
}

Finding check_proxy_settings(const Config& config) {
  const auto& notify = config.notify;
  const auto proxy = read_proxy(notify);
  if (!proxy) return fault("proxy", proxy.error().text, "correct [notify] https_proxy");
  if (*proxy)
    return fine("proxy", fmt::format("everything goes through {}:{}", (*proxy)->endpoint.host,
                                     (*proxy)->endpoint.port));
  if (notify.http_proxy.empty() && notify.https_proxy.empty())
    return fine("proxy", "none: connections are direct");
  return warning("proxy", "one of http_proxy and https_proxy is set, which has no effect",
                 "set both in [notify], or neither");
}

}  // namespace bb::app
