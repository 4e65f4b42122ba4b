// The inside of Patrol, shared by the files that make it: the round, the mending, the adopting.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "desk/standing.h"
#include "trading/jump_guard.h"
#include "trading/patrol.h"

namespace bb::trading {

struct Patrol::State {
  State(desk::Desk& d, const Settings& s) : desk(d), settings(s) {}

  desk::Desk& desk;
  const Settings& settings;
  std::map<std::int64_t, SteadyTime> absent_since;  // holding id -> first read without it
  std::map<std::string, SteadyTime> orphan_since;   // client order id -> first seen without one

  std::map<Symbol, SteadyTime> naked;  // without a live stop, since when
  std::map<Symbol, SteadyTime> busy;   // closes that do not get through, since when
  JumpGuard marks;
  std::map<std::int64_t, int> cancelled_by_hand;  // stops, by holding id
  std::set<std::string> foreign;                  // ids that were judged
  desk::Turns rounds;                             // one round at a time

  int last_errors = 0;  // of the round before
  SteadyTime told{};    // when errors were last told

  void judge_errors(PatrolReport& report);

  // Closes that keep failing are tried after 1, 2, 4, 8, 16 minutes.
  struct Retry {
    int failures = 0;
    SteadyTime not_before{};
  };
  std::map<std::int64_t, Retry> retries;
  bool may_try(std::int64_t holding_id) const;
  void back_off(std::int64_t holding_id);

  struct View {
    std::vector<exchange::Position> positions;
    std::vector<exchange::OrderView> orders;
  };

  Task<bool> read(View& view, PatrolReport& report);
  Task<bool> visit(store::Holding holding, const View& view, PatrolReport& report);
  Task<void> look_after(store::Holding seen, const View& view, PatrolReport& report);
  Task<void> handle_absent(store::Holding holding, PatrolReport& report);
  Task<void> guard(store::Holding holding, const exchange::Position& position, const View& view,
                   PatrolReport& report);
  Task<void> mend_stop(store::Holding& holding, const desk::Standing& standing, Price wanted,
                       PatrolReport& report);
  Task<void> sweep_covers(const store::Holding& holding, const desk::Standing& standing,
                          const View& view, PatrolReport& report);
  Task<void> mend_take_profit(store::Holding& holding, const desk::Standing& standing,
                              PatrolReport& report);
  Task<void> adopt(const View& view, PatrolReport& report);
  Task<std::optional<TimePoint>> find_fill(const store::Intent& intent, Qty qty);
  Task<bool> try_adopting(store::Intent intent, PatrolReport& report);
  Task<void> adopt_one(store::Intent intent, PatrolReport& report);
  Task<void> judge_foreign(std::vector<exchange::OrderView> orders);
  Task<void> keep_trying(Symbol symbol);
  Task<void> count_cancel(const store::Holding& before);
  bool is_sane(Symbol symbol, Price mark);
  void forget_gone();
  Task<void> sweep(const View& view, PatrolReport& report);
  std::optional<store::Intent> find_entry_intent(Symbol symbol) const;
  bool is_somebody_elses(const store::Intent& intent, const exchange::Position& position) const;
};

}  // namespace bb::trading
