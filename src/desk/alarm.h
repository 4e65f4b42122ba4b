// Alarms: what people must know now, durable in the outbox before it is sent.
#pragma once

#include "desk/desk.h"

namespace bb::desk {

/// `kind` is a name of notify/kinds.h; "alert" where none fits.
Task<void> raise_alarm(Desk& desk, std::string kind, std::string title, std::string body);
inline Task<void> raise_alarm(Desk& desk, std::string title, std::string body) {
  return raise_alarm(desk, "alert", std::move(title), std::move(body));
}
/// News that nobody has to act on.
Task<void> tell(Desk& desk, std::string kind, std::string title, std::string body);

}  // namespace bb::desk
