// Watch: looks after what has just happened, and makes sure that nothing stands naked. Events name
// symbols; the watch looks at them with the patrol's own eyes, so an event that is lost, late or
// told twice changes when something is done, never what.
//
// The account is read only when there is a reason: an event, a position that stands naked (every
// second), a doubt (reconcile), or half a minute without any look.
#pragma once

#include <map>
#include <optional>

#include "trading/patrol.h"

namespace bb::trading {

class Watch {
 public:
  Watch(desk::Desk& desk, Patrol& patrol);

  /// What an event means for the watch; facts are recorded by desk::record_change().
  void note(const exchange::AccountEvent& event);
  /// Notices a suspend, or a clock that was set; to be asked often, costs nothing.
  void check_clock();
  /// When look() has something to do, should no event come before.
  SteadyTime due() const;
  /// Does what is due: reconciles when the account is in doubt, else looks at the symbols that were
  /// named, or at everything. The report is what patrols report.
  Task<PatrolReport> look();

 private:
  void note_symbol(Symbol symbol, Micros after = Micros(0));
  void note_order(const exchange::OrderChanged& change);
  Micros pace() const;
  std::set<Symbol> take_due();
  Task<PatrolReport> reconcile_again();
  Task<void> judge_naked();

  desk::Desk& desk_;
  Patrol& patrol_;
  std::map<Symbol, SteadyTime> wanted_;  // symbol -> not before
  std::vector<exchange::OrderView> foreign_;
  struct Alarm {
    std::string kind, title, body;
  };
  std::vector<Alarm> alarms_;
  std::map<Symbol, SteadyTime> alarmed_;  // naked ones that people were told of
  SteadyTime looked_{};                   // at everything
  SteadyTime tried_{};                    // closes that do not get through
  SteadyTime not_before_{};               // after a reconcile that failed
  int failures_ = 0;
  std::optional<Micros> wall_ahead_;  // wall clock less steady clock
};

}  // namespace bb::trading
