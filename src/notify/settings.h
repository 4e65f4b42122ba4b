// Sections [notify] (the original's keys and the webhook), [telegram] and [alerts].
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/settings.h"
#include "notify/kinds.h"

namespace bb::notify {

enum class Language { both, chinese, english };

/// Where alerts go in Telegram, and the bot's own way to it.
struct TelegramSettings {
  Secret token;
  std::vector<std::int64_t> chats;
  std::string api_url = "https://api.telegram.org";
  std::string proxy;  // empty = as [notify]
};

/// What is sent, when, and how loud.
struct AlertSettings {
  std::map<std::string, std::string, std::less<>> levels;  // by kind: on, silent, off
  std::string quiet_hours;                                 // "23:00-07:00", local time
  std::int64_t bundle_sec = 5;
  Level level_of(std::string_view kind) const;
  /// Whether a minute of the local day is a quiet one.
  bool is_quiet(int minute_of_day) const;
};

struct NotifySettings {
  bool enabled = true;
  Secret serverchan_sendkey;
  // For every outgoing connection, the exchange's too, and only when both are set: the wiring makes
  // the dialer of them.
  std::string http_proxy;
  std::string https_proxy;
  std::string language = "both";
  Secret webhook_url;
  std::string webhook_template = "generic";
  Secret webhook_secret;
  std::string webhook_body;
  TelegramSettings telegram;
  AlertSettings alerts;

  Language message_language() const;
};

/// Rows whose targets are the members of `settings`, which must outlive the section.
SettingsSection notify_section(NotifySettings& settings);
SettingsSection telegram_section(TelegramSettings& settings);
SettingsSection alerts_section(AlertSettings& settings);

/// TELEGRAM_TOKEN, TELEGRAM_CHAT_ID and PROXY_URL, where neither the file nor
/// BUBBLE_BUSTER_<SECTION>_<KEY> says anything; PROXY_URL also for all the rest where [notify]
/// names no proxy of its own. Returns every fault.
std::vector<std::string> take_environment(NotifySettings& settings, const Environment& environment);

/// Faults that a single row cannot see.
std::vector<std::string> validate(const NotifySettings& settings);

/// An empty key, or the text of an example that nobody replaced.
bool is_placeholder(const Secret& key);

}  // namespace bb::notify
