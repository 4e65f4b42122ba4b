// StopsFirst: strategies that a flatten stops before it closes, and what they trade with. A runner
// that does not answer holds up a flatten by its answer limit, and no longer.
#pragma once

#include <memory>

#include "bot/audit.h"
#include "bot/screens.h"

namespace bb::bot {

/// What an account holds and has resting, as HTML lines; why not, where it cannot be read.
Task<std::string> exposure_words(Language in, AccountPort& account);

class StopsFirst {
 public:
  StopsFirst(Parts& parts, Audit& audit) : parts_(parts), audit_(audit) {}

  /// Names of the declared strategies that trade on the account and that this user may stop.
  static std::vector<std::string> bound_to(const Parts& parts, std::int64_t user,
                                           const std::string& account);

  /// Their names with their states as last read, as HTML; asks no runner.
  static std::string bound_words(const Parts& parts, std::int64_t user,
                                 const std::vector<AccountPort*>& accounts);

  /// Of these accounts; called before anything else, at most once.
  void plan(const std::vector<AccountPort*>& accounts);
  bool is_planned() const { return !stops_.empty(); }
  /// Stops them all, to the end.
  Task<void> run(Person person, std::int64_t chat, std::int64_t update);
  /// Until those of the account are down, or the limit has passed.
  Task<void> wait_for(const AccountPort& account);
  /// After closing: what is open where a strategy was not down in time, and may have opened again.
  Task<void> look_again(Language in);
  /// Something to say beneath the account's result; empty where nothing was planned.
  std::string words(Language in, const AccountPort& account) const;

 private:
  struct StopOf;
  Task<void> stop(StopOf& one, Person person, std::int64_t chat, std::int64_t update);
  StopOf* find(const AccountPort& account) const;

  Parts& parts_;
  Audit& audit_;
  std::vector<std::shared_ptr<StopOf>> stops_;
};

}  // namespace bb::bot
