// Messenger: the bot's own messages: shown, edited in place, tried again where Telegram asks for
// patience. Alerts do not come this way (see notify's outbox).
#pragma once

#include "bot/cards.h"

namespace bb::bot {

/// Where an answer goes. With `message` set it replaces that message of the bot's.
struct Place {
  std::int64_t chat = 0;
  std::int64_t thread = 0;
  std::int64_t message = 0;
};

class Messenger {
 public:
  Messenger(notify::BotApi& api, Cards& cards, Clock& clock, const Log& log)
      : api_(api), cards_(cards), clock_(clock), log_(log) {}

  /// Shows the screen: the message that it stands in now, 0 = it could not be shown. What cannot be
  /// edited any more is sent anew; what is too long goes as a file.
  Task<std::int64_t> show(Place place, Screen screen);
  /// A press must be answered within seconds; says whether Telegram took it. `unknown`: no word
  /// from Telegram.
  enum class Heard { yes, no, unknown };
  Task<Heard> answer(std::string press, std::string text = {}, bool alert = false);
  Task<void> remove(Place place);

 private:
  Task<notify::BotAnswer> send(Place place, const Screen& screen, std::string markup);

  notify::BotApi& api_;
  Cards& cards_;
  Clock& clock_;
  Log log_;
};

}  // namespace bb::bot
