#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

#include "market_build.h"

namespace bb::sim::test {
namespace {

std::int64_t price_at(const Market& market, std::int64_t ms) {
  return to_ticks(market.last(kSymbol, kStart + Millis(ms))->price);
}

TEST_CASE("path: a bar is open, high, low, close at its quarters, and then rests") {
  const Market market =
      OneSymbol{.bars = {{100, 120, 90, 105, 1}, {110, 110, 110, 110, 1}}}.market();
  CHECK(price_at(market, 0) == 100);
  CHECK(price_at(market, 10) == 120);
  CHECK(price_at(market, 20) == 90);
  CHECK(price_at(market, 30) == 105);
  CHECK(price_at(market, 39) == 105);
  CHECK(price_at(market, 40) == 110);
}

TEST_CASE("path: low_first meets the low before the high") {
  const Market market =
      OneSymbol{.bars = {{100, 120, 90, 105, 1}}, .path = PathOrder::low_first}.market();
  CHECK(price_at(market, 10) == 90);
  CHECK(price_at(market, 20) == 120);
  CHECK(price_at(market, 30) == 105);
}

TEST_CASE("path: between points the price is cut to the tick towards the earlier point") {
  const Market market = OneSymbol{.bars = {{100, 103, 96, 100, 1}}}.market();
  CHECK(price_at(market, 3) == 100);   // 100.9
  CHECK(price_at(market, 4) == 101);   // 101.2
  CHECK(price_at(market, 11) == 103);  // 102.3 on the way down: towards 103
  CHECK(price_at(market, 12) == 102);  // 101.6
}

TEST_CASE("path: nothing before listing, and the last walked instant after the last bar") {
  const Market market = OneSymbol{.bars = {{100, 120, 90, 105, 1}}, .more_bars = 5}.market();
  CHECK_FALSE(market.last(kSymbol, kStart - Millis(1)).has_value());
  CHECK_FALSE(market.last(Symbol("NOSUCHUSDT"), kStart).has_value());
  const auto stale = market.last(kSymbol, kStart + Millis(150));
  REQUIRE(stale.has_value());
  CHECK(stale->time == kStart + Millis(39));
  CHECK(to_ticks(stale->price) == 105);
  CHECK(market.mark(kSymbol, kStart + Millis(15)) == ticks(105));
}

TEST_CASE("path: seeded order differs by bar and by seed, and repeats") {
  OneSymbol made{.bars = std::vector<impl::Bar>(64, {100, 120, 90, 105, 1}),
                 .path = PathOrder::seeded};
  const auto orders = [](const Market& market) {
    std::string text;
    for (int bar = 0; bar < 64; ++bar)
      text += price_at(market, bar * 40 + 10) == 120 ? 'h' : 'l';
    return text;
  };
  const std::string first = orders(made.market());
  CHECK(first == orders(made.market()));
  CHECK(first.find('h') != std::string::npos);
  CHECK(first.find('l') != std::string::npos);
  made.seed = 2;
  CHECK(first != orders(made.market()));
}

TEST_CASE("path: it stays within each bar and touches its four prices") {
  CHECK(rc::check([](std::uint64_t seed) {
    const auto order = static_cast<PathOrder>(seed % 3);
    const OneSymbol made{.bars = wild_bars(seed, 20), .path = order, .seed = seed};
    const Market market = made.market();
    for (std::size_t i = 0; i < made.bars.size(); ++i) {
      const impl::Bar& bar = made.bars[i];
      std::set<std::int64_t> seen;
      for (int ms = 0; ms < 40; ++ms)
        seen.insert(price_at(market, static_cast<std::int64_t>(i) * 40 + ms));
      RC_ASSERT(*seen.begin() == bar.low);
      RC_ASSERT(*seen.rbegin() == bar.high);
      RC_ASSERT(price_at(market, static_cast<std::int64_t>(i) * 40) == bar.open);
      RC_ASSERT(price_at(market, static_cast<std::int64_t>(i) * 40 + 39) == bar.close);
    }
  }));
}

TEST_CASE("crossing: a linear piece gives the level at the instant it is reached") {
  const Market market = OneSymbol{.bars = {{100, 120, 90, 105, 1}}}.market();
  const auto up = market.first_crossing(kSymbol, kStart, kStart + Millis(39), ticks(111), false);
  REQUIRE(up.has_value());
  CHECK(up->price == ticks(111));  // passed at 5.5 ms, between two whole ones
  CHECK(up->time == kStart + Millis(6));
  const auto down = market.first_crossing(kSymbol, kStart, kStart + Millis(39), ticks(95), true);
  REQUIRE(down.has_value());
  CHECK(down->time == kStart + Millis(19));  // 18.33
  CHECK(down->price == ticks(95));
}

TEST_CASE("crossing: a jump over the level gives the open behind it") {
  const Market market =
      OneSymbol{.bars = {{100, 100, 100, 100, 1}, {130, 131, 129, 130, 1}}}.market();
  const auto jump = market.first_crossing(kSymbol, kStart, kStart + Millis(79), ticks(110), false);
  REQUIRE(jump.has_value());
  CHECK(jump->time == kStart + Millis(40));
  CHECK(jump->price == ticks(130));
}

TEST_CASE("crossing: ends are (after, until], and a path already beyond crosses at once") {
  const Market market = OneSymbol{.bars = {{100, 120, 90, 105, 1}}}.market();
  const auto at = [&](int after, int until, int level) {
    return market.first_crossing(kSymbol, kStart + Millis(after), kStart + Millis(until),
                                 ticks(level), false);
  };
  CHECK(at(0, 10, 120)->time == kStart + Millis(10));
  CHECK_FALSE(at(0, 9, 120).has_value());
  CHECK_FALSE(at(10, 30, 120).has_value());
  CHECK(at(-1, 9, 100)->time == kStart);  // the first instant of all
  CHECK(at(7, 30, 110)->time == kStart + Millis(8));
  CHECK(at(7, 30, 110)->price == ticks(116));
  CHECK_FALSE(at(20, 20, 1).has_value());
}

TEST_CASE("crossing: a level between ticks is met at the tick beyond it") {
  const Market market = OneSymbol{.bars = {{100, 120, 90, 105, 1}}}.market();
  const auto up =
      market.first_crossing(kSymbol, kStart, kStart + Millis(39), Price(d("1.1050001")), false);
  REQUIRE(up.has_value());
  CHECK(up->price == ticks(111));
  const auto down =
      market.first_crossing(kSymbol, kStart, kStart + Millis(39), Price(d("0.9499999")), true);
  REQUIRE(down.has_value());
  CHECK(down->price == ticks(94));
}

TEST_CASE("crossing: equals a look at every millisecond") {
  CHECK(rc::check([](std::uint64_t seed) {
    Random random(seed);
    const auto order = static_cast<PathOrder>(seed % 3);
    const std::size_t count = 1 + random.below(200);
    const OneSymbol made{.bars = wild_bars(seed, count), .path = order, .seed = seed};
    const Market market = made.market();
    const auto span = static_cast<std::int64_t>(count) * 40;
    for (int round = 0; round < 4; ++round) {
      const auto some = [&](std::int64_t most) {
        return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most)));
      };
      const std::int64_t after = some(span + 20) - 10;
      const std::int64_t until = after + some(span + 20);
      const bool falling = random.chance(0.5);
      const std::int64_t level = price_at(market, some(span)) + some(5) - 2;
      const auto beyond = [&](std::int64_t ms) {
        return falling ? price_at(market, ms) <= level : price_at(market, ms) >= level;
      };
      std::int64_t expected = std::max<std::int64_t>(after + 1, 0);
      while (expected < span && !beyond(expected))
        ++expected;
      const auto found = market.first_crossing(kSymbol, kStart + Millis(after),
                                               kStart + Millis(until), ticks(level), falling);
      RC_ASSERT(found.has_value() == (expected <= until && expected < span));
      if (!found) continue;
      RC_ASSERT(found->time == kStart + Millis(expected));
      const bool jump = expected % 40 == 0 || beyond(expected - 1);
      RC_ASSERT(to_ticks(found->price) == (jump ? price_at(market, expected) : level));
    }
  }));
}

TEST_CASE("crossing: the mark price crosses where the path does") {
  const Market market = OneSymbol{.bars = {{100, 120, 90, 105, 1}}}.market();
  const auto path = market.first_crossing(kSymbol, kStart, kStart + Millis(39), ticks(95), true);
  const auto mark =
      market.first_mark_crossing(kSymbol, kStart, kStart + Millis(39), ticks(95), true);
  REQUIRE(mark.has_value());
  CHECK(mark->time == path->time);
  CHECK(market.mark(kSymbol, mark->time) <= ticks(95));
}

TEST_CASE("points: the next of the four, or the edge of a hold, until the bars end") {
  Market market = OneSymbol{.bars = {{100, 120, 90, 105, 1}, {1, 1, 1, 1, 1}}}.market();
  CHECK(market.next_point(kSymbol, kStart - Millis(5)) == kStart);
  CHECK(market.next_point(kSymbol, kStart) == kStart + Millis(10));
  CHECK(market.next_point(kSymbol, kStart + Millis(39)) == kStart + Millis(40));
  CHECK_FALSE(market.next_point(kSymbol, kStart + Millis(70)).has_value());
  CHECK_FALSE(market.next_point(Symbol("NOUSDT"), kStart).has_value());
  CHECK(market.hold(kSymbol, ticks(7), kStart + Millis(12)).has_value());
  market.release(kSymbol, kStart + Millis(17));
  CHECK(market.next_point(kSymbol, kStart + Millis(11)) == kStart + Millis(12));
  CHECK(market.next_mark_point(kSymbol, kStart + Millis(12)) == kStart + Millis(17));
  CHECK(market.next_point(kSymbol, kStart + Millis(17)) == kStart + Millis(20));
}

}  // namespace
}  // namespace bb::sim::test
