// Samples and roll-ups of the equity curve, and the flows that are no result.
#include <algorithm>
#include <array>

#include "store/impl/reader_state.h"

namespace bb::store {

namespace {

// As migration 4 has them.
constexpr std::array kSpans{Millis(300'000), Millis(1'800'000), Millis(14'400'000),
                            Millis(86'400'000)};

constexpr const char* kSamples =
    "SELECT captured_at_utc, balance_usdt FROM wallet_snapshots WHERE captured_at_utc >= ? AND "
    "captured_at_utc <= ? AND error IS NULL ORDER BY captured_at_utc, id";

using Point = TimedAmount;

Point point_of(RowReader& in) {
  const TimePoint at = in.time();
  return {at, in.amount<Usdt>()};
}

/// First, lowest, highest, last in the order of their times; each instant once.
void append_span(std::vector<Point>& points, RowReader& in) {
  std::array<Point, 4> span;
  for (auto& each : span)
    each = point_of(in);
  std::ranges::sort(span, {}, &Point::at);
  for (const auto& each : span)
    if (points.empty() || points.back().at < each.at) points.push_back(each);
}

}  // namespace

// Whole spans of a level from the roll-ups, the parts at both ends from the finer ones, in the end
// sample by sample: an extreme just outside of the window is not shown in it, and one just inside
// is.
Status Reader::append_curve(State& state, TimePoint from, TimePoint until, std::ptrdiff_t level,
                            std::vector<TimedAmount>& points) {
  if (from > until) return {};
  if (level < 0) {
    const auto samples = state.query<Point>(kSamples, {value(from), value(until)}, point_of);
    if (!samples) return std::unexpected(samples.error());
    points.insert(points.end(), samples->begin(), samples->end());
    return {};
  }
  const std::int64_t span = kSpans.at(static_cast<std::size_t>(level)).count();
  const std::int64_t first_whole = (to_ms(from) + span - 1) / span;
  const std::int64_t end_whole = (to_ms(until) + 1) / span;
  if (first_whole >= end_whole) return append_curve(state, from, until, level - 1, points);
  const Millis one{1};
  if (auto added = append_curve(state, from, from_ms(first_whole * span) - one, level - 1, points);
      !added)
    return added;
  const auto done = state.query<int>(
      "SELECT first_at, first_usdt, min_at, min_usdt, max_at, max_usdt, last_at, last_usdt "
      "FROM equity_rollups WHERE span_ms = ? AND bucket >= ? AND bucket < ? ORDER BY bucket",
      {value(span), value(first_whole), value(end_whole)}, [&](RowReader& in) {
        append_span(points, in);
        return 0;
      });
  if (!done) return std::unexpected(done.error());
  return append_curve(state, from_ms(end_whole * span), until, level - 1, points);
}

Result<Curve> Reader::load_curve(TimePoint since, TimePoint until, std::size_t rows_max) {
  Curve curve;
  // Ids grow with time, so their difference is about the number of samples.
  const auto id_at = [&](const char* select, TimePoint at) {
    return state_->query<std::int64_t>(select, {value(at)},
                                       [](RowReader& in) { return in.integer(); });
  };
  const auto first = id_at(
      "SELECT id FROM wallet_snapshots WHERE captured_at_utc >= ? ORDER BY captured_at_utc LIMIT 1",
      since);
  if (!first) return std::unexpected(first.error());
  const auto last = id_at(
      "SELECT id FROM wallet_snapshots WHERE captured_at_utc <= ? ORDER BY captured_at_utc DESC "
      "LIMIT 1",
      until);
  if (!last) return std::unexpected(last.error());
  if (first->empty() || last->empty()) return curve;
  const std::int64_t count = last->front() - first->front() + 1;
  if (count <= static_cast<std::int64_t>(rows_max)) {
    auto points = state_->query<Point>(kSamples, {value(since), value(until)}, point_of);
    if (!points) return std::unexpected(points.error());
    curve.points = std::move(*points);
    return curve;
  }
  const auto begin = load_first_sample_time();
  if (!begin) return std::unexpected(begin.error());
  const TimePoint from = std::max(since, begin->value_or(since));
  const auto rows = static_cast<std::int64_t>(std::max<std::size_t>(rows_max, 1));
  const auto* const fits =
      std::ranges::find_if(kSpans, [&](Millis span) { return (until - from) / span <= rows; });
  curve.resolution = fits == kSpans.end() ? kSpans.back() : *fits;
  const auto level = std::ranges::find(kSpans, curve.resolution) - kSpans.begin();
  if (auto added = append_curve(*state_, from, until, level, curve.points); !added)
    return std::unexpected(added.error());
  return curve;
}

Result<std::optional<WalletSnapshot>> Reader::load_last_snapshot() {
  return first_of(state_->rows<WalletSnapshot>(
      snapshots_table().select("WHERE error IS NULL ORDER BY captured_at_utc DESC LIMIT 1"), {}));
}

Result<std::optional<TimePoint>> Reader::load_first_sample_time() {
  return first_of(state_->query<TimePoint>(
      "SELECT captured_at_utc FROM wallet_snapshots ORDER BY captured_at_utc LIMIT 1", {},
      [](RowReader& in) { return in.time(); }));
}

Result<std::vector<TimedAmount>> Reader::load_flows(const std::string& asset) {
  return state_->query<Point>(
      "SELECT event_time_utc, amount FROM cashflow_events WHERE asset = ? ORDER BY event_time_utc",
      {value(asset)}, point_of);
}

Result<std::vector<IncomeRecord>> Reader::load_cashflows(int limit) {
  return state_->query<IncomeRecord>(
      "SELECT income_type, tran_id, asset, amount, symbol, info, event_time_utc FROM "
      "cashflow_events ORDER BY event_time_utc DESC LIMIT ?",
      {value(limit)}, [](RowReader& in) {
        IncomeRecord row;
        row.type = in.text();
        row.transaction_id = in.integer();
        row.asset = in.text();
        row.amount = in.amount<Usdt>();
        row.symbol = in.text();
        row.info = in.text();
        row.time = in.time();
        row.is_cashflow = true;
        return row;
      });
}

}  // namespace bb::store
