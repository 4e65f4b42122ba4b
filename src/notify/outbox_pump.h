// OutboxPump: sends what stands in the store's outbox. It runs beside trading and never delays it:
// who has something to say only writes a row.
//
// Every channel is served by a loop of its own and remembers what it did with each message, so that
// a dead one holds up no other. What is critical goes first, at once, also at night and muted, and
// comes again until somebody acknowledges it. The rest waits a few seconds for more of its kind and
// comes as one message. A pause that a vendor asks for is kept.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/async.h"
#include "notify/notifier.h"
#include "notify/switches.h"
#include "store/store.h"

namespace bb::notify {

/// When a message that was refused `attempts` times is tried again.
Micros retry_delay(int attempts);
/// When a critical message that was shown `times` times comes again.
Micros repeat_delay(int times);

/// Draws what a message's attachment names, as PNG; empty where it cannot.
using Painter = std::function<Task<std::string>(std::string attachment, Language language)>;

/// All outlive the pump.
struct PumpParts {
  store::Store& store;
  const Channels& channels;  // without any, every message is dropped at once
  const NotifySettings& settings;
  Clock& clock;
  const Log& log;
  std::string account;                      // whose messages these are, "<environment>-<alias>"
  const AlertSwitches* switches = nullptr;  // nothing: nobody can change anything
  std::function<int(TimePoint)> minute_of_day = {};  // of the local day; nothing: UTC
  Painter painter = {};
};

class OutboxPump {
 public:
  explicit OutboxPump(PumpParts parts);
  ~OutboxPump();
  OutboxPump(const OutboxPump&) = delete;
  OutboxPump& operator=(const OutboxPump&) = delete;
  /// Until `stop`. The attempt in hand is finished first. A crash between sending and marking sends
  /// the same text again; its first line, the time it was written and the account (whose name
  /// begins with its environment), lets people recognise the repetition.
  Task<void> run(Stop& stop);
  /// Nothing waits for more of its kind any more.
  void hurry() { is_hurried_ = true; }
  /// Whether some message was never shown on a channel that may still take it.
  bool has_unsent() const;

 private:
  struct Line;
  struct Pick;
  Task<void> deliver(TaskGroup& letters, Stop& stop);
  Task<void> serve(Line& line, Stop& stop);
  Task<bool> send_next(Line& line);
  Task<void> note(Line& line, const Pick& pick, const DeliveryResult& result);
  Task<void> tidy();
  void tidy_one(const store::OutboxMessage& message, store::Batch& batch) const;
  Task<void> tell_broken(const Line& line, std::string problem);
  std::vector<Pick> candidates(const Line& line) const;
  std::vector<Pick> choose(const Line& line) const;
  bool is_for(const Line& line, const Kind& kind) const;
  bool is_held(const Line& line, const Kind& kind) const;
  bool is_loud(const Kind& kind) const;
  Level level_of(const Kind& kind) const;
  bool is_quiet_now() const;
  void finish_if_over(store::OutboxMessage& message,
                      const std::vector<store::Delivery>& deliveries) const;

  PumpParts parts_;
  Log log_;
  std::vector<std::unique_ptr<Line>> lines_;
  SwitchState switched_;
  bool is_hurried_ = false;
};

}  // namespace bb::notify
