#include <fmt/format.h>

#include <algorithm>

#include "sim/impl/market_feed.h"

namespace bb::sim::impl {

namespace {

TimePoint boundary_after(TimePoint t, Millis interval) {
  return from_ms((to_ms(t) + interval.count() - 1) / interval.count() * interval.count());
}

Millis interval_of(const std::vector<Market::Funding>& recorded) {
  Millis shortest = kFundingInterval;
  for (std::size_t i = 1; i < recorded.size(); ++i)
    shortest = std::min(shortest, recorded[i].time - recorded[i - 1].time);
  return std::max<Millis>(shortest, Hours(1));
}

}  // namespace

Result<Window> window_of(TimePoint recorded_begin, TimePoint recorded_end,
                         const MarketOptions& options) {
  Window window{recorded_begin, recorded_end};
  if (options.begin != TimePoint{}) window.begin = options.begin;
  if (options.end != TimePoint{})
    window.end = options.end;
  else if (options.length.count() > 0)
    window.end = std::min(recorded_end, window.begin + options.length);
  if (window.begin < recorded_begin || window.end > recorded_end || window.begin >= window.end)
    return fail(ErrorKind::configuration,
                fmt::format("{} .. {} is not within the recorded time {} .. {}",
                            iso_seconds(window.begin), iso_seconds(window.end),
                            iso_seconds(recorded_begin), iso_seconds(recorded_end)));
  return window;
}

Millis shift_of(const Window& window, const MarketOptions& options) {
  if (options.begin_on == TimePoint{}) return options.shift;
  return utc_midnight(options.begin_on) - utc_midnight(window.begin);
}

void fill_funding(Column& column, const std::vector<Market::Funding>& recorded, TimePoint end) {
  // The interval is read from the whole record, also where it lies outside these days.
  if (!recorded.empty()) column.funding_interval = interval_of(recorded);
  const auto fill = [&](TimePoint from, TimePoint to) {
    for (TimePoint at = boundary_after(from, column.funding_interval); at <= to;
         at += column.funding_interval)
      column.funding.push_back({at, default_funding_rate()});
  };
  std::vector<Market::Funding> inside;
  for (const auto& settlement : recorded)
    if (settlement.time >= column.first && settlement.time <= end) inside.push_back(settlement);
  if (inside.empty()) return fill(column.first, end);
  const Millis half = column.funding_interval / 2;
  fill(column.first, inside.front().time - half);
  column.funding.insert(column.funding.end(), inside.begin(), inside.end());
  fill(inside.back().time + half, end);
}

}  // namespace bb::sim::impl
