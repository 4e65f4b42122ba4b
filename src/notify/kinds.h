// Kinds of alerts: every topic that an outbox row may have, and what that means for its delivery.
// A kind is a name in [alerts], where it is on, silent or off.
#pragma once

#include <span>
#include <string_view>

namespace bb::notify {

/// What goes out first when not everything can.
enum class Urgency {
  critical,  // money may be at stake now: at once, also at night and muted, again until
             // acknowledged
  result,    // what was asked for or scheduled has ended
  info,      // good to know; comes in bundles
};

enum class Level {
  on,
  silent,  // without a sound, and only where that is possible
  off,
};

struct Kind {
  std::string_view name;
  Urgency urgency = Urgency::info;
  bool is_repeated = false;  // until somebody acknowledges it
  std::string_view chinese, english;
  std::string_view doc;
  Level level = Level::on;  // unless [alerts] says otherwise
};

/// In the order of their delivery within an urgency.
std::span<const Kind> kinds();
/// The kind of a topic; one that this version does not know counts as the critical "alert".
const Kind& kind_of(std::string_view topic);

std::string_view str(Urgency urgency);
std::string_view str(Level level);

}  // namespace bb::notify
