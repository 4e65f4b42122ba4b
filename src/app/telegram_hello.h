// Who his bot's owner is: he sends it a code that this terminal shows, and the message says his
// user id and the chat. Nobody else can know the code.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "app/wiring.h"
#include "notify/bot_api.h"

namespace bb::app {

struct TelegramHello {
  std::int64_t user = 0;
  std::int64_t chat = 0;  // the same in a private chat
  std::string name;       // as he calls himself; for people
};

/// The bot's own name at Telegram. Errors are sentences: a token that Telegram does not know.
Task<Result<std::string>> ask_bot_name(notify::BotApi& api);

/// What one answer of getUpdates says.
struct HeardHello {
  std::int64_t next_offset = 0;
  int wrong = 0;  // texts of the code's form that are not it
  std::optional<TelegramHello> hello;
};

/// Only `CODE` or `/start CODE`, word for word, in a private chat counts.
HeardHello read_hello(const std::string& updates, std::string_view code);

/// 12 letters and digits that nobody guesses, none of which looks like another.
std::string make_hello_code();

/// Waits until somebody writes the code to the bot, or `patience` is over (`unreachable`). The
/// message is taken: a bot that starts later does not see it. `busy`: another program reads this
/// bot's messages. `invalid_input`: five wrong codes came, somebody guesses.
Task<Result<TelegramHello>> wait_for_code(notify::BotApi& api, Clock& clock, const Stop& stop,
                                          std::string code, Seconds patience);

}  // namespace bb::app
