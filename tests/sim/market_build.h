// Markets of one symbol made by hand, with bars so short that every millisecond can be looked at.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/random.h"
#include "sim/impl/market_data.h"

namespace bb::sim::test {

inline const TimePoint kStart = from_ms(1'760'054'400'000);  // 2025-10-10T00:00:00Z
inline const Symbol kSymbol("ABCUSDT");

inline Decimal d(const char* text) { return Decimal::parse(text).value(); }
/// The tick of these markets is 0.01.
inline Price ticks(std::int64_t n) { return Price(Decimal::from_raw(n * 1'000'000)); }
inline std::int64_t to_ticks(Price price) { return price.value().raw() / 1'000'000; }

struct OneSymbol {
  std::vector<impl::Bar> bars;
  Millis step{40};
  PathOrder path = PathOrder::high_first;
  std::uint64_t seed = 1;
  int more_bars = 0;  // how much longer the market lasts than the symbol

  Market market() const {
    auto data = std::make_shared<Market::Data>();
    data->step = step;
    data->begin = kStart;
    data->end = kStart + step * (static_cast<int>(bars.size()) + more_bars);
    data->path = path;
    data->seed = seed;
    impl::Column column;
    column.rules.symbol = kSymbol;
    column.rules.tick = ticks(1);
    column.rules.delivery_time = impl::kNoDelivery;
    column.first = kStart;
    column.bars = bars;
    data->columns.push_back(std::move(column));
    data->seal();
    return Market(std::move(data));
  }
};

/// Bars with jumps, flat stretches and moves of several ticks per millisecond.
inline std::vector<impl::Bar> wild_bars(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  std::vector<impl::Bar> bars;
  std::int64_t price = 500;
  for (std::size_t i = 0; i < count; ++i) {
    const auto move = [&](std::uint64_t most) {
      return static_cast<std::int64_t>(random.below(2 * most + 1)) -
             static_cast<std::int64_t>(most);
    };
    const std::uint64_t size = random.chance(0.1) ? 200 : random.chance(0.5) ? 6 : 1;
    const std::int64_t open =
        std::max<std::int64_t>(1, price + (random.chance(0.2) ? move(60) : 0));
    const std::int64_t close = std::max<std::int64_t>(1, open + move(size));
    const std::int64_t high =
        std::max(open, close) + static_cast<std::int64_t>(random.below(size + 1));
    const std::int64_t low = std::max<std::int64_t>(
        1, std::min(open, close) - static_cast<std::int64_t>(random.below(size + 1)));
    const auto narrow = [](std::int64_t n) { return static_cast<std::int32_t>(n); };
    bars.push_back({narrow(open), narrow(high), narrow(low), narrow(close),
                    static_cast<double>(random.below(1000))});
    price = close;
  }
  return bars;
}

}  // namespace bb::sim::test
