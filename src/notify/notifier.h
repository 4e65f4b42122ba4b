// Notifier: one channel to people. The first body is ServerChan, both generations.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "notify/settings.h"

namespace bb::net {
class Dialer;
}

namespace bb::notify {

struct DeliveryResult {
  bool delivered = false;
  std::string problem;  // one sentence, never with a key
};

class Notifier {
 public:
  virtual ~Notifier() = default;
  /// One attempt. `body` is Markdown. Too long texts are cut, not refused. Not delivered may also
  /// mean that the answer was lost.
  virtual Task<DeliveryResult> send(std::string title, std::string body) = 0;
};

struct ServerChanOptions {
  std::string base_url;  // empty = the vendor's host for the kind of key
  Micros timeout{10'000'000};
};

/// The configured notifier. Nothing where notifying is switched off or the key is empty or a
/// placeholder: the reason is logged here, once. Dialer and clock outlive the notifier.
std::unique_ptr<Notifier> make_notifier(const NotifySettings& settings, ServerChanOptions options,
                                        net::Dialer& dialer, Clock& clock, const Log& log);

/// A title as people see it: "[testnet] " or "[paper] " before it, nothing before live.
std::string marked_title(std::string_view environment, std::string_view title);

/// The longest beginning of `text` with at most `characters` code points (`bytes` bytes), cut
/// between two code points.
std::string first_characters(const std::string& text, std::size_t characters);
std::string first_bytes(const std::string& text, std::size_t bytes);

}  // namespace bb::notify
