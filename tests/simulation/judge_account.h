// What the judge remembers of one account.
#pragma once

#include "simulation/judge.h"

namespace bb::simulation {

struct Judge::Account {
  Account(const AccountPlan& p, int n) : plan(p), number(n), ids(p.alias, "paper") {}

  long top_n() const { return number_of("BUBBLE_BUSTER_STRATEGY_TOP_N", 10); }
  bool may_enter() const {
    const auto found = plan.settings.find("BUBBLE_BUSTER_RUNTIME_ENTRY_ENABLED");
    return found == plan.settings.end() || found->second != "false";
  }
  long number_of(const char* key, long otherwise) const {
    const auto found = plan.settings.find(key);
    return found == plan.settings.end() ? otherwise : std::stol(found->second);
  }

  const AccountPlan& plan;
  int number;
  ClientOrderIds ids;
  std::map<Leg, Qty> positions;
  std::set<Leg> tracked;           // opened by us
  std::map<Leg, SteadyTime> bare;  // without a stop, since then
  std::map<std::int64_t, ClientOrderIds::Decoded> children;
  std::map<std::tuple<TimePoint, Symbol, OrderKind>, std::set<std::int64_t>> entries;
  std::map<std::string, std::string> sent;  // id -> parameters
  std::map<Leg, Micros> loose;              // its stop behind the liquidation, for so long
  std::map<Leg, Micros> borne;              // of that time, what counts
  SteadyTime disturbed{}, looked{};
  TimePoint banned_until{};
  Usdt income;
  int placements = 0;
};

}  // namespace bb::simulation
