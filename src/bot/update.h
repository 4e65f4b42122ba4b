// Update: what Telegram delivers, as far as an operations bot may listen to it. Everything else is
// named, so that the audit can say why it was not listened to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace bb::bot {

struct Update {
  std::int64_t id = 0;
  enum class Kind { message, press, membership, other } kind = Kind::other;
  std::int64_t user = 0;
  std::string user_name;  // as Telegram says: anybody may call himself anything
  std::string language_code;
  std::int64_t chat = 0;
  std::string chat_type;
  std::int64_t message = 0;  // of the text, or of the message with the button
  std::int64_t thread = 0;   // topic of a forum; 0 = none
  TimePoint date{};          // of a message; a press has none
  std::string text;
  std::string press_id;
  std::string data;
  std::string member_status;  // membership: what the bot is in that chat now
  /// Why this may not be a command whoever sent it (reference §16.2-16.4): "a forwarded message".
  std::string objection;
};

/// An array of updates as getUpdates answers. An update that cannot be understood is one of kind
/// `other` with an objection: the rest is still heard. An error where not even the ids can be read.
Result<std::vector<Update>> parse_updates(const std::string& json);

}  // namespace bb::bot
