// The patrol: compares what the exchange has with what it should have, and mends. TP and SL by real
// fills, external closes, time-out, dynamic stop, missing protection, orphans.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "desk/desk.h"
#include "trading/settings.h"

namespace bb::trading {

struct PatrolReport {
  int total = 0;  // holdings looked at
  int closed_tp = 0;
  int closed_sl = 0;
  int closed_timeout = 0;
  int closed_external = 0;
  int closed_risk_off = 0;
  int updated_sl = 0;
  int restored = 0;  // protective orders that were missing
  int adopted = 0;   // positions of unresolved orders of ours
  int swept = 0;     // orphan orders cancelled
  int errors = 0;
  bool unreadable = false;   // the account could not be read: nothing was concluded
  bool tell_errors = false;  // new or different errors, or the same for an hour
  bool anything_to_tell() const {
    return closed_tp + closed_sl + closed_timeout + closed_external + closed_risk_off + restored +
                   adopted >
               0 ||
           tell_errors;
  }
};

class Patrol {
 public:
  Patrol(desk::Desk& desk, const Settings& settings);
  ~Patrol();
  /// One round over the account. Two requests when all is well, whatever the number of positions.
  Task<PatrolReport> run_once();
  /// The same for some symbols, or for all of them, without settling and sweeping: after an event.
  Task<PatrolReport> look_at(std::optional<std::set<Symbol>> symbols);
  /// Positions of ours that stood without a live stop at the last look, since when.
  const std::map<Symbol, SteadyTime>& naked() const;
  /// Positions whose close the exchange does not take for now (overload, lost answers): to be tried
  /// again every few seconds for as long as they stand (F07).
  const std::map<Symbol, SteadyTime>& busy() const;
  /// Halts the account when one of these carries an id of ours that nobody here gave out.
  Task<void> judge_foreign(std::vector<exchange::OrderView> orders);
  /// Something was absent that only a second round, two seconds later, may believe.
  bool wants_second_look() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bb::trading
