// Bar intervals of the kline endpoints: fixed spans aligned to the epoch, weeks that begin on
// Monday, calendar months; all in UTC.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sim/market.h"

namespace bb::paper {

struct Interval {
  enum class Unit { span, week, month };
  Unit unit = Unit::span;
  Millis span{60'000};  // of a month: its longest

  /// Where the bar that holds `t` opens.
  TimePoint open_of(TimePoint t) const;
  /// Where the bar after the one that opens at `open` opens.
  TimePoint next(TimePoint open) const;
};

/// "1m" .. "1M".
std::optional<Interval> parse_kline_interval(std::string_view text);

/// Which price bars are of.
enum class BarsOf { executions, mark };

/// Bars that open in [from, to], ascending: the first `limit` of them, or the newest `limit` where
/// there is no `from`. Only what has happened by `now`.
std::vector<exchange::Kline> find_bars(const sim::Market& market, BarsOf of, Symbol symbol,
                                       const Interval& interval, std::optional<TimePoint> from,
                                       TimePoint to, std::size_t limit, TimePoint now);

}  // namespace bb::paper
