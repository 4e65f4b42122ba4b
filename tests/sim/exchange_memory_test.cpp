// What the exchange forgets, and what it never looks at again.
#include <doctest/doctest.h>

#include "exchange_world.h"

namespace bb::sim::test {
namespace {

constexpr double kDay = 86'400;

TEST_CASE("an order without a fill is forgotten three days after it was made, its id with it") {
  World w(rest(10));
  w.to(30);
  const OrderView gone = w.accepted(named("gone", limit_order(Side::sell, "1", "101")));
  const OrderView stop =
      w.accepted(named("stop", conditional(OrderType::stop_market, Side::buy, "1", "110")));
  REQUIRE(w.exchange.cancel(w.account, gone.ref()).has_value());
  REQUIRE(w.exchange.cancel(w.account, stop.ref()).has_value());
  const OrderView filled = w.accepted(market_order(Side::sell, "1"));
  w.to(30 + 3 * kDay);
  CHECK(w.exchange.find_order(w.account, gone.ref())->has_value());
  CHECK(w.exchange.find_order(w.account, stop.ref())->has_value());
  w.to(30.001 + 3 * kDay);
  CHECK_FALSE(w.exchange.find_order(w.account, gone.ref())->has_value());
  CHECK_FALSE(w.exchange.find_order(w.account, stop.ref())->has_value());
  CHECK_FALSE(w.exchange.detail(w.account, gone.ref()).has_value());
  CHECK(w.exchange.orders(w.account, w.symbol, true).empty());
  CHECK(w.exchange.orders(w.account, w.symbol, false).size() == 1);
  w.accepted(market_order(Side::sell, "1"));  // the seat is tidied: they are gone for good
  CHECK(w.exchange.orders(w.account, w.symbol, false).size() == 2);
  CHECK(w.exchange.find_order(w.account, filled.ref())->has_value());
}

TEST_CASE("after ninety days fills, income and filled orders are forgotten, positions are not") {
  World w(rest(10));
  w.to(30);
  const OrderView filled = w.accepted(market_order(Side::sell, "1"));
  REQUIRE(w.exchange.set_leverage(w.account, w.symbol, 10).has_value());
  w.to(30.001 + 90 * kDay);
  CHECK_FALSE(w.exchange.find_order(w.account, filled.ref())->has_value());
  CHECK(w.exchange.fills(w.account, w.symbol).empty());
  CHECK(w.income("COMMISSION").empty());
  CHECK(w.held() == qty("-1"));
}

TEST_CASE("of closed orders the newest are remembered, over all symbols of an account") {
  World w({Course{.candles = rest(60)}, Course{.symbol = "XYZUSDT", .candles = rest(60)}},
          {.remembered_orders = 10});
  w.to(30);
  const OrderView resting = w.accepted(limit_order(Side::sell, "1", "101"));
  const OrderView first = w.accepted(named("first", market_order(Side::buy, "1")));
  const OrderView other = w.accepted(in("XYZUSDT", market_order(Side::buy, "1")));
  for (int i = 0; i < 10; ++i) {
    w.to(31 + i);
    w.accepted(in(i % 2 == 0 ? "XYZUSDT" : "ABCUSDT", market_order(Side::buy, "1")));
  }
  CHECK_FALSE(w.exchange.find_order(w.account, first.ref())->has_value());
  CHECK_FALSE(w.exchange.find_order(w.account, other.ref())->has_value());
  CHECK(w.order(resting).status == OrderStatus::open);
  CHECK(w.exchange.orders(w.account, w.symbol, false).size() == 6);
  CHECK(w.exchange.orders(w.account, Symbol("XYZUSDT"), false).size() == 5);
  w.to(50);
  w.accepted(market_order(Side::buy, "1"));
  w.accepted(market_order(Side::buy, "1"));
  CHECK(w.exchange.fills(w.account, w.symbol).size() <= 10);
  CHECK(w.exchange.fills(w.account, w.symbol).front().time >= start() + Seconds(31));
  CHECK(w.held() == qty("8"));
}

TEST_CASE("an order that rests is remembered however old it is") {
  World w(rest(10));
  w.to(30);
  const OrderView resting = w.accepted(limit_order(Side::sell, "1", "101"));
  w.to(200 * kDay);
  CHECK(w.order(resting).status == OrderStatus::open);
  w.to(30 + 365 * kDay);  // and lapses after a year
  CHECK(w.exchange.open_orders(w.account, false).empty());
}

TEST_CASE("fills are shown from a trade id on, until it is enough") {
  World w(rest(10));
  w.to(30);
  for (int i = 0; i < 4; ++i)
    w.accepted(market_order(Side::sell, "1"));
  const auto all = w.exchange.fills(w.account, w.symbol);
  REQUIRE(all.size() == 4);
  std::vector<std::int64_t> seen;
  w.exchange.visit_fills(w.account, w.symbol, all[1].trade_id, [&](const exchange::Fill& fill) {
    seen.push_back(fill.trade_id);
    return seen.size() < 2;
  });
  CHECK(seen == std::vector{all[1].trade_id, all[2].trade_id});
}

TEST_CASE("a limited journal keeps its newest entries, and their numbers") {
  World w(rest(10));
  w.to(30);
  std::size_t written = w.exchange.journal().size();
  w.exchange.keep_journal(10);
  w.exchange.on_journal([&](const JournalEntry&) { ++written; });
  for (int i = 0; i < 20; ++i)
    w.accepted(market_order(i % 2 == 0 ? Side::sell : Side::buy, "1"));
  CHECK(w.exchange.journal().size() >= 10);
  CHECK(w.exchange.journal().size() <= 20);
  CHECK(w.exchange.journal_begin() + w.exchange.journal().size() == written);
}

}  // namespace
}  // namespace bb::sim::test
