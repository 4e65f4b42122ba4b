// Caretaker: what the bot's process does about the holder of one account, beside it and without a
// word to the exchange. It tells people when the service is down or late; and it delivers what
// stands in the account's outbox while nobody holds the account.
//
// It reads the account's lock, asks its door for a sign of life, and opens its database only under
// the account's own lock, for moments: whoever wants the account waits for a letter, no longer.
#pragma once

#include <functional>
#include <string>

#include "app/mailroom.h"
#include "app/session.h"
#include "bot/service_watch.h"
#include "store/ops_store.h"

namespace bb::app {

class Caretaker {
 public:
  /// `session` is the account's own, `ops` remembers what was told; both outlive it. `tell` takes
  /// an alert.
  Caretaker(Session& session, std::string name, store::OpsStore& ops, Micros patience,
            std::function<void(store::OutboxMessage)> tell);
  /// Until the session's stop.
  Task<void> run();

 private:
  Task<void> look(std::string home);
  Task<bool> is_late(std::string home);
  void report(const bot::ServiceNews& news);
  const notify::Channels& channels();
  /// Whether something may be shown now, by the files alone.
  bool has_due(const std::string& home, const std::string& database);
  /// When something that waits there may be shown next.
  TimePoint due_of(const store::Store& store);
  Task<void> deliver(std::string home);
  Task<void> deliver_from(std::string home, std::string database);

  Session& session_;
  std::string name_;
  store::OpsStore& ops_;
  std::function<void(store::OutboxMessage)> tell_;
  std::optional<notify::Channels> channels_;
  bot::ServiceWatch watch_;
  std::string saved_;
  std::optional<bool> late_;  // as the holder said last
  SteadyTime asked_{};        // when it was asked for that
  std::optional<SteadyTime> free_since_;
  std::string database_state_;  // as it was when it was looked through
  TimePoint next_due_{};
  SteadyTime not_before_{};
  int failures_ = 0;
};

}  // namespace bb::app
