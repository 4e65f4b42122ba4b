// Amending orders: every rule and code of reference §11.3.
#include <doctest/doctest.h>

#include "exchange_world.h"

namespace bb::sim::test {
namespace {

using Kind = JournalEntry::Kind;

struct Resting : World {
  OrderView placed;
  Resting() : World(rest(60)) {
    to(30);
    placed = accepted(named("mine", limit_order(Side::sell, "10", "101")));
  }
  Answer<OrderView> amend(const std::string& amount, const std::string& at) {
    return exchange.amend(account, placed.ref(),
                          {.side = Side::sell, .qty = qty(amount), .price = price(at)});
  }
  int refused_amend(const Amendment& change) {
    const auto answer = exchange.amend(account, placed.ref(), change);
    return answer ? 0 : answer.error().code;
  }
  int refused_amend(const std::string& amount, const std::string& at) {
    return refused_amend({.side = Side::sell, .qty = qty(amount), .price = price(at)});
  }
};

// 5 of 10 are filled.
struct Partial : World {
  OrderView placed;
  static Course course() { return {.candles = rest(60), .volume = 100}; }
  Partial() : World(std::vector<Course>{course()}) {
    to(30);
    placed = accepted(limit_order(Side::sell, "10", "99.99"));
    REQUIRE(placed.executed_qty == qty("5"));
  }
};

TEST_CASE("an amended order has its new price and quantity, and its own id") {
  Resting w;
  w.to(31);
  const auto answer = w.exchange.amend(
      w.account, w.placed.ref(),
      {.side = Side::sell, .qty = qty("12"), .price = price("102"), .modify_id = 77});
  REQUIRE(answer.has_value());
  CHECK(answer->order_id == w.placed.order_id);
  CHECK(answer->qty == qty("12"));
  CHECK(answer->price == price("102"));
  CHECK(answer->status == OrderStatus::open);
  CHECK(w.exchange.balance(w.account).order_margin == usdt("122.4"));
  const auto entries = w.entries(Kind::order_amended);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].order->qty == qty("12"));
  CHECK(entries[0].detail->modify_id == 77);
  CHECK(entries[0].detail->terms.self_trade == SelfTradePrevention::none);
}

TEST_CASE("each amendment of an order has its line") {
  Resting w;
  REQUIRE(w.amend("10", "102").has_value());
  w.to(31);
  REQUIRE(w.amend("8", "102").has_value());
  const auto rows = w.exchange.amendments(w.account, w.symbol);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].price_before == price("101"));
  CHECK(rows[0].price_after == price("102"));
  CHECK(rows[1].qty_before == qty("10"));
  CHECK(rows[1].qty_after == qty("8"));
  CHECK(rows[1].count == 2);
  CHECK(rows[1].amendment_id > rows[0].amendment_id);
  CHECK(rows[1].client_order_id.str() == "mine");
  CHECK(rows[1].time == start() + Seconds(31));
}

TEST_CASE("an order amended across the market takes from it") {
  Resting w;
  const auto answer = w.amend("10", "99.9");
  REQUIRE(answer.has_value());
  CHECK(answer->status == OrderStatus::filled);
  CHECK(w.held() == qty("-10"));
}

TEST_CASE("an order waits at its amended price") {
  World w(rest(1) + std::vector<Candle>{{100, 104, 100, 100}} + rest(8));
  w.to(30);
  const OrderView order = w.accepted(limit_order(Side::sell, "1", "101"));
  REQUIRE(w.exchange
              .amend(w.account, order.ref(),
                     {.side = Side::sell, .qty = qty("1"), .price = price("103")})
              .has_value());
  w.to(71.24);  // 103 after 11.25 s
  CHECK(w.held().is_zero());
  w.to(71.25);
  CHECK(w.held() == qty("-1"));
}

TEST_CASE("refused amendments leave the order as it was") {
  Resting w;
  CHECK(w.refused_amend("10", "101") == -5027);
  CHECK(w.refused_amend("0", "101") == -4003);
  CHECK(w.refused_amend("10.01", "101") == -1111);
  CHECK(w.refused_amend("200000", "101") == -4005);
  CHECK(w.refused_amend("10", "101.001") == -1111);
  CHECK(w.refused_amend("10", "0.5") == -4013);
  CHECK(w.refused_amend("10", "10000.01") == -4002);
  CHECK(w.refused_amend("10", "94.99") == -4024);
  CHECK(w.refused_amend("5000", "101") == -2019);
  CHECK(w.refused_amend({.side = Side::buy, .qty = qty("9"), .price = price("101")}) == -1130);
  CHECK(w.order(w.placed).qty == qty("10"));
  CHECK(w.order(w.placed).price == price("101"));
  CHECK(w.exchange.amendments(w.account, w.symbol).empty());
  CHECK(w.entries(Kind::order_amended).empty());
}

TEST_CASE("an amendment keeps the minimum notional, and the cap of the bracket") {
  Course course{.candles = rest(10)};
  course.rules.min_notional = usdt("50");
  World w({course});
  w.to(30);
  const OrderView order = w.accepted(limit_order(Side::sell, "1", "101"));
  const auto code = [&](const std::string& amount) {
    const auto answer = w.exchange.amend(
        w.account, order.ref(), {.side = Side::sell, .qty = qty(amount), .price = price("101")});
    return answer ? 0 : answer.error().code;
  };
  CHECK(code("0.4") == -5029);
  REQUIRE(w.exchange.set_leverage(w.account, w.symbol, 20).has_value());
  REQUIRE(w.exchange.transfer(w.account, usdt("1000000")).has_value());
  CHECK(code("10000") == -2027);
}

TEST_CASE("reduce-only said of an order that is reduce-only spares the minimum notional") {
  Course course{.candles = rest(10)};
  course.rules.min_notional = usdt("50");
  World w({course});
  w.to(30);
  w.accepted(market_order(Side::sell, "2"));
  const OrderView order = w.accepted(reduce_only(limit_order(Side::buy, "1", "99")));
  const auto code = [&](const OrderView& of, Amendment change) {
    const auto answer = w.exchange.amend(w.account, of.ref(), change);
    return answer ? 0 : answer.error().code;
  };
  CHECK(code(order, {.side = Side::buy, .qty = qty("0.3"), .price = price("99")}) == -5029);
  CHECK(code(order,
             {.side = Side::buy, .qty = qty("0.3"), .price = price("99"), .reduce_only = true}) ==
        0);
  CHECK(code(order,
             {.side = Side::buy, .qty = qty("2.1"), .price = price("99"), .reduce_only = true}) ==
        -4118);
  const OrderView plain = w.accepted(limit_order(Side::buy, "1", "98"));
  CHECK(code(plain,
             {.side = Side::buy, .qty = qty("2"), .price = price("98"), .reduce_only = true}) ==
        -5047);
}

TEST_CASE("only resting limit orders of a trading symbol are amended") {
  World w({Course{.candles = rest(5)}, Course{.symbol = "XYZUSDT", .candles = rest(120)}});
  w.to(30);
  const OrderView gone = w.accepted(market_order(Side::sell, "1"));
  const auto code = [&](const exchange::OrderRef& ref) {
    const auto answer = w.exchange.amend(
        w.account, ref, {.side = Side::sell, .qty = qty("2"), .price = price("101")});
    return answer ? 0 : answer.error().code;
  };
  CHECK(code(gone.ref()) == -2013);
  CHECK(code({.symbol = w.symbol, .client_order_id = ClientOrderId("nope")}) == -2013);
  const OrderView stop = w.accepted(conditional(OrderType::stop_market, Side::buy, "1", "110"));
  CHECK(code(stop.ref()) == -2013);
  const OrderView order = w.accepted(limit_order(Side::sell, "1", "101"));
  w.to(301);
  CHECK(code(order.ref()) == -5024);
}

TEST_CASE("ten thousand amendments are enough") {
  Resting w;
  for (int i = 0; i < 5000; ++i) {
    REQUIRE(w.amend("9", "101").has_value());
    REQUIRE(w.amend("10", "101").has_value());
  }
  CHECK(w.refused_amend("9", "101") == -5026);
}

TEST_CASE("an amendment to what is already filled cancels the order") {
  Partial w;
  const auto answer = w.exchange.amend(
      w.account, w.placed.ref(), {.side = Side::sell, .qty = qty("5"), .price = price("100")});
  REQUIRE(answer.has_value());
  CHECK(answer->status == OrderStatus::canceled);
  CHECK(answer->executed_qty == qty("5"));
}

TEST_CASE("the quantity of an amendment is the total, not what is left") {
  Partial w;
  REQUIRE(w.exchange
              .amend(w.account, w.placed.ref(),
                     {.side = Side::sell, .qty = qty("8"), .price = price("100.5")})
              .has_value());
  CHECK(w.order(w.placed).executed_qty == qty("5"));
  CHECK(w.exchange.balance(w.account).order_margin == usdt("30.15"));
}

TEST_CASE("a post-only order amended across the market is cancelled") {
  World w(rest(10));
  w.to(30);
  const OrderView order = w.accepted(limit_order(Side::sell, "1", "101", TimeInForce::gtx));
  const auto answer = w.exchange.amend(
      w.account, order.ref(), {.side = Side::sell, .qty = qty("1"), .price = price("99.99")});
  REQUIRE(answer.has_value());
  CHECK(answer->status == OrderStatus::canceled);
  CHECK(w.held().is_zero());
}

TEST_CASE("an amendment may match the book's price") {
  Resting w;
  CHECK(w.refused_amend(
            {.side = Side::sell, .qty = qty("10"), .price_match = PriceMatch::queue_20}) == -5041);
  const auto answer =
      w.exchange.amend(w.account, w.placed.ref(),
                       {.side = Side::sell, .qty = qty("10"), .price_match = PriceMatch::queue});
  REQUIRE(answer.has_value());
  CHECK(answer->price == price("100.01"));
  CHECK(w.detail(w.placed).terms.price_match == PriceMatch::queue);
}

}  // namespace
}  // namespace bb::sim::test
