#include "bot/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "bot/one_time_code.h"

namespace bb::bot {

namespace {

constexpr std::int64_t kCommandsMost = 6000;
constexpr std::int64_t kActsMost = 100'000;
constexpr std::int64_t kSilenceLeast = 10, kSilenceMost = 600;
constexpr std::int64_t kAnonymousAdmin = 1087968824;
constexpr std::int64_t kChannel = 136817688;
constexpr std::int64_t kTelegram = 777000;
constexpr std::string_view kGroup = "group:";
constexpr const char* kScopes = "account names, group:NAME, or * for all; a comma list";

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::string listed(const std::vector<std::int64_t>& ids) {
  return fmt::format("{}", fmt::join(ids, ","));
}

std::string complaint_of_scope(const std::string& scope, const std::vector<std::string>& accounts,
                               const std::vector<std::string>& groups) {
  if (scope == "*") return {};
  const bool is_group = scope.starts_with(kGroup);
  const auto& known = is_group ? groups : accounts;
  const std::string name = is_group ? scope.substr(kGroup.size()) : scope;
  if (std::ranges::find(known, name) != known.end()) return {};
  const auto near = nearest_word(name, known);
  return fmt::format("there is no {} '{}'{}", is_group ? "group" : "account", name,
                     near ? fmt::format("; did you mean '{}'?", *near) : std::string());
}

}  // namespace

SettingsSection settings_section(Settings& target) {
  SettingsSection section("bot");
  section
      .custom(
          "users", [&target](std::string_view value) { return set_users(target, value); },
          [&target] { return listed(target.users); }, "comma list of numbers",
          "Telegram ids of those who may use the bot, each in a private chat too; empty and no "
          "[user.ID] = nobody. Who has no [user.ID] section may do everything; a section says all "
          "that its person may do, and one without a role is an error. ENABLED_USERS sets it")
      .custom(
          "chats",
          [&target](std::string_view value) -> Status {
            auto ids = parse_ids(value);
            if (!ids) return std::unexpected(ids.error());
            target.chats = std::move(*ids);
            return {};
          },
          [&target] { return listed(target.chats); }, "comma list of numbers",
          "groups where listed users may use the bot; the chat of the alerts is one by itself")
      .choice("language", target.language, {"auto", "en", "zh"},
              "of answers, until a user chooses another; auto = what his Telegram speaks")
      .text("ops_db", target.ops_db,
            "the bot's database: offset, buttons, users, the audit of every command")
      .integer("commands_per_minute", target.commands_per_minute, 1, kCommandsMost,
               "that one person may send, presses included; more are refused")
      .integer("acts_per_day", target.acts_per_day, 1, kActsMost,
               "that one person may ask for on one day (UTC) of what adds risk or hides alerts: "
               "resume, start and restart of strategies, mute, changed levels. What takes risk "
               "away (flatten, pause, loss cut, cancel, stop, lock) is never refused for it")
      .integer("service_silence_sec", target.service_silence_sec, kSilenceLeast, kSilenceMost,
               "an account's service that is gone without a goodbye, or does not answer, for so "
               "long is an alert; a restart takes less");
  return section;
}

SettingsSection settings_section(UserSettings& target) {
  const std::string id = target.id == 0 ? "ID" : std::to_string(target.id);
  SettingsSection section(std::string(kUserSectionPrefix) + id);
  section.text("name", target.name, "how records and messages call this person")
      .list("viewer", target.viewer, fmt::format("may look at: {}", kScopes))
      .list("operator", target.operates,
            "may look at, pause, cut losses, cancel orders and flatten")
      .list("admin", target.admin, "may do that, and let it trade again (with a second factor)")
      .choice("language", target.language, {"auto", "en", "zh"}, "of this person's answers")
      .secret("totp_secret", target.totp_secret,
              "base32 secret of this person's authenticator app; `bubble-buster bot --new-totp` "
              "makes one");
  return section;
}

Status set_users(Settings& settings, std::string_view value) {
  auto ids = parse_ids(value);
  if (!ids) return std::unexpected(ids.error());
  for (const auto id : *ids)
    if (const auto user = parse_user_id(std::to_string(id)); !user)
      return std::unexpected(user.error());
  settings.users = std::move(*ids);
  return {};
}

Result<std::vector<std::int64_t>> parse_ids(std::string_view text) {
  std::vector<std::int64_t> ids;
  text = trimmed(text);
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto item = trimmed(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), id);
    if (item.empty() || error != std::errc() || end != item.data() + item.size() || id == 0)
      return fail(ErrorKind::configuration,
                  fmt::format("'{}' is not a number; write ids as 123 or 123,456", item));
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

Result<std::int64_t> parse_user_id(std::string_view text) {
  const auto ids = parse_ids(text);
  if (!ids) return std::unexpected(ids.error());
  if (ids->size() != 1 || ids->front() < 0)
    return fail(ErrorKind::configuration,
                fmt::format("'{}' is not a user's id: a positive number (ids of chats stand in "
                            "[bot] chats)",
                            text));
  const auto id = ids->front();
  if (id == kAnonymousAdmin || id == kChannel || id == kTelegram)
    return fail(ErrorKind::configuration,
                fmt::format("{} stands for many people (anonymous admins, channels, Telegram "
                            "itself), never for one; name the person's own id",
                            id));
  return id;
}

std::vector<std::string> validate(const Settings& settings,
                                  const std::vector<std::string>& accounts,
                                  const std::vector<std::string>& groups) {
  std::vector<std::string> faults;
  if (settings.ops_db.empty()) faults.emplace_back("[bot] ops_db: a file name is needed");
  for (const auto& user : settings.sections) {
    const auto where = fmt::format("[user.{}]", user.id);
    if (std::ranges::count(settings.sections, user.id, &UserSettings::id) > 1)
      faults.push_back(where + ": two sections of one person; make them one");
    // An empty section would else be read as no section at all, which is all rights.
    if (user.viewer.empty() && user.operates.empty() && user.admin.empty())
      faults.push_back(where +
                       ": this person may do nothing, also where [bot] users or ENABLED_USERS "
                       "lists him; add viewer, operator or admin with " +
                       kScopes);
    for (const auto* scopes : {&user.viewer, &user.operates, &user.admin})
      for (const auto& scope : *scopes)
        if (const auto complaint = complaint_of_scope(scope, accounts, groups); !complaint.empty())
          faults.push_back(where + ": " + complaint);
    if (!user.totp_secret.empty())
      if (const auto key = base32_decode(user.totp_secret.reveal()); !key || key->size() < 10)
        faults.push_back(where +
                         " totp_secret: it is not base32 of at least 16 characters (A-Z, 2-7); "
                         "`bubble-buster bot --new-totp` makes one");
  }
  return faults;
}

}  // namespace bb::bot
