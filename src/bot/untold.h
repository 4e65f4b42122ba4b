// Untold: what came of commands and could not be told yet, because Telegram did not take a word.
// Kept in ops.db, told when it listens again, also by the next process. What is never told stands
// in the audit.
#pragma once

#include <vector>

#include "bot/audit.h"
#include "bot/messenger.h"

namespace bb::bot {

class Untold {
 public:
  Untold(store::OpsStore& ops, Messenger& messenger, Audit& audit, Clock& clock, const Log& log)
      : ops_(ops), messenger_(messenger), audit_(audit), clock_(clock), log_(log) {}

  /// Takes up what an earlier process left.
  void load();
  /// Tried again no sooner than `pause` from now.
  void add(store::UntoldResult result, Micros pause, const std::string& problem);
  /// Tries those whose time has come.
  Task<void> tell();
  /// Whether the result of that update waits here.
  bool has(std::int64_t update) const;

 private:
  struct Waiting {
    store::UntoldResult result;
    SteadyTime due{};
    Micros pause{0};
  };

  void drop(const store::UntoldResult& result, const std::string& outcome);

  store::OpsStore& ops_;
  Messenger& messenger_;
  Audit& audit_;
  Clock& clock_;
  const Log& log_;
  std::vector<Waiting> waiting_;
};

}  // namespace bb::bot
