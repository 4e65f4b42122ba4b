#include "app/paper_accounts.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/settings.h"
#include "net/keys.h"

namespace bb::app {

namespace {

namespace fs = std::filesystem;
using Faults = std::vector<std::string>;

constexpr std::string_view kAccount = "account ";
constexpr std::string_view kKey = "key ";
constexpr Decimal kFeeMin = Decimal::from_raw(1);  // zero would mean the exchange's own rate

struct AccountSection {
  std::string name;
  std::string api_key;
  Secret api_secret;
  Decimal balance = Decimal::from_int(10'000);
  bool hedge = false;
  std::int64_t leverage = 20;
  std::string margin = "cross";
  Decimal maker_fee = *Decimal::parse("0.0002");
  Decimal taker_fee = *Decimal::parse("0.0005");
  Decimal rpi_fee = *Decimal::parse("0.0001");
};

struct KeySection {
  std::string name;
  std::string account;
  std::string api_key;
  Secret api_secret;
  std::string public_key;
  std::vector<std::string> permissions{"read", "trade"};
  std::vector<std::string> addresses;
};

Result<std::string> read_public_key(std::string_view value, const fs::path& folder) {
  std::string text(value);
  if (value.starts_with("file:")) {
    const fs::path path = folder / value.substr(5);
    std::ifstream in(path);
    if (!in) return fail(ErrorKind::configuration, "cannot read the key file " + path.string());
    std::ostringstream all;
    all << in.rdbuf();
    text = all.str();
  }
  if (const auto key = net::PublicKey::parse(text); !key) return std::unexpected(key.error());
  return text;
}

SettingsSection section_of(AccountSection& a) {
  const Decimal fee_max = *Decimal::parse("0.01");
  SettingsSection section(std::string(kAccount) + a.name);
  section.text("api_key", a.api_key, "First API key.")
      .secret("api_secret", a.api_secret, "Its HMAC secret.")
      .decimal("balance", a.balance, Decimal(), Decimal::from_int(1'000'000'000), "USDT at start.")
      .flag("hedge", a.hedge, "Begins in hedge mode.")
      .integer("default_leverage", a.leverage, 1, 125, "Leverage of every symbol at start.")
      .choice("default_margin", a.margin, {"cross", "isolated"}, "Margin type at start.")
      .decimal("maker_fee", a.maker_fee, kFeeMin, fee_max, "Commission rate of makers.")
      .decimal("taker_fee", a.taker_fee, kFeeMin, fee_max, "Commission rate of takers.")
      .decimal("rpi_fee", a.rpi_fee, kFeeMin, fee_max, "Commission rate of RPI orders.");
  return section;
}

SettingsSection section_of(KeySection& k, const fs::path& folder) {
  SettingsSection section(std::string(kKey) + k.name);
  section.text("account", k.account, "The account it belongs to.")
      .text("api_key", k.api_key, "The key.")
      .secret("api_secret", k.api_secret, "Its HMAC secret.")
      .custom(
          "public_key",
          [&k, folder](std::string_view value) -> Status {
            auto read = read_public_key(value, folder);
            if (!read) return std::unexpected(read.error());
            k.public_key = std::move(*read);
            return {};
          },
          [&k] { return k.public_key; }, "PEM, or file:/path", "RSA or Ed25519 public key.")
      .list("permissions", k.permissions, "Of read, trade, withdraw.")
      .list("addresses", k.addresses, "The only addresses it may come from.");
  return section;
}

/// The sections of a file and what may be said of them only when all have been read.
struct Reading {
  const IniFile& file;
  std::deque<AccountSection> accounts;  // stable: the settings point into them
  std::deque<KeySection> keys;
  Faults faults;

  /// The line of a key, else the first line of its section.
  int line_of(std::string_view section, std::string_view key) const {
    int first = 0;
    for (const auto& entry : file.entries) {
      if (entry.section != section) continue;
      if (entry.key == key) return entry.line;
      if (first == 0) first = entry.line;
    }
    return first;
  }
  void fault(const std::string& section, std::string_view key, const std::string& text) {
    const int line = line_of(section, key);
    faults.push_back(line > 0 ? fmt::format("{}:{}: [{}] {}", file.name, line, section, text)
                              : fmt::format("{}: [{}] {}", file.name, section, text));
  }
};

void check_key(Reading& in, const std::string& section, const std::string& api_key, bool has_secret,
               bool has_public_key, std::set<std::string>& seen) {
  if (api_key.empty())
    in.fault(section, "api_key", "needs an api_key");
  else if (!seen.insert(api_key).second)
    in.fault(section, "api_key", "api_key stands here a second time");
  if (has_secret == has_public_key)
    in.fault(section, "api_secret",
             has_secret ? "has an api_secret and a public_key; one of them is too many"
                        : "needs an api_secret (HMAC) or a public_key (RSA, Ed25519)");
}

void check(Reading& in) {
  std::set<std::string> seen;
  for (const auto& account : in.accounts) {
    const std::string section = std::string(kAccount) + account.name;
    const bool has_more = std::ranges::any_of(
        in.keys, [&](const KeySection& key) { return key.account == account.name; });
    const bool has_own = !account.api_key.empty() || !account.api_secret.empty();
    if (has_own) check_key(in, section, account.api_key, !account.api_secret.empty(), false, seen);
    if (!has_own && !has_more) in.fault(section, "api_key", "has no key");
  }
  for (const auto& key : in.keys) {
    const std::string section = std::string(kKey) + key.name;
    const bool is_known = std::ranges::any_of(
        in.accounts, [&](const AccountSection& account) { return account.name == key.account; });
    if (!is_known)
      in.fault(section, "account",
               key.account.empty()
                   ? "needs an account"
                   : fmt::format("names the account '{}', which is not here", key.account));
    check_key(in, section, key.api_key, !key.api_secret.empty(), !key.public_key.empty(), seen);
    for (const auto& word : key.permissions)
      if (word != "read" && word != "trade" && word != "withdraw")
        in.fault(section, "permissions",
                 fmt::format("permission '{}' is not one of: read, trade, withdraw", word));
  }
  if (in.accounts.empty()) in.faults.push_back(in.file.name + ": there is no [account NAME] in it");
}

paper::ApiKey to_key(const KeySection& key) {
  const auto may = [&](std::string_view word) {
    return std::ranges::find(key.permissions, word) != key.permissions.end();
  };
  return {.key = key.api_key,
          .secret = std::string(key.api_secret.reveal()),
          .public_key = key.public_key,
          .can_read = may("read"),
          .can_trade = may("trade"),
          .can_withdraw = may("withdraw"),
          .addresses = key.addresses};
}

std::vector<paper::PaperAccount> to_accounts(const Reading& in) {
  std::vector<paper::PaperAccount> accounts;
  for (const auto& section : in.accounts) {
    paper::PaperAccount account;
    account.alias = section.name;
    account.api_key = section.api_key;
    account.api_secret = std::string(section.api_secret.reveal());
    account.balance = Usdt(section.balance);
    account.hedge = section.hedge;
    account.default_leverage = static_cast<int>(section.leverage);
    account.default_margin =
        section.margin == "isolated" ? MarginType::isolated : MarginType::cross;
    account.fees = {Ratio(section.maker_fee), Ratio(section.taker_fee), Ratio(section.rpi_fee)};
    for (const auto& key : in.keys)
      if (key.account == section.name) account.keys.push_back(to_key(key));
    accounts.push_back(std::move(account));
  }
  return accounts;
}

}  // namespace

std::expected<std::vector<paper::PaperAccount>, std::vector<std::string>> load_paper_accounts(
    const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  std::error_code ignored;
  if (!stream || fs::is_directory(path, ignored))
    return std::unexpected(Faults{fmt::format("cannot read the accounts file '{}'", path)});
  text << stream.rdbuf();
  const auto file = parse_ini(text.str(), path);
  if (!file) return std::unexpected(file.error());

  Reading in{*file, {}, {}, {}};
  std::vector<SettingsSection> sections;
  const fs::path folder = fs::absolute(path).parent_path();
  for (const auto& name : file->sections) {
    if (name.starts_with(kAccount)) {
      in.accounts.emplace_back().name = name.substr(kAccount.size());
      sections.push_back(section_of(in.accounts.back()));
    } else if (name.starts_with(kKey)) {
      in.keys.emplace_back().name = name.substr(kKey.size());
      sections.push_back(section_of(in.keys.back(), folder));
    }
  }
  const auto applied = apply_settings(*file, {}, sections);
  if (!applied) in.faults = applied.error();
  check(in);
  if (!in.faults.empty()) return std::unexpected(std::move(in.faults));

  struct stat info{};
  if (applied->has_inline_secret && stat(path.c_str(), &info) == 0 &&
      (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return std::unexpected(Faults{
        fmt::format("{}: it holds secrets and others may read it; run: chmod 600 {}", path, path)});
  auto accounts = to_accounts(in);
  if (const auto checked = paper::check_accounts(accounts); !checked)
    return std::unexpected(Faults{path + ": " + checked.error().text});
  return accounts;
}

}  // namespace bb::app
