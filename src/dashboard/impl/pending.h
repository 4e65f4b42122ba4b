// Pending: actions that were described to a person and wait for the word. Each is for one session,
// once, within a minute, and exactly what was described.
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "control/command.h"

namespace bb::dashboard {

class Pending {
 public:
  explicit Pending(Clock& clock) : clock_(clock) {}
  /// The name under which the command may be confirmed.
  std::string put(std::string session, control::Command command);
  /// The command, no more to be had from here; or why not.
  Result<control::Command> take(const std::string& name, const std::string& session);

 private:
  struct Entry {
    std::string session;
    control::Command command;
    SteadyTime until{};
  };
  Clock& clock_;
  std::map<std::string, Entry> entries_;
};

}  // namespace bb::dashboard
