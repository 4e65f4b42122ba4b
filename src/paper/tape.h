// The tape: the public trades of a contract, made from the market's path. Every 100 ms of exchange
// time hold one aggregate trade of two single ones, with a share of the minute's volume, at the
// price where the path then is. A function of symbol and time: whoever asks sees the same trades.
// Trades of accounts are not on it.
#pragma once

#include <vector>

#include "sim/market.h"

namespace bb::paper {

constexpr Millis kTapeGrid{100};

struct TapeTrade {
  std::int64_t id = 0;  // of the aggregate; its single trades are first_id and first_id + 1
  std::int64_t first_id = 0;
  TimePoint time{};
  Price price;
  Qty qty;
  Qty first_qty;  // of the first of the two; it may be all
  bool buyer_is_maker = false;
};

/// Aggregate trades in (after, until], the newest `limit` of them.
std::vector<TapeTrade> read_tape(const sim::Market& market, Symbol symbol, TimePoint after,
                                 TimePoint until, std::size_t limit);
/// The id that a single trade at that instant has, or would have.
std::int64_t tape_id_at(TimePoint t);

}  // namespace bb::paper
