// The inside of Entry: the plan of one slot, and what became of each pick. Shared by the three
// files that make it (planning, orders, the journey).
#pragma once

#include <optional>
#include <set>

#include "store/ranking.h"
#include "trading/entry.h"
#include "trading/jump_guard.h"

namespace bb::trading {

struct Pick {
  Symbol symbol;
  Price reference;  // the price it is sized with
  Usdt notional;
};

struct Plan {
  std::string trade_day;
  SteadyTime made{};
  Usdt available;
  std::vector<Pick> picks;
  int skipped_existing = 0;
  std::vector<std::string> details;  // contracts that were passed over, and why
  std::string why;                   // per pick: "SYMBOL RANK CHANGE\n", the change as a ratio
  store::Ranking ranking;
  int unproved = 0;  // ordered by this slot before, and without a holding
};

struct Opened {
  enum class Kind {
    stands,
    refused,
    unknown,
    closed,     // could not be protected
    unguarded,  // neither protected nor closed
  } kind = Kind::refused;
  Pick pick;
  std::int64_t holding_id = 0;
  Usdt used;
  std::string text;
};

std::string run_id_of(const std::string& trade_day);

/// A doubt that came up just now is settled within a few round trips: waited for, not failed at.
Task<void> wait_for_certainty(desk::Desk& desk);

struct Entry::State {
  State(desk::Desk& d, const Settings& s) : desk(d), settings(s) {}

  desk::Desk& desk;
  const Settings& settings;
  Opens opens;
  TimePoint opens_day{};
  std::optional<Plan> plan;
  JumpGuard levels;  // of prices, between plans

  std::string run_id;
  std::string trade_day;
  std::string why;         // of the plan that is carried out
  store::Ranking ranking;  // and what it was made from

  Task<Status> load_opens(EntrySlot slot);
  Task<Result<Plan>> make_plan(EntrySlot slot, bool wide);
  Task<Status> set_up_symbols(std::vector<Symbol> symbols);
  std::string price_problem(const Gainer& gainer, const std::map<Symbol, Price>& marks,
                            const std::set<Symbol>& jumped) const;
  std::set<Symbol> taken(const std::vector<exchange::Position>& positions,
                         const std::string& day) const;
  bool is_ordered(const std::string& day, Symbol symbol) const;
  bool has_holding(const std::string& day, Symbol symbol) const;
  Task<Opened> open_one(Pick pick);
  Task<desk::EntryResult> short_with_shrinking(const Pick& pick, desk::OnFill on_fill);
  Task<void> stand_up(Opened& opened, Qty filled);
  Task<void> redistribute(std::vector<Opened>& opened, EntryReport& report);
  Task<void> follow_growth(store::Holding holding, Price reference);
  Task<std::string> add_to(Opened target, Usdt notional);
  EntryReport summarize(const std::vector<Opened>& opened) const;
  Task<EntryReport> finish(EntrySlot slot, store::Run run, EntryReport report, Usdt available);
  Task<EntryReport> trade(const Plan& made);
};

}  // namespace bb::trading
