// SecondFactor: whether a person who wants to add risk is really the one he was (reliability §5
// S1): a code of his authenticator app, each good once, or another admin.
#pragma once

#include "bot/access.h"
#include "store/ops_store.h"

namespace bb::bot {

class SecondFactor {
 public:
  SecondFactor(const Access& access, store::OpsStore& ops, Clock& clock)
      : access_(access), ops_(ops), clock_(clock) {}

  /// Whether this person has an authenticator.
  bool knows(std::int64_t user) const;

  enum class Verdict {
    accepted,  // and used up
    wrong,
    locked,  // five wrong ones in a row: none is looked at for 15 minutes
    none,    // he has no authenticator, or ops.db does not answer
  };
  Verdict check(std::int64_t user, std::string_view code);

 private:
  const Access& access_;
  store::OpsStore& ops_;
  Clock& clock_;
};

}  // namespace bb::bot
