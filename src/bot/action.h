// Action: what a button means, as text in ops.db: a command line, and what the press adds to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bb::bot {

struct Action {
  enum class Kind {
    open,     // as if the line had been typed
    confirm,  // the line was shown and is confirmed
    digit,    // of a one-time code, for the question of that number
    proceed,  // the question of that number, whose code was accepted before, is confirmed
    ask,      // another admin is asked to allow what that question asks
    allow,    // another admin allows it
    deny,
    dismiss,  // nothing is to be done; ends the question of that number, if any
  } kind = Kind::open;
  /// open, confirm: a command line; allow, deny: the one that was asked for, which the question
  /// must still have.
  std::string line = {};
  int page = 0;             // open
  char digit = 0;           // '0'..'9', or kBackspace
  std::int64_t number = 0;  // of a question, see Pending; 0 = of none
  std::int64_t asker = 0;   // allow, deny: who must still be the one who asks
};

inline constexpr char kBackspace = '<';

std::string write_action(const Action& action);
/// Only what write_action() made comes back; anything else is `dismiss`.
Action read_action(std::string_view text);

/// For records and people: "yes: /flatten all". Never a digit of a code.
std::string audited(const Action& action);

}  // namespace bb::bot
