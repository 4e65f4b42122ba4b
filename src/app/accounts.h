// Accounts: every account that the configuration names, and one Config per account, which shares
// all else with the file. Named by [binance] itself (as "main"), by [account.NAME] sections and by
// BINANCE_API_CONFIGS, a JSON object of account names: {"NAME":{"apiKey":"..","secret":".."}}.
#pragma once

#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/settings.h"

namespace bb::app {

struct Config;

/// What one account has of its own; empty = what the rest of the file says.
struct AccountSettings {
  std::string name;  // as people type it; UTF-8
  Secret api_key, api_secret;
  std::vector<std::string> groups;
  std::string environment, base_url, stream_url, ws_api_url;
  std::string db_path;  // empty = the one its last holder used, else state.db in its directory
};

/// The account that [binance] describes, where it holds a key.
inline constexpr std::string_view kMainAccount = "main";
inline constexpr std::size_t kAccountNameCharacters = 64;
inline constexpr std::string_view kAccountSectionPrefix = "account.";

/// What is wrong with an account's (or a group's) name, or nothing: UTF-8 of at most 64 characters
/// without line ends, invisible characters and quotes; "all" means every account.
std::string complaint_of_account_name(std::string_view name);

/// The rows of one [account.NAME]; `target` outlives the section.
SettingsSection settings_section(AccountSettings& target);

/// Adds what BINANCE_API_CONFIGS says; a name that the file has already is completed by it. Returns
/// every fault.
std::vector<std::string> add_accounts_of_json(std::string_view json,
                                              std::deque<AccountSettings>& accounts);

/// Keys that are absent or an example's, names that cannot be typed, one key under two names.
std::vector<std::string> check_accounts(const Config& config);

/// Every account, by name: [binance] first.
std::vector<std::string> account_names(const Config& config);
/// The groups of an account; [binance] has none.
std::vector<std::string> groups_of(const Config& config, std::string_view name);

/// What a folder of its own is called, within log_dir.
std::string folder_of_account(std::string_view name);

/// The accounts that these words mean: names, "group:NAME", "all"; each once, in the order of the
/// configuration. Errors: a word that means nobody, with the nearest name.
Result<std::vector<std::string>> find_accounts(const Config& config,
                                               const std::vector<std::string>& words);

/// The configuration of one account, whole: [binance] holds its key and its exchange. Errors: no
/// such account (with the nearest name), addresses that do not fit together.
Result<std::unique_ptr<Config>> config_of_account(const Config& config, std::string_view name);

}  // namespace bb::app
