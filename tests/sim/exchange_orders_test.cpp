// Placing and matching: what fills, at which price, what rests and what expires.
#include <doctest/doctest.h>

#include "exchange_world.h"

namespace bb::sim::test {
namespace {

using Kind = JournalEntry::Kind;

TEST_CASE("a market sell fills below the last price and a market buy above it") {
  World w(rest(10));
  w.to(30);
  const OrderView sold = w.accepted(market_order(Side::sell, "2"));
  CHECK(sold.status == OrderStatus::filled);
  CHECK(sold.average_price.is_zero());
  CHECK(w.order(sold).average_price == price("99.99"));
  const OrderView bought = w.accepted(market_order(Side::buy, "2"));
  CHECK(w.order(bought).average_price == price("100.01"));
  CHECK(w.held().is_zero());
  CHECK(w.money_adds_up(w.account));
}

TEST_CASE("a large market order fills in several fills with ids and prices of their own") {
  World w({Course{.candles = rest(10), .volume = 1000}});
  w.to(30);
  const OrderView sold = w.accepted(market_order(Side::sell, "170"));
  const auto fills = w.exchange.fills(w.account, w.symbol);
  REQUIRE(fills.size() == 4);
  Qty sum;
  for (std::size_t i = 0; i < fills.size(); ++i) {
    sum += fills[i].qty;
    CHECK(fills[i].order_id == sold.order_id);
    if (i == 0) continue;
    CHECK(fills[i].trade_id > fills[i - 1].trade_id);
    CHECK(fills[i].price < fills[i - 1].price);
  }
  CHECK(sum == qty("170"));
  CHECK(w.held() == qty("-170"));
}

TEST_CASE("a market order does not fill beyond the take bound: the rest expires") {
  Course course{.candles = rest(1) + std::vector<Candle>{{100, 180, 100, 100}} + rest(8),
                .volume = 1000};
  World w({course});
  w.to(120);  // the range of the bar before is 80 %: the half spread 1.6 %
  const OrderView sold = w.accepted(market_order(Side::sell, "170"));
  CHECK(sold.status == OrderStatus::expired);
  CHECK(sold.executed_qty == qty("100"));
  CHECK(w.exchange.detail(w.account, sold.ref())->expiry_reason == 9);
  for (const auto& fill : w.exchange.fills(w.account, w.symbol))
    CHECK(fill.price >= price("95"));
}

TEST_CASE("a limit order rests and fills at its own price as a maker when the path touches it") {
  World w(rest(2) + std::vector<Candle>{{100, 104, 100, 100}} + rest(8));
  w.to(30);
  const OrderView sell = w.accepted(limit_order(Side::sell, "2", "102"));
  CHECK(sell.status == OrderStatus::open);
  CHECK(w.exchange.open_orders(w.account, false).size() == 1);
  w.to(127.499);
  CHECK(w.held().is_zero());
  w.to(127.5);  // half way of the first quarter: 100 to 104 in 15 s
  CHECK(w.held() == qty("-2"));
  const auto fills = w.exchange.fills(w.account, w.symbol);
  REQUIRE(fills.size() == 1);
  CHECK(fills[0].maker);
  CHECK(fills[0].price == price("102"));
  CHECK(fills[0].commission == usdt("0.0408"));
  CHECK(w.exchange.open_orders(w.account, false).empty());
}

TEST_CASE("IOC takes what is there and expires, FOK and GTX are refused without a record") {
  World w({Course{.candles = rest(10), .volume = 1000}});
  w.to(30);
  const OrderView ioc = w.accepted(limit_order(Side::sell, "170", "99.98", TimeInForce::ioc));
  CHECK(ioc.status == OrderStatus::expired);
  CHECK(ioc.executed_qty == qty("100"));
  CHECK(w.exchange.detail(w.account, ioc.ref())->expiry_reason == 2);
  CHECK(w.refused(limit_order(Side::sell, "170", "99.98", TimeInForce::fok)) == -5021);
  CHECK(w.refused(limit_order(Side::sell, "1", "99.99", TimeInForce::gtx)) == -5022);
  CHECK(w.exchange.orders(w.account, w.symbol, false).size() == 1);
  CHECK(w.accepted(limit_order(Side::sell, "100", "99.98", TimeInForce::fok)).status ==
        OrderStatus::filled);
  CHECK(w.accepted(limit_order(Side::sell, "1", "100", TimeInForce::gtx)).status ==
        OrderStatus::open);
}

TEST_CASE("a marketable limit takes up to its price and rests with what is left") {
  World w({Course{.candles = rest(10), .volume = 1000}});
  w.to(30);
  const OrderView sell = w.accepted(limit_order(Side::sell, "170", "99.98"));
  CHECK(sell.status == OrderStatus::partially_filled);
  CHECK(sell.executed_qty == qty("100"));
  CHECK(w.exchange.open_orders(w.account, false).size() == 1);
  const auto canceled = w.exchange.cancel(w.account, sell.ref());
  REQUIRE(canceled.has_value());
  CHECK(canceled->status == OrderStatus::canceled);
  CHECK(canceled->executed_qty == qty("100"));
  CHECK(w.exchange.cancel(w.account, sell.ref()).error().code == -2011);
}

TEST_CASE("the id of an open order is refused, the id of a filled one fills again") {
  World w(rest(10));
  w.to(30);
  CHECK(w.refused(named("mine", market_order(Side::sell, "1"))) == 0);
  CHECK(w.refused(named("mine", market_order(Side::sell, "1"))) == 0);
  CHECK(w.held() == qty("-2"));
  CHECK(w.refused(named("mine", limit_order(Side::sell, "1", "101"))) == 0);
  CHECK(w.refused(named("mine", market_order(Side::sell, "1"))) == -4116);
  const auto found = w.exchange.find_order(
      w.account, {.symbol = w.symbol, .client_order_id = ClientOrderId("mine")});
  REQUIRE(found->has_value());
  CHECK((*found)->type == OrderType::limit);  // the newest
}

TEST_CASE("a sell through a long flips to a short in one order") {
  World w(rest(10));
  w.to(30);
  w.accepted(market_order(Side::buy, "1"));
  w.accepted(market_order(Side::sell, "3"));
  CHECK(w.held() == qty("-2"));
  CHECK(w.position().position.entry == price("99.99"));
  const auto realized = w.income("REALIZED_PNL");
  REQUIRE(realized.size() == 1);
  CHECK(realized[0].amount == usdt("-0.02"));
  CHECK(w.entries(Kind::position_opened).size() == 2);
  CHECK(w.entries(Kind::position_closed).size() == 1);
  CHECK(w.money_adds_up(w.account));
}

TEST_CASE("hedge mode holds a long and a short beside each other") {
  World w(rest(10));
  w.to(30);
  REQUIRE(w.exchange.set_hedge(w.account, true).has_value());
  w.accepted(on(PositionSide::long_, market_order(Side::buy, "3")));
  w.accepted(on(PositionSide::short_, market_order(Side::sell, "2")));
  CHECK(w.held(PositionSide::long_) == qty("3"));
  CHECK(w.held(PositionSide::short_) == qty("-2"));
  CHECK(w.refused(on(PositionSide::long_, market_order(Side::sell, "4"))) == -2022);
  w.accepted(on(PositionSide::long_, market_order(Side::sell, "3")));
  CHECK(w.held(PositionSide::long_).is_zero());
  CHECK(w.held(PositionSide::short_) == qty("-2"));
}

TEST_CASE("ids grow per symbol, some beyond 2^53, and conditional ids are a space of their own") {
  World w({Course{.candles = rest(10)}, Course{.symbol = "XYZUSDT", .candles = rest(10)},
           Course{.symbol = "UVWUSDT", .candles = rest(10)}});
  w.to(30);
  bool beyond = false;
  for (const char* symbol : {"ABCUSDT", "XYZUSDT", "UVWUSDT"}) {
    const auto first = w.accepted(in(symbol, market_order(Side::sell, "1"))).order_id;
    CHECK(w.accepted(in(symbol, market_order(Side::sell, "1"))).order_id == first + 1);
    beyond = beyond || first > (std::int64_t{1} << 53);
  }
  CHECK(beyond);
  const OrderView stop = w.accepted(close_position(OrderType::stop_market, Side::buy, "110"));
  CHECK(stop.order_id == 1'000'000'000'000'001);
  CHECK(stop.conditional);
}

}  // namespace
}  // namespace bb::sim::test
