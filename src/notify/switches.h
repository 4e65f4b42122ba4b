// AlertSwitches: what people changed about alerts while the program runs: muted until, kinds on,
// silent or off, what was acknowledged. A small file in the account's directory: the bot writes it,
// whoever delivers the account's messages reads it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "notify/kinds.h"

namespace bb::notify {

struct SwitchState {
  TimePoint muted_until{};  // nothing but critical messages before that
  std::string muted_by;
  std::map<std::string, Level, std::less<>> levels;  // they win over [alerts]
  std::int64_t acknowledged_id = 0;  // critical messages up to this one that were shown
  std::string acknowledged_by;

  bool operator==(const SwitchState&) const = default;
};

class AlertSwitches {
 public:
  /// Of the account whose directory this is; the directory exists.
  explicit AlertSwitches(const std::string& directory) : directory_(directory) {}

  /// As it stands; the defaults where nobody changed anything. Lines that are not understood are
  /// left out: in doubt a message is sent.
  SwitchState read() const;
  /// Each durable before it returns. An `until` in the past unmutes.
  Status mute(TimePoint until, const std::string& who) const;
  Status set_level(std::string_view kind, std::optional<Level> level) const;
  Status acknowledge(std::int64_t message_id, const std::string& who) const;

 private:
  std::string file() const { return directory_ + "/alerts"; }
  Status write(const SwitchState& state) const;
  std::string directory_;
};

}  // namespace bb::notify
