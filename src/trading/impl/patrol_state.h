// The inside of Patrol, shared by the files that make it: the round, the mending, the adopting.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "trading/patrol.h"

namespace bb::trading {

// What stands for one holding.
struct Standing {
  const exchange::OrderView* full_stop = nullptr;  // C
  const exchange::OrderView* qty_stop = nullptr;   // Q
  const exchange::OrderView* take_profit = nullptr;
};

struct Patrol::State {
  State(desk::Desk& d, const Settings& s) : desk(d), settings(s) {}

  desk::Desk& desk;
  const Settings& settings;
  std::map<std::int64_t, SteadyTime> absent_since;  // holding id -> first read without it
  std::map<std::string, SteadyTime> orphan_since;   // client order id -> first seen without one

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

  Task<bool> visit(store::Holding holding, const View& view, PatrolReport& report);
  Task<void> look_after(store::Holding seen, const View& view, PatrolReport& report);
  Task<void> handle_absent(store::Holding holding, PatrolReport& report);
  Task<void> guard(store::Holding holding, const exchange::Position& position, const View& view,
                   PatrolReport& report);
  Task<void> mend_stop(store::Holding& holding, const Standing& standing, Price wanted,
                       PatrolReport& report);
  Task<void> mend_take_profit(store::Holding& holding, const Standing& standing,
                              PatrolReport& report);
  Task<void> adopt(const View& view, PatrolReport& report);
  Task<std::optional<TimePoint>> find_fill(const store::Intent& intent, Qty qty);
  Task<void> adopt_one(store::Intent intent, PatrolReport& report);
  Task<void> sweep(const View& view, PatrolReport& report);
  std::optional<store::Intent> find_entry_intent(Symbol symbol) const;
  bool is_somebody_elses(const store::Intent& intent, const exchange::Position& position) const;
};

}  // namespace bb::trading
