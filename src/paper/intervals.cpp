#include "paper/intervals.h"

#include <algorithm>

#include "paper/words.h"

namespace bb::paper {

namespace {

using std::chrono::days;

constexpr days kWeek{7};
constexpr days kMondayBeforeEpoch{3};  // 1970-01-01 was a Thursday

TimePoint month_of(TimePoint t, std::chrono::months later) {
  const std::chrono::year_month_day day{std::chrono::floor<days>(t)};
  const auto month = std::chrono::year_month(day.year(), day.month()) + later;
  return std::chrono::sys_days(month / 1);
}

void join(exchange::Kline& bar, const exchange::Kline& part) {
  bar.high = std::max(bar.high, part.high);
  bar.low = std::min(bar.low, part.low);
  bar.close = part.close;
  bar.volume += part.volume;
  bar.quote_volume += part.quote_volume;
}

std::vector<exchange::Kline> plain_bars(const sim::Market& market, BarsOf of, Symbol symbol,
                                        Millis span, TimePoint from, TimePoint to,
                                        std::size_t limit, TimePoint now) {
  return of == BarsOf::mark ? market.mark_klines(symbol, span, from, to, limit, now)
                            : market.klines(symbol, span, from, to, limit, now);
}

/// Weeks and months, joined from days.
std::vector<exchange::Kline> join_days(const sim::Market& market, BarsOf of, Symbol symbol,
                                       const Interval& interval, std::optional<TimePoint> from,
                                       TimePoint to, std::size_t limit, TimePoint now) {
  TimePoint first = from.value_or(TimePoint{});
  if (interval.open_of(first) < first) first = interval.next(interval.open_of(first));
  std::vector<exchange::Kline> bars;
  const TimePoint last = interval.next(interval.open_of(std::min(to, now))) - Millis(1);
  const auto all = plain_bars(market, of, symbol, days(1), first, last, SIZE_MAX, now);
  for (const auto& day : all) {
    const TimePoint open = interval.open_of(day.open_time);
    if (open > to) break;
    if (!bars.empty() && bars.back().open_time == open) {
      join(bars.back(), day);
      continue;
    }
    if (from && bars.size() == limit) break;
    bars.push_back(day);
    bars.back().open_time = open;
  }
  if (bars.size() > limit)
    bars.erase(bars.begin(), bars.end() - static_cast<std::ptrdiff_t>(limit));
  return bars;
}

}  // namespace

TimePoint Interval::open_of(TimePoint t) const {
  switch (unit) {
    case Unit::span: {
      const auto since = t.time_since_epoch();
      return TimePoint(since - since % span);
    }
    case Unit::week: {
      const auto since = t.time_since_epoch() + kMondayBeforeEpoch;
      return TimePoint(since - since % Millis(kWeek) - kMondayBeforeEpoch);
    }
    case Unit::month:
      return month_of(t, std::chrono::months(0));
  }
  std::unreachable();
}

TimePoint Interval::next(TimePoint open) const {
  return unit == Unit::month ? month_of(open, std::chrono::months(1)) : open + span;
}

std::optional<Interval> parse_kline_interval(std::string_view text) {
  if (text == "1w") return Interval{Interval::Unit::week, kWeek};
  if (text == "1M") return Interval{Interval::Unit::month, days(31)};
  const auto span = parse_interval(text);
  return span ? std::optional(Interval{Interval::Unit::span, *span}) : std::nullopt;
}

std::vector<exchange::Kline> find_bars(const sim::Market& market, BarsOf of, Symbol symbol,
                                       const Interval& interval, std::optional<TimePoint> from,
                                       TimePoint to, std::size_t limit, TimePoint now) {
  if (interval.unit != Interval::Unit::span)
    return join_days(market, of, symbol, interval, from, to, limit, now);
  const TimePoint newest = interval.open_of(std::min(to, now));
  const TimePoint start =
      from.value_or(newest - interval.span * (static_cast<std::int64_t>(limit) - 1));
  return plain_bars(market, of, symbol, interval.span, start, to, limit, now);
}

}  // namespace bb::paper
