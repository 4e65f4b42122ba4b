#include "paper/tape.h"

#include <algorithm>

namespace bb::paper {

namespace {

// Ids count the cells since a fixed day, so they grow and need no memory.
constexpr std::int64_t kFirstCell = 1'577'836'800'000 / 100;  // 2020-01-01
constexpr double kCellsPerMinute = 600;

std::int64_t cell_of(TimePoint t) { return to_ms(t) / kTapeGrid.count() - kFirstCell; }

TimePoint time_of(std::int64_t cell) { return from_ms((cell + kFirstCell) * kTapeGrid.count()); }

/// A well mixed number of (symbol, cell).
std::uint64_t mixed(Symbol symbol, std::int64_t cell) {
  std::uint64_t x = static_cast<std::uint64_t>(cell) * 0x9e3779b97f4a7c15ULL;
  for (const char c : symbol.str())
    x = (x ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  x ^= x >> 31;
  x *= 0xbf58476d1ce4e5b9ULL;
  return x ^ x >> 29;
}

Qty share_of(double base_per_minute, double part, Decimal step) {
  const double raw =
      base_per_minute / kCellsPerMinute * part * static_cast<double>(Decimal::kScale);
  const auto qty =
      Decimal::from_raw(static_cast<std::int64_t>(std::clamp(raw, 0.0, 9e17))).floor_to(step);
  return Qty(qty);
}

}  // namespace

std::int64_t tape_id_at(TimePoint t) { return 2 * cell_of(t); }

std::vector<TapeTrade> read_tape(const sim::Market& market, Symbol symbol, TimePoint after,
                                 TimePoint until, std::size_t limit) {
  std::vector<TapeTrade> trades;
  const auto rules = market.find_rules(symbol, until);
  if (!rules || limit == 0) return trades;
  const Decimal step = rules->lot.step.value();
  const auto last = cell_of(until);
  const auto first = std::max(cell_of(after) + 1, last - static_cast<std::int64_t>(limit) + 1);
  for (auto cell = first; cell <= last; ++cell) {
    const TimePoint at = time_of(cell);
    const auto point = market.last(symbol, at);
    if (!point || point->time < at) continue;
    const auto random = mixed(symbol, cell);
    const double part = 0.2 + static_cast<double>(random % 1024) / 1024 * 1.6;
    const Qty qty = share_of(market.liquidity(symbol, at).base_per_minute, part, step);
    if (qty.is_zero()) continue;
    Qty half(Decimal::div(qty.value(), Decimal::from_int(2), Rounding::down).floor_to(step));
    if (half.is_zero()) half = qty;
    trades.push_back({cell, 2 * cell, at, point->price, qty, half, (random >> 20 & 1) == 1});
  }
  return trades;
}

}  // namespace bb::paper
