// Mailroom: an account's messages on their way to people: every configured channel, and the pump
// that serves them.
#pragma once

#include <memory>

#include "app/wiring.h"
#include "notify/outbox_pump.h"

namespace bb::app {

/// Every configured channel; why there is none is logged.
notify::Channels make_channels(const Ground& ground);

/// The minute of the local day, by the zone of the schedule.
int minute_of_day(const service::Settings& settings, TimePoint when);

class Mailroom {
 public:
  /// Of an account that this process holds. All that `ground` names, and the account, outlive it.
  Mailroom(Ground ground, Account& account);
  notify::OutboxPump& pump() { return *pump_; }

 private:
  notify::Channels channels_;
  notify::AlertSwitches switches_;
  std::unique_ptr<notify::OutboxPump> pump_;
};

}  // namespace bb::app
