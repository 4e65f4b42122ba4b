#include "app/accounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "app/config.h"
#include "net/json.h"

namespace bb::app {

namespace {

constexpr const char* kVariable = "BINANCE_API_CONFIGS";
constexpr const char* kForm = R"({"NAME":{"apiKey":"..","secret":".."}})";

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  // 0: not UTF-8
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  std::uint32_t code = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  const bool is_overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (is_overlong || is_surrogate || code > 0x10FFFF) return {};
  return {code, length};
}

// Characters that nobody sees, or that turn the rest of a line around: two names that look alike
// must not be two accounts.
bool is_invisible(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0xAD || code == 0x61C ||
         (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF || code == 0xFFFE || code == 0xFFFF;
}

AccountSettings* find_account(std::deque<AccountSettings>& accounts, std::string_view name) {
  for (auto& account : accounts)
    if (account.name == name) return &account;
  return nullptr;
}

// Where a name in a message is a typing error in another's file, the reader must find it.
std::string shown(std::string_view name) {
  return name.size() > 4 * kAccountNameCharacters ? "(a very long name)" : std::string(name);
}

void read_account(net::JsonView value, AccountSettings& account, std::vector<std::string>& faults) {
  SettingsSection section = settings_section(account);
  value.for_each_member([&](std::string_view key, net::JsonView member) {
    std::string lower(key);
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    const auto row = std::ranges::find(section.rows(), lower, &SettingsSection::Row::key);
    const auto where = fmt::format("{}: account '{}', {}", kVariable, shown(account.name), key);
    if (row == section.rows().end())
      faults.push_back(where +
                       ": unknown key; it knows apiKey, secret, group, environment, "
                       "base_url, stream_url, ws_api_url and db_path");
    else if (!member.is_string())
      faults.push_back(where + ": it must be a text in quotes");
    else if (const auto set = row->set(member.text()); !set)
      faults.push_back(fmt::format("{}: {}", where, set.error().text));
  });
}

std::vector<std::string> check_keys(const AccountSettings& account) {
  std::vector<std::string> faults;
  const auto check = [&](const char* key, const Secret& secret) {
    if (secret.empty())
      faults.push_back(fmt::format(
          "account '{}': it has no {}; put it into [account.{}] as the text, as file:/path or as "
          "env:NAME, or into {}",
          account.name, key, account.name, kVariable));
    else if (is_placeholder(secret.reveal()))
      faults.push_back(
          fmt::format("account '{}': {} is the example's text; put the account's own "
                      "there",
                      account.name, key));
  };
  check("api_key", account.api_key);
  check("api_secret", account.api_secret);
  return faults;
}

bool has_main(const Config& config) {
  return !config.binance.api_key.empty() && !is_placeholder(config.binance.api_key.reveal());
}

std::unexpected<Error> unknown_account(const Config& config, std::string_view name) {
  const auto near = nearest_word(name, account_names(config));
  return fail(ErrorKind::invalid_input,
              fmt::format("there is no account '{}'{}", shown(name),
                          near ? fmt::format("; did you mean '{}'?", *near) : std::string()));
}

}  // namespace

std::string complaint_of_account_name(std::string_view name) {
  if (name.empty()) return "a name is needed";
  if (name == "all") return "'all' means every account; choose another name";
  if (name.front() == ' ' || name.back() == ' ') return "it begins or ends with a blank";
  std::size_t count = 0;
  for (auto rest = name; !rest.empty(); ++count) {
    const auto character = first_character(rest);
    if (character.bytes == 0) return "it is not UTF-8";
    if (is_invisible(character.code)) return "it holds a character that nobody sees";
    if (character.code == '"' || character.code == ',')
      return "quotes and commas cannot be part of a name";
    rest.remove_prefix(character.bytes);
  }
  if (count > kAccountNameCharacters)
    return fmt::format("it has {} characters; {} are the most", count, kAccountNameCharacters);
  if (name.starts_with("group:")) return "'group:' begins the name of a group of accounts";
  return {};
}

SettingsSection settings_section(AccountSettings& target) {
  SettingsSection section(std::string(kAccountSectionPrefix) + target.name);
  section
      .secret("api_key", target.api_key,
              "API key of this account: the text, file:/path, or env:NAME")
      .secret("api_secret", target.api_secret, "its secret, as in [binance]; the same three forms")
      .secret("apikey", target.api_key, "the same as api_key")
      .secret("secret", target.api_secret, "the same as api_secret")
      .list("group", target.groups, "groups that this account belongs to")
      .choice("environment", target.environment, {"", "live", "testnet", "paper"},
              "as in [binance]; empty = what [binance] says; testnet needs no base_url")
      .text("base_url", target.base_url, "as in [binance]; empty = what [binance] says")
      .text("stream_url", target.stream_url, "as in [binance]; empty = what belongs to base_url")
      .text("ws_api_url", target.ws_api_url, "as in [binance]; empty = what belongs to base_url")
      .text("db_path", target.db_path,
            "the account's database; empty = the one its last holder used, else state.db in the "
            "account's directory");
  return section;
}

std::vector<std::string> add_accounts_of_json(std::string_view json,
                                              std::deque<AccountSettings>& accounts) {
  std::vector<std::string> faults;
  const auto document = net::JsonDocument::parse(json);
  // Never the text itself: it holds keys.
  if (!document || !document->root().is_object())
    return {fmt::format("{}: it is not a JSON object of the form {}", kVariable, kForm)};
  std::set<std::string, std::less<>> seen;
  try {
    document->root().for_each_member([&](std::string_view name, net::JsonView value) {
      if (!seen.insert(std::string(name)).second) {
        faults.push_back(
            fmt::format("{}: account '{}' stands there twice", kVariable, shown(name)));
        return;
      }
      if (!value.is_object()) {
        faults.push_back(fmt::format("{}: account '{}' is not an object; the form is {}", kVariable,
                                     shown(name), kForm));
        return;
      }
      AccountSettings* known = find_account(accounts, name);
      if (known == nullptr) {
        known = &accounts.emplace_back();
        known->name = std::string(name);
      }
      read_account(value, *known, faults);
    });
  } catch (const net::JsonError&) {
    faults.push_back(fmt::format("{}: it is not of the form {}", kVariable, kForm));
  }
  return faults;
}

std::vector<std::string> check_accounts(const Config& config) {
  std::vector<std::string> faults;
  std::map<std::string, std::string, std::less<>> owners;
  if (has_main(config))
    owners.emplace(std::string(config.binance.api_key.reveal()), "main ([binance])");
  for (const auto& account : config.accounts) {
    if (const auto complaint = complaint_of_account_name(account.name); !complaint.empty())
      faults.push_back(fmt::format("account '{}': {}", shown(account.name), complaint));
    if (account.name == kMainAccount && has_main(config))
      faults.push_back("account 'main': so the account of [binance] is called; rename one");
    for (const auto& group : account.groups)
      if (const auto complaint = complaint_of_account_name(group); !complaint.empty())
        faults.push_back(
            fmt::format("account '{}', group '{}': {}", account.name, group, complaint));
    for (auto& fault : check_keys(account))
      faults.push_back(std::move(fault));
    if (account.api_key.empty()) continue;
    const auto [other, is_new] =
        owners.emplace(std::string(account.api_key.reveal()), account.name);
    if (!is_new)
      faults.push_back(fmt::format(
          "accounts '{}' and '{}' have the same api_key: everything would be done twice; remove "
          "one of them",
          other->second, account.name));
  }
  return faults;
}

std::vector<std::string> account_names(const Config& config) {
  std::vector<std::string> names;
  if (has_main(config)) names.emplace_back(kMainAccount);
  for (const auto& account : config.accounts)
    names.push_back(account.name);
  return names;
}

std::vector<std::string> groups_of(const Config& config, std::string_view name) {
  for (const auto& account : config.accounts)
    if (account.name == name) return account.groups;
  return {};
}

std::string folder_of_account(std::string_view name) {
  std::string folder(name);
  std::ranges::replace_if(
      folder, [](char c) { return c == '/' || static_cast<unsigned char>(c) < ' '; }, '_');
  return folder.starts_with('.') ? "_" + folder : folder;
}

Result<std::vector<std::string>> find_accounts(const Config& config,
                                               const std::vector<std::string>& words) {
  const auto names = account_names(config);
  std::set<std::string, std::less<>> meant;
  for (const auto& word : words) {
    bool is_somebody = false;
    for (const auto& name : names) {
      const auto groups = groups_of(config, name);
      const bool is_in_group =
          word.starts_with("group:") && std::ranges::find(groups, word.substr(6)) != groups.end();
      if (word != "all" && word != name && !is_in_group) continue;
      meant.insert(name);
      is_somebody = true;
    }
    if (!is_somebody) return unknown_account(config, word);
  }
  std::vector<std::string> found;
  for (const auto& name : names)
    if (meant.contains(name)) found.push_back(name);
  return found;
}

Result<std::unique_ptr<Config>> config_of_account(const Config& config, std::string_view name) {
  auto own = reload(config);
  if (!own) return fail(ErrorKind::configuration, fmt::format("{}", fmt::join(own.error(), "\n")));
  (*own)->account = std::string(name);
  if (name == kMainAccount && has_main(config)) return std::move(*own);
  for (const auto& account : config.accounts) {
    if (account.name != name) continue;
    auto& binance = (*own)->binance;
    binance.api_key = account.api_key.clone();
    binance.api_secret = account.api_secret.clone();
    const bool is_known = account.base_url.empty() && account.environment == "testnet" &&
                          binance::environment_of(binance.base_url) != "testnet";
    const auto base_url = is_known ? std::string(binance::kTestnetUrl) : account.base_url;
    if (!base_url.empty()) {
      // The file's other addresses belong to the file's base_url.
      binance.base_url = base_url;
      binance.stream_url.clear();
      binance.ws_api_url.clear();
      binance.environment.clear();
    }
    if (!account.stream_url.empty()) binance.stream_url = account.stream_url;
    if (!account.ws_api_url.empty()) binance.ws_api_url = account.ws_api_url;
    if (!account.environment.empty()) binance.environment = account.environment;
    while (binance.base_url.ends_with('/'))
      binance.base_url.pop_back();
    (*own)->runtime.db_path = account.db_path.empty() ? "" : resolved(account.db_path, **own);
    (*own)->runtime.lock_file.clear();
    (*own)->runtime.log_dir += "/" + folder_of_account(name);
    if (const auto faults = check_exchange(**own); !faults.empty())
      return fail(ErrorKind::configuration,
                  fmt::format("account '{}': {}", name, fmt::join(faults, "\n")));
    return std::move(*own);
  }
  return unknown_account(config, name);
}

}  // namespace bb::app
