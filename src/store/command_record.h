// CommandRecord: what another process asked the holder of an account to do (src/control).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace bb::store {

enum class CommandState {
  running,      // received; its effect may have begun
  done,         // see the report
  refused,      // nothing was done; the report says why
  interrupted,  // the process ended in the middle of it
  bypassed,     // its maker carried it out past a holder that did not answer
};

/// `commands`: what another process asked the holder to do, and what came of it.
struct CommandRecord {
  std::string id;         // the maker's; primary key
  std::string kind;       // "flatten"
  std::string arguments;  // JSON
  std::string who;
  TimePoint made_at{};
  TimePoint received_at{};
  CommandState state = CommandState::running;
  std::optional<TimePoint> ended_at;
  int exit_code = 0;
  std::string report_json, report_text;
};

std::string_view str(CommandState state);

}  // namespace bb::store
