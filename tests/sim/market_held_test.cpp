#include <doctest/doctest.h>

#include "sim/market_build.h"

namespace bb::sim::test {

namespace {

TimePoint ms(std::int64_t n) { return kStart + Millis(n); }

Market wild(std::uint64_t seed) { return OneSymbol{.bars = wild_bars(seed, 200)}.market(); }

// The first instant at or beyond the level, looked for millisecond by millisecond.
std::optional<TimePoint> searched(const Market& market, TimePoint after, TimePoint until,
                                  Price level, bool falling) {
  for (TimePoint t = after + Millis(1); t <= until; t += Millis(1)) {
    const Price price = market.last(kSymbol, t)->price;
    if (falling ? price <= level : price >= level) return t;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("hold: path, mark, ticker and klines stand at the price, and come back after it") {
  Market market = OneSymbol{.bars = {{100, 110, 90, 105, 10}, {105, 120, 100, 110, 10}}}.market();
  const Price before = market.last(kSymbol, ms(19))->price;
  CHECK(market.hold(kSymbol, ticks(500), ms(20)).has_value());
  CHECK(market.last(kSymbol, ms(19))->price == before);
  CHECK(market.last(kSymbol, ms(20))->price == ticks(500));
  CHECK(*market.mark(kSymbol, ms(50)) == ticks(500));
  CHECK(market.held(kSymbol, ms(50)) == ticks(500));
  CHECK(market.ticker(kSymbol, ms(30))->last == ticks(500));
  CHECK(market.ticker(kSymbol, ms(30))->high == ticks(500));
  const auto bars = market.klines(kSymbol, Millis(40), kStart, ms(79), 10, ms(79));
  REQUIRE(bars.size() == 2);
  CHECK(bars[0].high == ticks(500));
  CHECK(bars[0].close == ticks(500));
  CHECK(bars[1].open == ticks(500));
  CHECK(bars[1].low == ticks(500));
  market.release(kSymbol, ms(60));
  CHECK(market.last(kSymbol, ms(59))->price == ticks(500));
  CHECK(market.last(kSymbol, ms(70))->price == ticks(110));
  CHECK_FALSE(market.held(kSymbol, ms(60)).has_value());
}

TEST_CASE("hold: crossings are those of the held path, to the millisecond") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Market market = wild(seed);
    Random random(seed + 1000);
    std::int64_t at = 0;
    for (int i = 0; i < 6; ++i) {
      at += 1 + static_cast<std::int64_t>(random.below(900));
      if (random.chance(0.4))
        market.release(kSymbol, ms(at));
      else
        CHECK(
            market.hold(kSymbol, ticks(300 + static_cast<std::int64_t>(random.below(400))), ms(at))
                .has_value());
    }
    for (int i = 0; i < 40; ++i) {
      const auto from = static_cast<std::int64_t>(random.below(6000));
      const auto until = from + 1 + static_cast<std::int64_t>(random.below(2500));
      const Price level = ticks(300 + static_cast<std::int64_t>(random.below(400)));
      const bool falling = random.chance(0.5);
      const auto found = market.first_crossing(kSymbol, ms(from), ms(until), level, falling);
      const auto wanted =
          searched(market, ms(from), std::min(ms(until), market.end() - Millis(1)), level, falling);
      REQUIRE(found.has_value() == wanted.has_value());
      if (!found) continue;
      CHECK(found->time == *wanted);
      CHECK((falling ? found->price <= level : found->price >= level));
    }
  }
}

TEST_CASE("hold: only a listed contract, at a price on its tick") {
  Market market = wild(7);
  CHECK_FALSE(market.hold(Symbol("NOUSDT"), ticks(5), ms(5)).has_value());
  CHECK_FALSE(market.hold(kSymbol, Price(d("1.005")), ms(5)).has_value());
  CHECK_FALSE(market.hold(kSymbol, Price(), ms(5)).has_value());
  CHECK_FALSE(market.hold(kSymbol, Price(d("90000000000")), ms(5)).has_value());
}

TEST_CASE("hold: a second hold takes the place of the first; copies of the market share them") {
  Market market = wild(7);
  const Market copy = market;
  CHECK(market.hold(kSymbol, ticks(600), ms(10)).has_value());
  CHECK(market.hold(kSymbol, ticks(700), ms(30)).has_value());
  CHECK(copy.last(kSymbol, ms(29))->price == ticks(600));
  CHECK(copy.last(kSymbol, ms(30))->price == ticks(700));
}

}  // namespace bb::sim::test
