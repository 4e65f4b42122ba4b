#include "notify/notifier.h"

#include <fmt/format.h>

namespace bb::notify {

namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string marked_title(std::string_view environment, std::string_view title) {
  std::string marked;
  if (environment != "live") marked.append("[").append(environment).append("] ");
  return marked.append(title);
}

std::string first_characters(const std::string& text, std::size_t characters) {
  std::size_t end = 0;
  while (end < text.size() && characters-- > 0) {
    ++end;
    while (end < text.size() && is_continuation(text[end]))
      ++end;
  }
  return text.substr(0, end);
}

std::string first_bytes(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && is_continuation(text[bytes]))
    --bytes;
  return text.substr(0, bytes);
}

Channels make_channels(const NotifySettings& settings, net::Dialer& dialer,
                       net::Dialer& telegram_dialer, Clock& clock, const Log& log) {
  if (!settings.enabled) {
    log.info("notifications are switched off");
    return {};
  }
  Channels channels = make_telegram(settings.telegram, telegram_dialer, clock, log);
  if (auto serverchan = make_serverchan(settings, {}, dialer, clock, log))
    channels.push_back(std::move(serverchan));
  if (auto webhook = make_webhook(settings, dialer, clock, log))
    channels.push_back(std::move(webhook));
  if (channels.empty())
    log.warn(
        "no notifications are sent: set a Telegram token and chat, a ServerChan key or a "
        "webhook, or enabled = false",
        {{"keys", "telegram.token, notify.serverchan_sendkey, notify.webhook_url"}});
  return channels;
}

}  // namespace bb::notify
