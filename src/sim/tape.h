// Tape: the public executions of a market that has recorded bars only. Each is a pure function of
// (symbol, number): asked twice, at any later time, the same rows come with the same ids, and every
// window is a piece of one sequence.
//
// Of each contract four executions happen in every block of two seconds, in three groups of one,
// two and one that share time, price and side (what the exchange calls an aggregate). Their
// instants and sides are drawn from the symbol and the number; the price is the path's at that
// instant, so executions stay within the bars; the quantities of a block sum to what the bar's
// volume says of two seconds, up to the rounding to whole steps and at least one step each. Ids
// count the blocks since 2019-09-01, so they never stop growing and neither do those of the groups.
// A contract has executions from its listing to its last bar.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/market.h"

namespace bb::sim {

struct TapeRow {
  std::int64_t id = 0;
  TimePoint time{};
  Price price;
  Qty qty;
  bool buyer_is_maker = false;
};

/// Executions of one taker at one price and instant: ids `first` to `last`.
struct TapeGroup {
  std::int64_t id = 0;
  std::int64_t first = 0, last = 0;
  TimePoint time{};
  Price price;
  Qty qty;
  bool buyer_is_maker = false;
};

class Tape {
 public:
  /// The market outlives the tape.
  explicit Tape(const Market& market) : market_(market) {}

  // Rows and groups with ids from `id` on, the first `limit`, of what has happened by `now`.
  std::vector<TapeRow> rows(Symbol symbol, std::int64_t id, std::size_t limit, TimePoint now) const;
  std::vector<TapeGroup> groups(Symbol symbol, std::int64_t id, std::size_t limit,
                                TimePoint now) const;
  /// The id of the first row (group) at or after `t`; the one before it is the newest before `t`.
  static std::int64_t first_row_at(Symbol symbol, TimePoint t);
  static std::int64_t first_group_at(Symbol symbol, TimePoint t);
  /// The newest row by `now`; of a delisted contract its last one. Nothing before listing.
  std::optional<TapeRow> newest(Symbol symbol, TimePoint now) const;

 private:
  /// Nothing for what has not happened by `now`; `each(row)` for every row of it.
  template <class Each>
  std::optional<TapeGroup> group(Symbol symbol, std::int64_t id, TimePoint now, Decimal step,
                                 Each each) const;

  const Market& market_;
};

}  // namespace bb::sim
