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
    ask,      // another admin is asked to allow the line
    allow,    // another admin allows the request of that number
    deny,
    dismiss,  // nothing is to be done
  } kind = Kind::open;
  std::string line = {};    // open, confirm, ask: a command line
  int page = 0;             // open
  std::string digits = {};  // open: of a one-time code, so far
  std::int64_t number = 0;  // allow, deny
};

std::string write_action(const Action& action);
/// Only what write_action() made comes back; anything else is `dismiss`.
Action read_action(std::string_view text);

}  // namespace bb::bot
