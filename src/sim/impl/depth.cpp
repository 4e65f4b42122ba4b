#include "sim/impl/depth.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/impl/market_data.h"

namespace bb::sim::impl {

namespace {

constexpr double kSpreadOfRange = 0.02;
constexpr double kLevelOfMinute = 0.05;
constexpr double kLevelMax = 1e9;
constexpr std::array<std::int64_t, 5> kOffsets = {1, 2, 4, 8, 16};

std::int64_t half_spread_ticks(const Liquidity& liquidity, std::int64_t last_ticks) {
  const double share = liquidity.range * kSpreadOfRange * static_cast<double>(last_ticks);
  return std::max<std::int64_t>(1, std::llround(share));
}

Qty level_qty(const Liquidity& liquidity, const SymbolRules& rules) {
  const Decimal step = rules.lot.step.value();
  const double raw = liquidity.base_per_minute * kLevelOfMinute * double(Decimal::kScale);
  const double cut = std::clamp(raw, 0.0, kLevelMax * double(Decimal::kScale));
  const Decimal qty = Decimal::from_raw(static_cast<std::int64_t>(cut)).floor_to(step);
  return Qty(std::max(qty, step));
}

// The real book's best level, and behind it what is made up, each level as far from the one before
// as in the synthetic book.
std::vector<Level> around(const Quote& quote, std::int64_t half, Qty depth,
                          const SymbolRules& rules, Side taker) {
  const bool buys = taker == Side::buy;
  const Decimal step = rules.lot.step.value();
  const Qty best(std::max((buys ? quote.ask_qty : quote.bid_qty).value().floor_to(step), step));
  const std::int64_t tick = rules.tick.value().raw();
  const Decimal best_price =
      buys ? quote.ask.value().ceil_to(rules.tick.value()) : quote.bid.value();
  const std::int64_t first = std::clamp<std::int64_t>(best_price.raw() / tick, 1, kMostTicks);
  std::vector<Level> levels;
  for (const std::int64_t offset : kOffsets) {
    const std::int64_t away = half * (offset - kOffsets.front());
    const std::int64_t at =
        buys ? std::min(first + away, 2 * kMostTicks) : std::max<std::int64_t>(1, first - away);
    const bool is_first = offset == kOffsets.front();
    const bool is_deepest = offset == kOffsets.back();
    levels.push_back({Price(Decimal::from_raw(at * tick)),
                      is_deepest ? std::nullopt : std::optional(is_first ? best : depth)});
  }
  return levels;
}

}  // namespace

// An order asks for its book several times: checked for a counterparty, for its margin, and taken.
const std::vector<Level>& depth_for(const Core& core, const SymbolRules& rules, Side taker) {
  KnownBook& book = core.books[taker == Side::buy ? 0 : 1];
  const Asked asked{core.now, core.prices};
  if (book.asked != asked || book.symbol != rules.symbol)
    book = {rules.symbol, asked, depth_at(core.market, core.now, rules, taker)};
  return book.levels;
}

std::vector<Level> depth_at(const Market& market, TimePoint at, const SymbolRules& rules,
                            Side taker) {
  std::vector<Level> levels;
  const auto last = market.last(rules.symbol, at);
  if (!last) return levels;
  const Liquidity liquidity = market.liquidity(rules.symbol, at);
  levels.reserve(kOffsets.size());
  const std::int64_t tick = rules.tick.value().raw();
  // A live market's price is not bounded by its own ticks.
  const std::int64_t middle = std::min(last->price.value().raw() / tick, kMostTicks);
  const std::int64_t half = half_spread_ticks(liquidity, middle);
  const Qty depth = level_qty(liquidity, rules);
  if (market.is_live())
    if (const auto quote = market.quote(rules.symbol, at))
      return around(*quote, half, depth, rules, taker);
  for (const std::int64_t offset : kOffsets) {
    const std::int64_t away = half * offset;
    const std::int64_t ticks = taker == Side::buy ? std::min(middle + away, 2 * kMostTicks)
                                                  : std::max<std::int64_t>(1, middle - away);
    const bool deepest = offset == kOffsets.back();
    levels.push_back(
        {Price(Decimal::from_raw(ticks * tick)), deepest ? std::nullopt : std::optional(depth)});
  }
  return levels;
}

std::optional<Price> market_limit(const SymbolRules& rules, Price mark, Side taker) {
  if (rules.market_take_bound.is_zero()) return std::nullopt;
  const Ratio bound = rules.market_take_bound;
  return taker == Side::buy ? mark * (one() + bound) : mark * (one() - bound);
}

}  // namespace bb::sim::impl
