#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "sim/market.h"

namespace bb::sim::test {
namespace {

// Every price, volume, rule and settlement that a client could see, as one text.
std::string fingerprint(const Market& market) {
  std::string text;
  for (const auto& rules : market.rules(market.end())) {
    text += rules.symbol.str() + rules.tick.str() + rules.market_lot.max.str();
    for (const auto& bar :
         market.klines(rules.symbol, Hours(1), market.begin(), market.end(), 9999, market.end()))
      text += bar.open.str() + bar.high.str() + bar.low.str() + std::to_string(bar.volume);
    for (const auto& [time, rate] : market.funding(rules.symbol, market.begin(), market.end()))
      text += std::to_string(to_ms(time)) + rate.str();
  }
  return text;
}

// Coarse bars: the tests look at events and rules, not at minutes.
RandomMarketOptions with_seed(std::uint64_t seed) {
  RandomMarketOptions options;
  options.market.seed = seed;
  options.step = Minutes(15);
  return options;
}

TEST_CASE("random market: the same seed gives the same market, another one another") {
  const std::string first = fingerprint(make_random_market(with_seed(7)));
  CHECK(first == fingerprint(make_random_market(with_seed(7))));
  CHECK(first != fingerprint(make_random_market(with_seed(8))));
}

TEST_CASE("random market: there are pumps, jumps, listings and delistings") {
  double best_gain = 0;
  double largest_jump = 0;
  int listed = 0;
  int closed = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Market market = make_random_market(with_seed(seed));
    for (const auto& rules : market.rules(market.end())) {
      if (rules.onboard_time > market.begin()) ++listed;
      if (rules.status == SymbolStatus::closed) ++closed;
      double before = 0;
      const auto bars = market.klines(rules.symbol, Minutes(15), market.begin(), market.end(),
                                      99999, market.end());
      double lowest = bars.front().low.value().to_double();
      for (const auto& bar : bars) {
        const double open = bar.open.value().to_double();
        if (before > 0) largest_jump = std::max(largest_jump, std::abs(open / before - 1));
        before = bar.close.value().to_double();
        lowest = std::min(lowest, bar.low.value().to_double());
        best_gain = std::max(best_gain, bar.high.value().to_double() / lowest - 1);
      }
    }
  }
  CHECK(best_gain > 1.0);
  CHECK(largest_jump > 0.2);
  CHECK(listed >= 5);
  CHECK(closed >= 2);
}

TEST_CASE("random market: before its listing a contract is unknown") {
  const Market market = make_random_market(with_seed(3));
  const auto all = market.rules(market.end());
  const auto young = std::find_if(all.begin(), all.end(), [&](const SymbolRules& rules) {
    return rules.onboard_time > market.begin();
  });
  REQUIRE(young != all.end());
  const TimePoint before = young->onboard_time - Millis(1);
  CHECK_FALSE(market.find_rules(young->symbol, before).has_value());
  CHECK_FALSE(market.ticker(young->symbol, before).has_value());
  CHECK_FALSE(market.mark(young->symbol, before).has_value());
  CHECK(market.klines(young->symbol, Hours(1), market.begin(), before, 99, before).empty());
  CHECK(market.find_rules(young->symbol, young->onboard_time)->status == SymbolStatus::trading);
  CHECK(market.last(young->symbol, young->onboard_time)->time == young->onboard_time);
}

TEST_CASE("random market: rules are of many kinds and fit their prices") {
  const Market market = make_random_market(with_seed(1));
  std::set<Price> ticks;
  std::set<Qty> steps;
  std::set<Usdt> min_notionals;
  for (const auto& rules : market.rules(market.end())) {
    ticks.insert(rules.tick);
    steps.insert(rules.lot.step);
    min_notionals.insert(rules.min_notional);
    const auto last = market.last(rules.symbol, market.end());
    CHECK(last->price.value().is_multiple_of(rules.tick.value()));
    CHECK(last->price >= rules.min_price);
    CHECK(last->price <= rules.max_price);
    CHECK(rules.market_lot.max.value().is_multiple_of(rules.market_lot.step.value()));
    CHECK(rules.market_lot.max <= rules.lot.max);
    CHECK(rules.symbol.str() == rules.base_asset + rules.quote_asset);
  }
  CHECK(ticks.size() >= 5);
  CHECK(steps.size() >= 3);
  CHECK(min_notionals.size() >= 3);
}

TEST_CASE("random market: brackets have three tiers whose amounts keep the margin continuous") {
  const Market market = make_random_market(with_seed(1));
  for (const auto& rules : market.rules(market.end())) {
    const Brackets* brackets = market.find_brackets(rules.symbol);
    REQUIRE(brackets != nullptr);
    REQUIRE(brackets->size() == 3);
    for (std::size_t i = 1; i < brackets->size(); ++i) {
      const auto& low = (*brackets)[i - 1];
      const auto& high = (*brackets)[i];
      CHECK(low.cap == high.floor);
      CHECK(low.max_leverage > high.max_leverage);
      CHECK(low.cap * low.maintenance_rate - low.maintenance_amount ==
            high.floor * high.maintenance_rate - high.maintenance_amount);
    }
  }
  CHECK(market.find_brackets(Symbol("NOSUCHUSDT")) == nullptr);
}

TEST_CASE("random market: funding comes every 1, 4 or 8 hours and the next one is announced") {
  const Market market = make_random_market(with_seed(1));
  std::set<std::int64_t> intervals;
  for (const auto& rules : market.rules(market.begin())) {
    const auto settled = market.funding(rules.symbol, market.begin(), market.begin() + Hours(16));
    if (settled.size() < 2) continue;
    intervals.insert((settled[1].time - settled[0].time) / Hours(1));
    const auto next = market.next_funding(rules.symbol, settled[0].time);
    CHECK(next.time == settled[1].time);
    CHECK(next.rate == settled[1].rate);
    CHECK(market.funding(rules.symbol, settled[0].time, settled[1].time).size() == 1);
  }
  CHECK(intervals == std::set<std::int64_t>{1, 4, 8});
}

TEST_CASE("random market: a shift moves everything but the past, and leaves the path as it is") {
  auto options = with_seed(5);
  options.market.path = PathOrder::seeded;
  const Market market = make_random_market(options);
  options.market.shift = std::chrono::days(300);
  const Market moved = make_random_market(options);
  CHECK(moved.begin() == market.begin() + std::chrono::days(300));
  const TimePoint then = market.begin() + Hours(50) + Millis(7'123);
  const TimePoint now = then + std::chrono::days(300);
  REQUIRE(market.rules(then).size() == moved.rules(now).size());
  for (const auto& rules : market.rules(then)) {
    CHECK(market.last(rules.symbol, then)->price == moved.last(rules.symbol, now)->price);
    const TimePoint onboard = moved.find_rules(rules.symbol, now)->onboard_time;
    const bool young = rules.onboard_time > market.begin();
    CHECK(onboard == rules.onboard_time + std::chrono::days(young ? 300 : 0));
  }
}

}  // namespace
}  // namespace bb::sim::test
