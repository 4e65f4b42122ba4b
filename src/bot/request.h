// Request: a command as it was typed or as a button means it. Strict: a word too many, a percentage
// out of range or an unknown word is an error and never a wider command (reference ops-bots §1.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bot/commands.h"

namespace bb::bot {

/// Which of the positions.
enum class Pick { all, longs, shorts, losers, winners };
std::string_view str(Pick pick);  // "", "long", "short", "losers", "winners"

struct Request {
  Verb verb = Verb::start;
  std::string target;  // "all", "group:NAME", an account; empty = not said
  Decimal percent = Decimal::from_int(100);
  bool says_percent = false;
  Pick pick = Pick::all;
  std::vector<std::string> symbols;
  /// pnl: day, week, month; mute: 30m, 1h, 8h, off; language: en, zh; alerts: "KIND=on|silent|off"
  std::string word;
  int count = 0;  // logs
  /// Of strategies: a name or id as the runner has it, "runner:name", or "group:NAME"; a filter.
  std::string name;
  bool stops_strategies = false;  // flatten: those bound to the account first
  bool chooses_symbols = false;   // flatten, cancel: not yet that, but which symbols
  std::string code;               // resume, unlock: one-time code
  int page = 0;                   // buttons only
};

/// The words of a line: parted by blanks, "quotes" around a name with blanks.
std::vector<std::string> words_of(std::string_view line);

struct Refusal {
  Phrase phrase;
  std::string argument;  // for its {}
};
/// A line that begins with a slash. `bot_name` is this bot's: a command with another's is nothing
/// (an empty optional). `accounts` are those that the user may see: a name wins over any other
/// meaning of a word.
std::expected<std::optional<Request>, Refusal> parse_request(
    std::string_view line, std::string_view bot_name, const std::vector<std::string>& accounts);

/// Whether words_of() gives the text back as one word.
bool is_typable(std::string_view text);

/// The line that means the same: what buttons and the audit keep. Without the code.
std::string line_of(const Request& request);

/// The text without what may be a one-time code: six digits, also as "123 456".
std::string without_codes(std::string_view text);

/// "/flatten [account] [percent]..": what to type, for a refusal.
std::string usage_of(Verb verb);

}  // namespace bb::bot
