#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "market_build.h"

namespace bb::sim::test {
namespace {

using exchange::Kline;

bool same(const Kline& a, const Kline& b) {
  return a.open_time == b.open_time && a.open == b.open && a.high == b.high && a.low == b.low &&
         a.close == b.close && a.volume == b.volume && a.quote_volume == b.quote_volume;
}

bool same(const Ticker24h& a, const Ticker24h& b) {
  return a.last == b.last && a.open == b.open && a.high == b.high && a.low == b.low &&
         a.volume == b.volume && a.quote_volume == b.quote_volume && a.open_time == b.open_time &&
         a.close_time == b.close_time && a.count == b.count;
}

bool same(const Liquidity& a, const Liquidity& b) {
  return a.base_per_minute == b.base_per_minute && a.range == b.range;
}

TEST_CASE("klines: a growing bar shows the extremes met so far and its share of the volume") {
  const Market market = OneSymbol{.bars = {{100, 120, 90, 105, 40}}}.market();
  const auto at = [&](int ms) {
    return market.klines(kSymbol, Millis(40), kStart, kStart, 10, kStart + Millis(ms)).at(0);
  };
  CHECK(at(0).high == ticks(100));
  CHECK(at(5).high == ticks(110));
  CHECK(at(5).low == ticks(100));
  CHECK(at(15).high == ticks(120));
  CHECK(at(15).low == ticks(100));
  CHECK(at(19).volume == doctest::Approx(20));
  CHECK(at(39).volume == 40);
  CHECK(at(39).close == ticks(105));
  CHECK(at(39).quote_volume == doctest::Approx(40 * 1.0375));
}

TEST_CASE("klines: longer intervals aggregate, begin on the epoch's grid and respect the limit") {
  const std::vector<impl::Bar> bars = {
      {100, 120, 90, 105, 1}, {105, 130, 95, 101, 2}, {101, 103, 80, 100, 4}};
  const Market market = OneSymbol{.bars = bars, .more_bars = 9}.market();
  const TimePoint end = kStart + Hours(1);
  const auto pairs = market.klines(kSymbol, Millis(80), kStart - Hours(1), end, 10, end);
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0].open_time == kStart);
  CHECK(pairs[0].open == ticks(100));
  CHECK(pairs[0].high == ticks(130));
  CHECK(pairs[0].low == ticks(90));
  CHECK(pairs[0].close == ticks(101));
  CHECK(pairs[0].volume == doctest::Approx(3));
  CHECK(pairs[1].volume == doctest::Approx(4));
  CHECK(market.klines(kSymbol, Millis(40), kStart, end, 2, end).size() == 2);
  CHECK(market.klines(kSymbol, Millis(40), kStart + Millis(1), end, 9, end).size() == 2);
  CHECK(market.klines(kSymbol, Millis(40), kStart, kStart + Millis(40), 9, end).size() == 2);
  CHECK(market.klines(kSymbol, Millis(40), kStart, end, 9, kStart + Millis(40)).size() == 2);
  const auto day = market.klines(kSymbol, Hours(24), kStart, end, 9, end);
  REQUIRE(day.size() == 1);
  CHECK(day[0].low == ticks(80));
}

TEST_CASE("klines: finer than the bars they come from the path") {
  const Market market = OneSymbol{.bars = {{100, 120, 90, 105, 40}}}.market();
  const auto fine =
      market.klines(kSymbol, Millis(10), kStart, kStart + Hours(1), 9, kStart + Hours(1));
  REQUIRE(fine.size() == 4);
  CHECK(fine[0].high == ticks(118));  // the point itself belongs to the next bar
  CHECK(fine[1].open == ticks(120));
  CHECK(fine[3].volume == doctest::Approx(10));
}

TEST_CASE("klines: an aggregate equals its parts, over whole blocks too") {
  CHECK(rc::check([](std::uint64_t seed) {
    Random random(seed);
    const std::size_t count = 100 + random.below(200);
    const OneSymbol made{.bars = wild_bars(seed, count), .more_bars = 1};
    const Market market = made.market();
    const Millis interval = Millis(40) * static_cast<int>(2 + random.below(150));
    const TimePoint now = kStart + Millis(random.below(count * 40));
    for (const Kline& bar : market.klines(kSymbol, interval, kStart, now, 1000, now)) {
      const auto parts = market.klines(kSymbol, Millis(40), bar.open_time,
                                       bar.open_time + interval - Millis(1), 1000, now);
      RC_ASSERT(!parts.empty());
      Kline sum = parts.front();
      sum.volume = 0;
      for (const Kline& part : parts) {
        sum.high = std::max(sum.high, part.high);
        sum.low = std::min(sum.low, part.low);
        sum.close = part.close;
        sum.volume += part.volume;
      }
      RC_ASSERT(sum.open == bar.open);
      RC_ASSERT(sum.high == bar.high);
      RC_ASSERT(sum.low == bar.low);
      RC_ASSERT(sum.close == bar.close);
      RC_ASSERT(std::abs(sum.volume - bar.volume) < 1e-6);
    }
  }));
}

TEST_CASE("ticker: 24 h back to the millisecond, with parts of the bars at both ends") {
  // Bars of 12 h: the window of 24 h always cuts one or touches three.
  const std::vector<impl::Bar> bars = {
      {100, 200, 50, 100, 12}, {100, 110, 95, 105, 24}, {105, 125, 100, 120, 48}};
  const Market market = OneSymbol{.bars = bars, .step = Hours(12)}.market();
  const auto early = market.ticker(kSymbol, kStart + Hours(1));
  REQUIRE(early.has_value());
  CHECK(early->open == ticks(100));
  CHECK(early->open_time == kStart);
  CHECK(early->volume == doctest::Approx(1));
  const auto late = market.ticker(kSymbol, kStart + Hours(33));
  REQUIRE(late.has_value());
  CHECK(late->open_time == kStart + Hours(9));  // where the first bar has come to rest
  CHECK(late->open == ticks(100));
  CHECK(late->low == ticks(95));  // the 50 of the first bar is out of sight
  CHECK(late->high == ticks(125));
  CHECK(late->last == ticks(120));
  CHECK(late->volume == doctest::Approx(3 + 24 + 36));
  CHECK(late->close_time == kStart + Hours(33));
  CHECK_FALSE(market.ticker(kSymbol, kStart - Millis(1)).has_value());
}

TEST_CASE("ticker: of a delisted contract it stays what it was, with an old close time") {
  const Market market = OneSymbol{.bars = {{100, 120, 90, 105, 40}}, .more_bars = 100}.market();
  const auto then = market.ticker(kSymbol, kStart + Millis(39));
  const auto later = market.ticker(kSymbol, kStart + Millis(4000));
  REQUIRE(later.has_value());
  CHECK(later->close_time == kStart + Millis(39));
  CHECK(same(*then, *later));
}

TEST_CASE("views: nothing that has not been walked can be seen") {
  CHECK(rc::check([](std::uint64_t seed) {
    Random random(seed);
    OneSymbol made{.bars = wild_bars(seed, 150), .path = static_cast<PathOrder>(seed % 3)};
    const Market market = made.market();
    const auto now_bar = random.below(150);
    const TimePoint now = kStart + Millis(now_bar * 40 + random.below(40));
    const auto other = wild_bars(seed + 1, 150);
    std::copy(other.begin() + static_cast<std::ptrdiff_t>(now_bar) + 1, other.end(),
              made.bars.begin() + static_cast<std::ptrdiff_t>(now_bar) + 1);
    const Market changed = made.market();

    RC_ASSERT(market.last(kSymbol, now)->price == changed.last(kSymbol, now)->price);
    RC_ASSERT(same(*market.ticker(kSymbol, now), *changed.ticker(kSymbol, now)));
    RC_ASSERT(same(market.liquidity(kSymbol, now), changed.liquidity(kSymbol, now)));
    for (const int interval : {10, 40, 120, 4000}) {
      const auto a = market.klines(kSymbol, Millis(interval), kStart, market.end(), 9999, now);
      const auto b = changed.klines(kSymbol, Millis(interval), kStart, market.end(), 9999, now);
      RC_ASSERT(a.size() == b.size());
      for (std::size_t i = 0; i < a.size(); ++i)
        RC_ASSERT(same(a[i], b[i]));
    }
  }));
}

TEST_CASE("views: inside a bar its later points cannot be seen") {
  OneSymbol made{.bars = {{100, 100, 100, 100, 5}, {100, 120, 90, 105, 40}}};
  const Market market = made.market();
  made.bars[1].low = 70;
  made.bars[1].close = 119;
  const Market changed = made.market();
  const TimePoint now = kStart + Millis(50);  // at the high
  CHECK(market.last(kSymbol, now)->price == changed.last(kSymbol, now)->price);
  CHECK(market.ticker(kSymbol, now)->low == changed.ticker(kSymbol, now)->low);
  CHECK(market.ticker(kSymbol, now)->low == ticks(100));
  CHECK(market.liquidity(kSymbol, now).range == changed.liquidity(kSymbol, now).range);
}

TEST_CASE("liquidity: the bar's volume per minute and the wider of two ranges") {
  const Market market =
      OneSymbol{.bars = {{100, 150, 50, 100, 600}, {100, 110, 100, 110, 1200}}, .step = Minutes(4)}
          .market();
  const Liquidity calm = market.liquidity(kSymbol, kStart);
  CHECK(calm.base_per_minute == 150);
  CHECK(calm.range == 0);
  const Liquidity later = market.liquidity(kSymbol, kStart + Minutes(5));
  CHECK(later.base_per_minute == 300);
  CHECK(later.range == 1.0);
  CHECK(market.liquidity(Symbol("NOSUCHUSDT"), kStart).base_per_minute == 0);
}

TEST_CASE("rules: a contract trades, settles for an hour, and is closed") {
  const OneSymbol made{.bars = std::vector<impl::Bar>(48, {100, 100, 100, 100, 1}),
                       .step = Hours(1),
                       .more_bars = 24};
  const Market market = made.market();
  const TimePoint end = kStart + Hours(48);
  const auto at = [&](TimePoint now) { return market.find_rules(kSymbol, now).value(); };
  CHECK_FALSE(market.find_rules(kSymbol, kStart - Millis(1)).has_value());
  CHECK(market.rules(kStart - Millis(1)).empty());
  CHECK(market.rules(kStart).size() == 1);
  CHECK(at(kStart).status == SymbolStatus::trading);
  CHECK(at(end - Millis(1)).status == SymbolStatus::trading);
  CHECK(at(end).status == SymbolStatus::settling);
  CHECK(at(end + Hours(1)).status == SymbolStatus::closed);
  // The end is announced a day ahead, not earlier.
  CHECK(at(end - Hours(24) - Millis(1)).delivery_time == impl::kNoDelivery);
  CHECK(at(end - Hours(24)).delivery_time == end);
}

TEST_CASE("rules: a contract that outlives the market is never called delisted") {
  const Market market = OneSymbol{.bars = {{100, 100, 100, 100, 1}}, .step = Hours(1)}.market();
  CHECK(market.find_rules(kSymbol, kStart + Hours(5))->status == SymbolStatus::trading);
  CHECK(market.find_rules(kSymbol, kStart)->delivery_time == impl::kNoDelivery);
}

}  // namespace
}  // namespace bb::sim::test
