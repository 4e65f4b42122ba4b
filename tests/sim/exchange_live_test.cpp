// An exchange whose market grows: everything happens when a new point says so, and not before.
#include <doctest/doctest.h>

#include "live_world.h"

using namespace bb;
using namespace bb::sim;
using namespace bb::sim::test;
using Kind = JournalEntry::Kind;

TEST_CASE("live exchange: a stop triggers with the point that crosses it, at that point's price") {
  LiveWorld w;
  w.say(2, "100");
  w.accepted(market_order(Side::sell, "10"));
  const auto stop = w.accepted(close_position(OrderType::stop_market, Side::buy, "103"));
  w.say(3, "102.99");
  CHECK(w.order(stop).status == OrderStatus::open);
  w.to(3600);
  CHECK(w.order(stop).status == OrderStatus::open);
  w.say(3601, "103");
  CHECK(w.order(stop).status == OrderStatus::finished);
  CHECK(w.position().position.qty.is_zero());
  CHECK(w.entries(Kind::fill).back().time == LiveWorld::at(3601));
  CHECK(w.entries(Kind::fill).back().fill->price == price("103.01"));
}

TEST_CASE(
    "live exchange: a gap is one jump: the stop fills beyond its trigger, the limit at its own "
    "price") {
  LiveWorld w;
  w.say(2, "100");
  const int other = w.exchange.add_account({.alias = "other", .balance = usdt("1000"), .fees = {}});
  w.accepted(market_order(Side::sell, "10"));
  const auto stop = w.accepted(close_position(OrderType::stop_market, Side::buy, "103"));
  REQUIRE(w.exchange.place(other, limit_order(Side::sell, "1", "104")).has_value());
  w.say(600, "107", "106");
  CHECK(w.order(stop).status == OrderStatus::finished);
  CHECK(w.order(stop).average_price == price("107.01"));
  CHECK(w.entries(Kind::fill).back().account == other);
  CHECK(w.entries(Kind::fill).back().fill->price == price("104"));
  CHECK(w.entries(Kind::fill).back().time == LiveWorld::at(600));
}

TEST_CASE(
    "live exchange: nothing is foreseen: a price that came back before it was told of never was") {
  LiveWorld w;
  w.say(2, "100");
  const auto limit = w.accepted(limit_order(Side::buy, "1", "95"));
  for (int i = 3; i < 300; ++i)
    w.say(i, i % 2 == 0 ? "99" : "96");
  CHECK(w.order(limit).status == OrderStatus::open);
  w.say(300, "94.5");
  CHECK(w.order(limit).status == OrderStatus::filled);
  CHECK(w.exchange.quiet_until() > w.exchange.now());
}

TEST_CASE("live exchange: a new mark liquidates, a new last price alone does not") {
  LiveWorld w;
  w.say(2, "100");
  w.accepted(market_order(Side::sell, "10"));
  w.say(3, "120", "100");
  CHECK(w.entries(Kind::liquidated).empty());
  w.say(4, "120", "112");
  REQUIRE(w.entries(Kind::liquidated).size() == 1);
  CHECK(w.entries(Kind::liquidated).front().time == LiveWorld::at(4));
  CHECK(w.position().position.qty.is_zero());
}

TEST_CASE("live exchange: a cross account is liquidated by the jump of one of its marks") {
  LiveWorld w;
  const int cross = w.exchange.add_account({.alias = "cross",
                                            .balance = usdt("1000"),
                                            .default_leverage = 10,
                                            .default_margin = MarginType::cross,
                                            .fees = {}});
  w.say(2, "100");
  LiveUpdate other{.symbol = Symbol("XYZUSDT"), .last = price("50"), .mark = price("50")};
  w.append(3, other);
  REQUIRE(w.exchange.place(cross, market_order(Side::sell, "40")).has_value());
  REQUIRE(w.exchange.place(cross, in("XYZUSDT", market_order(Side::buy, "40"))).has_value());
  w.say(4, "119");
  CHECK(w.entries(Kind::liquidated).empty());
  w.say(5, "126");
  CHECK_FALSE(w.entries(Kind::liquidated).empty());
}

TEST_CASE("live exchange: the coming funding is paid at its time, at the rate that was told last") {
  LiveWorld w;
  const auto funding = [](double seconds, const char* rate) {
    LiveUpdate update;
    update.funding = Market::Funding{LiveWorld::at(seconds), ratio(rate)};
    return update;
  };
  w.say(2, "100");
  w.append(3, funding(100, "0.0001"));
  w.accepted(market_order(Side::sell, "10"));
  w.append(99, funding(100, "0.002"));
  w.append(100.5, funding(200, "0.05"));
  const auto paid = w.exchange.income(w.account);
  REQUIRE(paid.back().type == "FUNDING_FEE");
  CHECK(paid.back().amount == usdt("2"));
  CHECK(paid.back().time == LiveWorld::at(100));
  // The source is silent over the next one: it is paid as far as it was known, and only once.
  w.to(500);
  CHECK(w.exchange.income(w.account).back().amount == usdt("50"));
  CHECK(w.exchange.income(w.account).size() == paid.size() + 1);
  CHECK(w.market.funding(w.symbol, LiveWorld::at(0), LiveWorld::at(1000)).size() == 2);
}

TEST_CASE("live exchange: a trailing stop follows the points and fires on the way back") {
  LiveWorld w;
  w.say(2, "100");
  w.accepted(market_order(Side::buy, "10"));
  auto trailing = conditional(OrderType::trailing_stop_market, Side::sell, "10", "0");
  trailing.trigger_price = {};
  const auto stop = w.accepted(reduce_only(trailing), trails("0.02"));
  for (int i = 0; i <= 20; ++i)
    w.say(3 + i, std::to_string(100 + i));
  CHECK(w.order(stop).status == OrderStatus::open);
  w.say(30, "117.61");
  CHECK(w.order(stop).status == OrderStatus::open);
  w.to(7300);
  w.say(7301, "117.60");
  CHECK(w.order(stop).status == OrderStatus::finished);
}

TEST_CASE("live exchange: a contract that leaves the list is settled at its mark an hour later") {
  LiveWorld w;
  w.say(2, "100");
  w.accepted(market_order(Side::buy, "10"));
  const auto resting = w.accepted(limit_order(Side::buy, "1", "90"));
  w.list(10, {LiveWorld::contract("XYZUSDT")});
  const auto refused = w.exchange.place(w.account, market_order(Side::buy, "1"));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == -4140);
  w.say(11, "50");
  CHECK(w.market.last(w.symbol, w.exchange.now())->price == price("100"));
  w.to(10 + 3601);
  CHECK(w.position().position.qty.is_zero());
  CHECK(w.entries(Kind::fill).back().fill->price == price("100"));
  CHECK(w.order(resting).status == OrderStatus::expired);
  CHECK(w.market.find_rules(w.symbol, w.exchange.now())->status == SymbolStatus::closed);
}

TEST_CASE(
    "live exchange: orders take the real book's best level first, and what is made up behind it") {
  LiveWorld w;
  LiveUpdate update;
  update.last = update.mark = price("100");
  update.quote = Quote{price("99.98"), price("100.03"), qty("3"), qty("2")};
  w.append(2, update);
  w.accepted(market_order(Side::buy, "2"));
  CHECK(w.position().position.entry == price("100.03"));
  w.accepted(market_order(Side::sell, "2"));
  CHECK(w.entries(Kind::fill).back().fill->price == price("99.98"));
  w.accepted(market_order(Side::buy, "4"));
  const auto fills = w.entries(Kind::fill);
  CHECK(fills[fills.size() - 2].fill->qty == qty("2"));
  CHECK(fills.back().fill->price == price("100.04"));
}
