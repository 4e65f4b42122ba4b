// OutboxPump: sends what stands in the store's outbox. It runs beside trading and never delays it:
// who has something to say only writes a row.
#pragma once

#include "base/async.h"
#include "notify/notifier.h"
#include "store/store.h"

namespace bb::notify {

/// When a message that failed `attempts` times is tried again.
Micros retry_delay(int attempts);

class OutboxPump {
 public:
  /// All outlive the pump. Without a notifier every message is dropped at once. `account` is whose
  /// messages these are, "<environment>-<alias>".
  OutboxPump(store::Store& store, Notifier* notifier, Clock& clock, const Log& log,
             std::string account);
  /// Until `stop`: sends, marks delivered, or tries again later; drops after 24 hours. The attempt
  /// in hand is finished first. A crash between sending and marking sends the same text again; its
  /// first line, the time it was written and the account (whose name begins with its environment),
  /// lets the service recognise the repetition.
  Task<void> run(Stop& stop);

 private:
  Task<void> send_due(Stop& stop);
  Task<void> handle(store::OutboxMessage message);
  Task<void> attempt(store::OutboxMessage& message);

  store::Store& store_;
  Notifier* notifier_;
  Clock& clock_;
  Log log_;
  std::string account_;
};

}  // namespace bb::notify
