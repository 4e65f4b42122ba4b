// Ticks, rules and brackets where a recording has bars alone.
#include <algorithm>
#include <array>
#include <cmath>

#include "sim/impl/market_feed.h"

namespace bb::sim::impl {

namespace {

constexpr std::size_t kOffTickPart = 100;  // one price in so many may lie off the tick

Decimal power_of_ten(int exponent) {
  std::int64_t raw = Decimal::kScale;
  for (; exponent > 0; --exponent)
    raw *= 10;
  for (; exponent < 0 && raw > 1; ++exponent)
    raw /= 10;
  return Decimal::from_raw(raw);
}

std::array<Decimal, 4> prices_of(const BarRow& row) {
  return {row.open, row.high, row.low, row.close};
}

std::int64_t nearest_ticks(Decimal price, Price tick) {
  const std::int64_t raw = tick.value().raw();
  return std::max<std::int64_t>(1, (price.raw() + raw / 2) / raw);
}

Decimal thousandths(int n) { return Decimal::from_raw(n * (Decimal::kScale / 1000)); }

}  // namespace

Price tick_of(const std::vector<BarRow>& rows, Price wished) {
  std::int64_t highest = 0;
  std::size_t off = 0;
  std::int64_t tick = kLargestTick.value().raw();
  for (const BarRow& row : rows) {
    for (const Decimal price : prices_of(row)) {
      highest = std::max(highest, price.raw());
      if (wished.is_positive() && price.raw() % wished.value().raw() != 0) ++off;
      while (price.raw() % tick != 0)
        tick /= 10;
    }
  }
  if (wished.is_positive() && wished <= kLargestTick && off * kOffTickPart <= rows.size() * 4 &&
      highest / wished.value().raw() <= kMostTicks)
    return wished;
  while (highest / tick > kMostTicks)
    tick *= 10;
  return Price(Decimal::from_raw(tick));
}

Bar bar_in_ticks(const BarRow& row, Price tick) {
  const auto ticks = [&](Decimal price) {
    return static_cast<std::int32_t>(nearest_ticks(price, tick));
  };
  return {ticks(row.open), ticks(row.high), ticks(row.low), ticks(row.close), row.volume};
}

SymbolRules derive_rules(const std::string& symbol, Price tick, Price price) {
  SymbolRules rules;
  rules.symbol = Symbol(symbol);
  rules.status = SymbolStatus::trading;
  rules.contract = ContractType::perpetual;
  rules.quote_asset = rules.margin_asset = "USDT";
  rules.base_asset = symbol.substr(0, symbol.size() - rules.quote_asset.size());
  rules.delivery_time = kNoDelivery;
  rules.tick = rules.min_price = tick;
  // Ten thousand times the price, as far as ticks reach.
  const int magnitude = static_cast<int>(std::floor(std::log10(price.value().to_double())));
  const Decimal most = Decimal::from_raw(tick.value().raw() * kMostTicks);
  rules.max_price = Price(std::min(most, power_of_ten(std::min(magnitude + 4, 9))));
  // Steps worth about a cent; 5 USDT at least, some 100 000 USDT at most.
  const Decimal step = power_of_ten(std::clamp(-magnitude - 2, -3, 0));
  const Decimal market_max = power_of_ten(std::clamp(5 - magnitude, 1, 9));
  rules.lot = {Qty(step), Qty(Decimal::mul(market_max, Decimal::from_int(10), Rounding::down)),
               Qty(step)};
  rules.market_lot = {Qty(step), Qty(market_max), Qty(step)};
  rules.min_notional = Usdt(Decimal::from_int(5));
  rules.price_up = Ratio(thousandths(1050));
  rules.price_down = Ratio(thousandths(950));
  rules.market_take_bound = Ratio(thousandths(50));
  rules.liquidation_fee = Ratio(thousandths(15));
  return rules;
}

Brackets derive_brackets() {
  struct Row {
    int leverage;
    std::int64_t cap;
    int rate;  // thousandths
  };
  constexpr std::array kRows{Row{50, 5'000, 15},     Row{25, 25'000, 20},    Row{20, 100'000, 25},
                             Row{10, 500'000, 50},   Row{5, 1'000'000, 100}, Row{2, 5'000'000, 250},
                             Row{1, 10'000'000, 500}};
  Brackets brackets;
  Usdt floor, cumulated;
  Ratio rate;
  for (const Row& row : kRows) {
    const Ratio next(thousandths(row.rate));
    cumulated += floor * Ratio(next.value() - rate.value());
    const Usdt cap(Decimal::from_int(row.cap));
    brackets.push_back({row.leverage, floor, cap, next, cumulated});
    floor = cap;
    rate = next;
  }
  return brackets;
}

}  // namespace bb::sim::impl
