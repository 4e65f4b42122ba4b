// Notifier: one channel to people. Bodies: ServerChan (both generations), Telegram (one per chat),
// and a webhook with templates.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "notify/settings.h"

namespace bb::net {
class Dialer;
}

namespace bb::notify {

/// A message as a channel gets it: in the language chosen, marked with its environment.
struct Letter {
  std::string title;
  std::string body;  // Markdown: lines, two-column tables, "- " lists
  std::string kind;
  Urgency urgency = Urgency::info;
  bool is_silent = false;            // without a sound, where the channel can
  std::string account;               // "<environment>-<alias>"
  TimePoint written_at{};            // of the oldest message in it
  std::string picture = {};          // PNG; empty = none
  std::string acknowledgement = {};  // data of the button that ends its repetition; empty = none
  Language language = Language::both;
};

struct DeliveryResult {
  enum class Fate {
    delivered,
    later,    // the channel does not work now: nothing else would get through either
    refused,  // this letter is refused; another may pass
    broken,   // until a person does something: a revoked token, a bot that was blocked
  };
  Fate fate = Fate::later;
  std::string problem = {};                 // one sentence, never with a key
  std::optional<Seconds> retry_after = {};  // what the vendor asks for
  std::string reference = {};               // the vendor's name for what was delivered
  bool delivered() const { return fate == Fate::delivered; }
};

class Notifier {
 public:
  virtual ~Notifier() = default;
  /// Which one it is, the same after every start: "serverchan", "webhook", "telegram:42".
  virtual std::string name() const = 0;
  virtual bool can_be_silent() const { return false; }
  /// It shows a button for Letter::acknowledgement.
  virtual bool can_acknowledge() const { return false; }
  /// The least time between two letters.
  virtual Micros gap() const { return Seconds(1); }
  /// One attempt. Too long texts are cut, not refused. Not delivered may also mean that the answer
  /// was lost.
  virtual Task<DeliveryResult> send(Letter letter) = 0;
};

using Channels = std::vector<std::unique_ptr<Notifier>>;

struct ServerChanOptions {
  std::string base_url;  // empty = the vendor's host for the kind of key
  Micros timeout{10'000'000};
};

/// Nothing where the key is empty or a placeholder, or not usable: the reason is logged. Dialer and
/// clock outlive the notifier.
std::unique_ptr<Notifier> make_serverchan(const NotifySettings& settings, ServerChanOptions options,
                                          net::Dialer& dialer, Clock& clock, const Log& log);
/// One per chat; they share one bot, and a pause that Telegram asks of all of it.
Channels make_telegram(const TelegramSettings& settings, net::Dialer& dialer, Clock& clock,
                       const Log& log);
/// Nothing without an address.
std::unique_ptr<Notifier> make_webhook(const NotifySettings& settings, net::Dialer& dialer,
                                       Clock& clock, const Log& log);

/// Every channel that is configured; why there is none is logged here, once. `telegram_dialer` is
/// the way to Telegram where that has a proxy of its own.
Channels make_channels(const NotifySettings& settings, net::Dialer& dialer,
                       net::Dialer& telegram_dialer, Clock& clock, const Log& log);

/// A title as people see it: "[testnet] " or "[paper] " before it, nothing before live.
std::string marked_title(std::string_view environment, std::string_view title);

/// The longest beginning of `text` with at most `characters` code points (`bytes` bytes), cut
/// between two code points.
std::string first_characters(const std::string& text, std::size_t characters);
std::string first_bytes(const std::string& text, std::size_t bytes);

}  // namespace bb::notify
