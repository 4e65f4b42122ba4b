#include "notify/settings.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "notify/bot_api.h"
#include "notify/webhook.h"

namespace bb::notify {

namespace {

// Real keys are 30 characters and longer.
constexpr std::size_t kShortestKey = 10;
constexpr std::int64_t kLongestBundle = 600;
constexpr std::size_t kMostChats = 10;

bool is_key_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         c == '-';
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return text;
}

Status set_chats(std::vector<std::int64_t>& target, std::string_view value) {
  std::vector<std::int64_t> chats;
  for (std::string_view rest = value; !trimmed(rest).empty();) {
    const auto comma = rest.find(',');
    const auto word = trimmed(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    std::int64_t chat = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), chat);
    if (error != std::errc() || end != word.data() + word.size() || chat == 0)
      return fail(ErrorKind::invalid_input,
                  "'" + std::string(word) +
                      "' is no chat id; it is a number: a person's as it is, a group's below zero "
                      "(-100...)");
    if (std::ranges::find(chats, chat) == chats.end()) chats.push_back(chat);
  }
  if (chats.size() > kMostChats)
    return fail(ErrorKind::invalid_input, "more than 10 chats; use a group instead");
  target = std::move(chats);
  return {};
}

std::string show_chats(const std::vector<std::int64_t>& chats) {
  std::string out;
  for (const auto chat : chats)
    out += (out.empty() ? "" : ",") + std::to_string(chat);
  return out;
}

/// Minutes of "HH:MM", or nothing.
std::optional<int> read_minute(std::string_view text) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4))
    return std::nullopt;
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  return hours * 60 + minutes;
}

std::optional<std::pair<int, int>> read_hours(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto from = read_minute(trimmed(text.substr(0, dash)));
  const auto to = read_minute(trimmed(text.substr(dash + 1)));
  if (!from || !to || *from == *to) return std::nullopt;
  return std::pair(*from, *to);
}

Status set_hours(std::string& target, std::string_view value) {
  if (!trimmed(value).empty() && !read_hours(trimmed(value)))
    return fail(ErrorKind::invalid_input, "write it as 23:00-07:00, or leave it empty");
  target = std::string(trimmed(value));
  return {};
}

Status set_time(std::string& target, std::string_view value) {
  if (!trimmed(value).empty() && !read_minute(trimmed(value)))
    return fail(ErrorKind::invalid_input, "write it as 20:00, or leave it empty");
  target = std::string(trimmed(value));
  return {};
}

}  // namespace

std::optional<int> AlertSettings::report_minute() const { return read_minute(report_time); }

Level AlertSettings::level_of(std::string_view kind) const {
  const auto found = levels.find(kind);
  if (found == levels.end()) return kind_of(kind).level;
  if (found->second == "on") return Level::on;
  return found->second == "off" ? Level::off : Level::silent;
}

bool AlertSettings::is_quiet(int minute_of_day) const {
  const auto hours = read_hours(quiet_hours);
  if (!hours) return false;
  const auto [from, to] = *hours;
  if (from < to) return minute_of_day >= from && minute_of_day < to;
  return minute_of_day >= from || minute_of_day < to;
}

Language NotifySettings::message_language() const {
  if (language == "zh") return Language::chinese;
  return language == "en" ? Language::english : Language::both;
}

SettingsSection notify_section(NotifySettings& settings) {
  SettingsSection section("notify");
  section.flag("enabled", settings.enabled, "Send messages to people (entries, patrols, alerts)")
      .secret("serverchan_sendkey", settings.serverchan_sendkey,
              "ServerChan key; sctp... keys use the third generation, others Turbo")
      .text("http_proxy", settings.http_proxy,
            "Proxy for all outgoing connections; used only together with https_proxy")
      .text("https_proxy", settings.https_proxy,
            "Proxy for all outgoing TLS connections; used only together with http_proxy")
      .choice("language", settings.language, {"both", "zh", "en"},
              "Language of messages; both = Chinese with English beside it")
      .secret("webhook_url", settings.webhook_url,
              "Address that messages are posted to, with whatever key belongs into it")
      .choice("webhook_template", settings.webhook_template, webhook_templates(),
              "What the receiver understands; custom = webhook_body")
      .secret("webhook_secret", settings.webhook_secret,
              "Signs what is posted (generic, feishu, dingtalk), or is the token (ntfy, gotify) or "
              "the device key (bark)")
      .text("webhook_body", settings.webhook_body,
            "JSON for template custom; {title}, {text}, {kind}, {urgency}, {account} and {time} "
            "are filled in");
  return section;
}

SettingsSection telegram_section(TelegramSettings& settings) {
  SettingsSection section("telegram");
  section
      .secret("token", settings.token,
              "Token of the bot, from @BotFather (TELEGRAM_TOKEN in the environment)")
      .custom(
          "chat_id", [&](std::string_view value) { return set_chats(settings.chats, value); },
          [&] { return show_chats(settings.chats); }, "chat ids, separated by commas",
          "Where alerts go: people who have started the bot, groups that it is in "
          "(TELEGRAM_CHAT_ID)")
      .text("api_url", settings.api_url, "Address of the Bot API; for a server of one's own")
      .text("proxy", settings.proxy,
            "Proxy for Telegram; empty = as the rest (PROXY_URL in the environment)");
  return section;
}

SettingsSection alerts_section(AlertSettings& settings) {
  SettingsSection section("alerts");
  section
      .custom(
          "quiet_hours",
          [&](std::string_view value) { return set_hours(settings.quiet_hours, value); },
          [&] { return settings.quiet_hours; }, "HH:MM-HH:MM",
          "Local time in which only critical messages make a sound; where none can be soundless, "
          "they wait")
      .custom(
          "report_time",
          [&](std::string_view value) { return set_time(settings.report_time, value); },
          [&] { return settings.report_time; }, "HH:MM or empty",
          "Local time of the daily report; empty = none")
      .integer("bundle_sec", settings.bundle_sec, 0, kLongestBundle,
               "How long results and news wait for more of their kind, to come as one message");
  for (const Kind& kind : kinds()) {
    auto& level =
        settings.levels.try_emplace(std::string(kind.name), str(kind.level)).first->second;
    section.choice(
        std::string(kind.name), level, {"on", "silent", "off"},
        "Kind of alert (" + std::string(str(kind.urgency)) + "): " + std::string(kind.doc));
  }
  return section;
}

std::vector<std::string> take_environment(NotifySettings& settings,
                                          const Environment& environment) {
  std::vector<std::string> faults;
  const auto find = [&](const char* name) -> const std::string* {
    const auto found = environment.find(name);
    return found == environment.end() || found->second.empty() ? nullptr : &found->second;
  };
  auto& telegram = settings.telegram;
  if (const auto* token = find("TELEGRAM_TOKEN"); token != nullptr && telegram.token.empty())
    telegram.token = Secret(*token);
  if (const auto* chats = find("TELEGRAM_CHAT_ID"); chats != nullptr && telegram.chats.empty())
    if (const auto set = set_chats(telegram.chats, *chats); !set)
      faults.push_back("environment TELEGRAM_CHAT_ID: " + set.error().text);
  if (const auto* proxy = find("PROXY_URL"); proxy != nullptr) {
    if (telegram.proxy.empty()) telegram.proxy = *proxy;
    if (settings.http_proxy.empty() && settings.https_proxy.empty())
      settings.http_proxy = settings.https_proxy = *proxy;
  }
  return faults;
}

std::vector<std::string> validate(const NotifySettings& settings) {
  std::vector<std::string> faults;
  const auto& telegram = settings.telegram;
  const bool has_token = !telegram.token.empty() && !is_placeholder(telegram.token);
  if (has_token && !is_bot_token(telegram.token))
    faults.emplace_back(
        "[telegram] token: it is no bot token; copy it from @BotFather as it is, "
        "\"<digits>:<letters>\"");
  for (const auto& fault : check_webhook(settings))
    faults.push_back("[notify] " + fault);
  return faults;
}

bool is_placeholder(const Secret& key) {
  std::string text(key.reveal());
  const auto is_allowed = [](char c) { return is_key_character(c) || c == ':'; };
  if (text.size() < kShortestKey || !std::all_of(text.begin(), text.end(), is_allowed)) return true;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text.find("your") != std::string::npos || text.find("xxxx") != std::string::npos;
}

}  // namespace bb::notify
