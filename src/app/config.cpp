#include "app/config.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/proxy.h"
#include "binance/account.h"

namespace bb::app {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kLegacySection = "Settings";
// A host's configuration and its data lie apart, and nobody writes into /etc.
constexpr const char* kHostConfigs = "/etc/bubble-buster";
constexpr const char* kHostState = "/var/lib/bubble-buster";

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

// [Settings] is taken out of the file: its keys were never checked, and old files keep them.
void take_legacy(IniFile& file, LegacySettings& legacy) {
  const auto read = [&](const IniEntry& entry) {
    if (entry.key == "serverchan_sendkey") legacy.serverchan_sendkey = entry.value;
    if (entry.key == "volume_threshold") legacy.volume_threshold = entry.value;
    if (entry.key == "http_proxy") legacy.http_proxy = entry.value;
    if (entry.key == "https_proxy") legacy.https_proxy = entry.value;
  };
  for (const auto& entry : file.entries)
    if (entry.section == kLegacySection) read(entry);
  std::erase_if(file.entries, [](const auto& e) { return e.section == kLegacySection; });
  std::erase_if(file.sections, [](const auto& name) { return name == kLegacySection; });
}

void resolve(std::string& path, const std::string& folder) {
  if (!path.empty() && fs::path(path).is_relative())
    path = (fs::path(folder) / path).lexically_normal().string();
}

void append(Faults& faults, Faults more) {
  for (auto& fault : more)
    faults.push_back(std::move(fault));
}

Faults cross_check(const Config& config) {
  Faults faults = trading::validate(config.strategy);
  append(faults, service::validate(config.runtime));
  append(faults, supervise::validate(config.supervise));
  append(faults, notify::validate(config.notify));
  append(faults, dashboard::validate(config.dashboard));
  if (const auto proxy = read_proxy(config.notify); !proxy) faults.push_back(proxy.error().text);
  if (const auto proxy = read_telegram_proxy(config.notify); !proxy)
    faults.push_back(proxy.error().text);
  append(faults, check_exchange(config));
  append(faults, check_accounts(config));
  std::vector<std::string> groups;
  for (const auto& account : config.accounts)
    groups.insert(groups.end(), account.groups.begin(), account.groups.end());
  append(faults, bot::validate(config.bot, account_names(config), groups));
  return faults;
}

// Sections whose names hold a name of the owner's: one object each.
void add_named_sections(Config& config, Faults& faults) {
  for (const auto& name : config.source.sections) {
    if (name.starts_with(kAccountSectionPrefix)) {
      auto& account = config.accounts.emplace_back();
      account.name = name.substr(kAccountSectionPrefix.size());
      config.sections.push_back(settings_section(account));
    } else if (name.starts_with(bot::kUserSectionPrefix)) {
      auto& user = config.bot.sections.emplace_back();
      if (const auto id = bot::parse_user_id(name.substr(bot::kUserSectionPrefix.size())))
        user.id = *id;
      else
        faults.push_back(fmt::format("[{}]: {}", name, id.error().text));
      config.sections.push_back(bot::settings_section(user));
    }
  }
}

// `env:NAME` in a section of an account or a user: the value stands in that variable.
void take_variables(IniFile& file, Config& config, Faults& faults) {
  const auto take = [&](const IniEntry& entry) {
    if (!entry.value.starts_with("env:")) return false;
    const auto section = std::ranges::find(config.sections, entry.section, &SettingsSection::name);
    if (section == config.sections.end() || !entry.section.contains('.')) return false;
    const auto row = std::ranges::find(section->rows(), entry.key, &SettingsSection::Row::key);
    if (row == section->rows().end()) return false;
    const auto found = config.environment.find(entry.value.substr(4));
    if (found == config.environment.end() || found->second.empty())
      faults.push_back(fmt::format("{}:{}: [{}] {}: the environment has no variable {}", file.name,
                                   entry.line, entry.section, entry.key, entry.value.substr(4)));
    else if (const auto set = row->set(found->second); !set)
      faults.push_back(fmt::format("{}:{}: [{}] {}: {}", file.name, entry.line, entry.section,
                                   entry.key, set.error().text));
    return true;
  };
  std::erase_if(file.entries, take);
}

// The original's variables. BUBBLE_BUSTER_<SECTION>_<KEY> has been heard already and wins.
Faults take_environment(Config& config) {
  Faults faults;
  const auto value_of = [&](const char* name) -> const std::string* {
    const auto found = config.environment.find(name);
    return found == config.environment.end() || found->second.empty() ? nullptr : &found->second;
  };
  const bool has_users = config.environment.contains("BUBBLE_BUSTER_BOT_USERS");
  if (const auto* users = value_of("ENABLED_USERS"); users != nullptr && !has_users)
    if (const auto set = bot::set_users(config.bot, *users); !set)
      faults.push_back("environment ENABLED_USERS: " + set.error().text);
  if (const auto* accounts = value_of("BINANCE_API_CONFIGS"))
    append(faults, add_accounts_of_json(*accounts, config.accounts));
  append(faults, notify::take_environment(config.notify, config.environment));
  return faults;
}

std::expected<std::unique_ptr<Config>, Faults> fill(std::unique_ptr<Config> config, IniFile file,
                                                    const Environment& environment,
                                                    bool is_on_disk) {
  config->source = file;
  config->environment = environment;
  take_legacy(file, config->legacy);
  Faults faults;
  add_named_sections(*config, faults);
  for (auto& section : supervise::declared_sections(file, config->supervise))
    config->sections.push_back(std::move(section));
  take_variables(file, *config, faults);
  const auto applied = apply_settings(file, environment, config->sections);
  if (!applied) append(faults, applied.error());
  // Never the other way round: nobody gets to the live exchange by leaving something out.
  const bool names_url = applied && std::ranges::find(applied->set_keys, "binance.base_url") !=
                                        applied->set_keys.end();
  if (applied && !names_url && config->binance.environment == "testnet")
    config->binance.base_url = binance::kTestnetUrl;
  append(faults, take_environment(*config));
  supervise::apply_environment(config->supervise, environment);
  append(faults, cross_check(*config));
  if (!faults.empty()) return std::unexpected(std::move(faults));
  const bool has_secret =
      applied->has_inline_secret || (!config->legacy.serverchan_sendkey.empty() &&
                                     !is_placeholder(config->legacy.serverchan_sendkey));
  struct stat info{};
  if (has_secret && is_on_disk && stat(config->path.c_str(), &info) == 0 &&
      (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return std::unexpected(
        Faults{fmt::format("{}: it holds secrets and others may read it; run: chmod 600 {}",
                           config->path, config->path)});
  resolve(config->runtime.log_dir, config->folder);
  resolve(config->runtime.lock_file, config->folder);
  resolve(config->runtime.db_path, config->folder);
  if (config->runtime.state_dir.empty() && config->folder == kHostState)
    config->runtime.state_dir = kHostState;
  resolve(config->runtime.state_dir, config->folder);
  resolve(config->paper.data, config->folder);
  resolve(config->bot.ops_db, config->folder);
  for (auto& account : config->accounts)
    resolve(account.db_path, config->folder);
  return config;
}

std::expected<std::unique_ptr<Config>, Faults> make_config(std::string_view text,
                                                           const std::string& path,
                                                           const Environment& environment,
                                                           bool is_file) {
  auto file = parse_ini(text, path);
  if (!file) return std::unexpected(file.error());
  auto config = std::make_unique<Config>();
  config->path = path;
  config->folder = fs::absolute(path).lexically_normal().parent_path().string();
  if (config->folder == kHostConfigs) config->folder = kHostState;
  return fill(std::move(config), std::move(*file), environment, is_file);
}

}  // namespace

Config::Config() {
  sections.push_back(binance::settings_section(binance));
  sections.push_back(trading::settings_section(strategy));
  sections.push_back(service::settings_section(runtime));
  sections.push_back(notify::notify_section(notify));
  sections.push_back(notify::telegram_section(notify.telegram));
  sections.push_back(notify::alerts_section(notify.alerts));
  sections.push_back(supervise::supervise_section(supervise));
  sections.push_back(dashboard::settings_section(dashboard));
  sections.push_back(app::settings_section(paper));
  sections.push_back(bot::settings_section(bot));
}

std::expected<std::unique_ptr<Config>, Faults> load_config(const std::string& path,
                                                           const Environment& environment) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  std::error_code ignored;
  if (!in || fs::is_directory(path, ignored))
    return std::unexpected(Faults{fmt::format(
        "cannot read the configuration '{}'; name it with --config or BUBBLE_BUSTER_CONFIG",
        path)});
  text << in.rdbuf();
  return make_config(text.str(), path, environment, true);
}

std::expected<std::unique_ptr<Config>, Faults> load_config_text(std::string_view text,
                                                                const std::string& path,
                                                                const Environment& environment) {
  return make_config(text, path, environment, false);
}

std::expected<std::unique_ptr<Config>, Faults> default_config(const Environment& environment) {
  auto config = std::make_unique<Config>();
  config->folder = fs::current_path().string();
  return fill(std::move(config), IniFile{}, environment, false);
}

std::string config_reference() {
  Config config;
  auto& sections = config.sections;
  supervise::RunnerSettings runner;
  supervise::StrategySettings process;
  runner.name = process.name = "NAME";
  sections.push_back(supervise::runner_section(runner));
  sections.push_back(supervise::process_section(process));
  auto& account = config.accounts.emplace_back();
  account.name = "NAME";
  sections.push_back(settings_section(account));
  sections.push_back(bot::settings_section(config.bot.sections.emplace_back()));
  return document_settings(sections);
}

std::expected<std::unique_ptr<Config>, Faults> reload(const Config& config) {
  auto again = std::make_unique<Config>();
  again->path = config.path;
  again->folder = config.folder;
  return fill(std::move(again), config.source, config.environment, !config.path.empty());
}

std::string resolved(const std::string& path, const Config& config) {
  std::string out = path;
  resolve(out, config.folder);
  return out;
}

Faults check_exchange(const Config& config) {
  Faults faults;
  if (const auto key = binance::check_key(config.binance); !key) faults.push_back(key.error().text);
  if (const auto urls = binance::check_urls(config.binance); !urls)
    faults.push_back(urls.error().text);
  const auto& stated = config.binance.environment;
  if (const auto actual = binance::environment_of(config.binance.base_url);
      !stated.empty() && stated != actual)
    faults.push_back(
        fmt::format("[binance] environment: it says {}, but base_url {} is {}; correct one of them",
                    stated, config.binance.base_url, actual));
  return faults;
}

void use_legacy(Config& config) {
  const auto& legacy = config.legacy;
  if (const auto threshold = Decimal::parse(legacy.volume_threshold);
      threshold && config.strategy.volume_threshold.is_zero() && !threshold->is_negative())
    config.strategy.volume_threshold = *threshold;
  if (notify::is_placeholder(config.notify.serverchan_sendkey))
    config.notify.serverchan_sendkey = Secret(legacy.serverchan_sendkey);
  if (config.notify.https_proxy.empty() && config.notify.http_proxy.empty()) {
    config.notify.http_proxy = legacy.http_proxy;
    config.notify.https_proxy = legacy.https_proxy;
  }
}

bool is_placeholder(std::string_view text) {
  const std::string word = upper(text);
  if (word.empty()) return false;
  if (word.find_first_not_of("X*.-_") == std::string::npos) return true;
  if (word.find('<') != std::string::npos || word.find("_HERE") != std::string::npos) return true;
  for (const std::string_view mark : {"YOUR", "REPLACE", "CHANGE", "PLACEHOLDER", "ACCOUNT_"})
    if (word.starts_with(mark)) return true;
  return word == "API_KEY" || word == "API_SECRET";
}

Faults check_credentials(const Config& config) {
  Faults faults;
  const auto check = [&](const char* key, const Secret& secret) {
    if (secret.empty())
      faults.push_back(
          fmt::format("[binance] {}: it is empty; put the account's own there, or "
                      "file:/path/to/a/file that holds it",
                      key));
    else if (is_placeholder(secret.reveal()))
      faults.push_back(fmt::format(
          "[binance] {}: this is the example's text; put the account's own there", key));
  };
  check("api_key", config.binance.api_key);
  check("api_secret", config.binance.api_secret);
  return faults;
}

Faults check_environment(const Config& config) {
  if (binance::environment_of(config.binance.base_url) != "live" ||
      config.binance.environment == "live")
    return {};
  return {fmt::format(
      "{}: base_url is Binance's live exchange, where this command trades real money. To confirm "
      "that this is meant, add this line to section [binance] of that file:\n"
      "    environment = live\n"
      "To try without money, set base_url to a paper exchange (bubble-buster paper)",
      config.path.empty() ? "the configuration" : config.path)};
}

}  // namespace bb::app
