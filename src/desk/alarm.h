// Alarms: what people must know now, durable in the outbox before it is sent.
#pragma once

#include "desk/desk.h"

namespace bb::desk {

Task<void> raise_alarm(Desk& desk, std::string title, std::string body);

}  // namespace bb::desk
