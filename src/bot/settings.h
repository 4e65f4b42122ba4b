// Sections [bot] and [user.ID]: who may talk to the bot, where, and what each may do.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "base/settings.h"

namespace bb::bot {

/// One [user.ID] section. The lists name accounts, "group:NAME", or "*" for all.
struct UserSettings {
  std::int64_t id = 0;
  std::string name;  // for records and messages; empty = what Telegram says
  std::vector<std::string> viewer, operates, admin;
  std::string language = "auto";
  Secret totp_secret;  // base32, as authenticator apps take it
};

struct Settings {
  std::vector<std::int64_t> users;  // may do everything, but who has a section: only that
  std::vector<std::int64_t> chats;  // groups
  std::string language = "auto";    // auto = each user's own, as Telegram says
  std::string ops_db = "ops.db";
  std::int64_t commands_per_minute = 40;  // of one person, presses included
  std::int64_t service_silence_sec = 30;  // of an account's service, before it is an alert
  std::int64_t acts_per_day = 200;        // of one person: what adds risk or hides alerts
  std::deque<UserSettings> sections;
};

inline constexpr std::string_view kUserSectionPrefix = "user.";

/// The rows of [bot]; `target` outlives the section.
SettingsSection settings_section(Settings& target);
/// The rows of one [user.ID].
SettingsSection settings_section(UserSettings& target);

/// As ENABLED_USERS has it: [bot] users.
Status set_users(Settings& settings, std::string_view value);
/// "1", or "1, 2": whole numbers, each once.
Result<std::vector<std::int64_t>> parse_ids(std::string_view text);
/// A person's id: positive, and none of the three that stand for many people (anonymous admins,
/// channels, Telegram itself; reference §16).
Result<std::int64_t> parse_user_id(std::string_view text);

/// What no single row can say; `accounts` and `groups` are those that exist. Each is a fault.
std::vector<std::string> validate(const Settings& settings,
                                  const std::vector<std::string>& accounts,
                                  const std::vector<std::string>& groups);

}  // namespace bb::bot
