// The whole configuration of the program: every section, checked. Faults are collected and
// reported together.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/accounts.h"
#include "app/paper_settings.h"
#include "binance/settings.h"
#include "bot/settings.h"
#include "dashboard/settings.h"
#include "notify/settings.h"
#include "service/settings.h"
#include "supervise/settings.h"
#include "trading/settings.h"

namespace bb::app {

/// Keys of the original's stand-alone board script; read by `board` where the new sections say
/// nothing. Any other key of [Settings] is accepted and has no effect.
struct LegacySettings {
  std::string serverchan_sendkey;
  std::string volume_threshold;
  std::string http_proxy, https_proxy;
};

/// Not copied and not moved: the sections hold references to the members.
struct Config {
  Config();
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;

  std::string path;  // of the file; empty = defaults only
  /// What relative paths are taken from: the file's folder; /var/lib/bubble-buster for a file in
  /// /etc/bubble-buster.
  std::string folder;
  binance::Settings binance;
  trading::Settings strategy;
  service::Settings runtime;
  notify::NotifySettings notify;
  supervise::SuperviseSettings supervise;
  dashboard::Settings dashboard;
  PaperSettings paper;
  LegacySettings legacy;
  bot::Settings bot;
  std::deque<AccountSettings> accounts;  // of [account.NAME] and BINANCE_API_CONFIGS
  std::string account;                   // whose configuration this is; empty = the file's
  std::vector<SettingsSection> sections;
  /// What it was made of: reload() makes another of the same.
  IniFile source;
  Environment environment;
};

using Faults = std::vector<std::string>;

/// Reads and checks the file. Relative log_dir, lock_file and db_path become paths in its folder.
std::expected<std::unique_ptr<Config>, Faults> load_config(const std::string& path,
                                                           const Environment& environment);
/// The same of a file's text that may not be there yet; `path` is where it would stand.
std::expected<std::unique_ptr<Config>, Faults> load_config_text(std::string_view text,
                                                                const std::string& path,
                                                                const Environment& environment);
/// Every key of every section as Markdown, those that a file may have many of with an example name.
std::string config_reference();

/// The defaults and the environment, for commands that need no file.
std::expected<std::unique_ptr<Config>, Faults> default_config(const Environment& environment);

/// The same configuration once more, for a change of one's own.
std::expected<std::unique_ptr<Config>, Faults> reload(const Config& config);
/// A path as the file means it: relative ones from its folder.
std::string resolved(const std::string& path, const Config& config);
/// Addresses and environment of [binance] that do not fit together.
Faults check_exchange(const Config& config);

/// Faults that matter only to commands that use the account: absent or placeholder keys.
Faults check_credentials(const Config& config);

/// The live exchange without the owner's word that it is meant; for commands that trade.
Faults check_environment(const Config& config);

/// Lets [Settings] speak where the new sections say nothing; for `board` alone, as in the original.
void use_legacy(Config& config);

/// True for "YOUR_API_KEY" and its kin: text that was never replaced.
bool is_placeholder(std::string_view text);

}  // namespace bb::app
