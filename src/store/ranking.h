// Ranking: the board that a run chose from, so that anybody can ask later why this coin and not
// that one. A row of the journal, named by its run.
#pragma once

#include <string>
#include <vector>

#include "store/records.h"

namespace bb::store {

struct RankedContract {
  int rank = 0;  // by change since 00:00 UTC, highest = 1
  Symbol symbol;
  Ratio change;
  Price last;
  /// "picked"; "held": a position, or an order of unknown fate; "ordered": by this slot before;
  /// "price": not believed; "below": enough others stood higher.
  std::string verdict;
  std::string reason;  // of "price"
};

struct Ranking {
  int universe = 0;                       // tradable contracts that were considered
  int without_open = 0;                   // no bar at midnight
  int rescaled = 0;                       // more than five times away from the day's open
  std::vector<RankedContract> contracts;  // the top of it

  bool empty() const { return contracts.empty(); }
};

inline constexpr const char* kRankingSource = "ranking";  // of the journal

JournalRow journal_row(const Run& run, const Ranking& ranking);
/// Of such a row's body; lines that are none are left out.
Ranking parse_ranking(std::string_view body);

}  // namespace bb::store
