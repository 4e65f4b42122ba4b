// What an order may be told beside side, quantity and price: how long, against whom, at which
// level.
#include <doctest/doctest.h>

#include "exchange_world.h"
#include "sim/impl/triggers.h"

namespace bb::sim::test {
namespace {

using Kind = JournalEntry::Kind;
using enum SelfTradePrevention;

constexpr auto kStop = OrderType::stop_market;

struct Quiet : World {
  Quiet() : World(rest(60)) { to(30); }
};

OrderRequest gtd(const std::string& at) {
  return limit_order(Side::sell, "1", at, TimeInForce::gtd);
}

TEST_CASE("a good-till-date order expires at its date and not before") {
  Quiet w;
  const OrderView order = w.accepted(gtd("101"), until(1000));
  CHECK(w.detail(order).terms.good_till == start() + Seconds(1000));
  w.to(999.999);
  CHECK(w.order(order).status == OrderStatus::open);
  w.to(1000);
  CHECK(w.order(order).status == OrderStatus::expired);
  CHECK(w.order(order).update_time == start() + Seconds(1000));
  CHECK(w.exchange.balance(w.account).available == usdt("10000"));
}

TEST_CASE("a good-till date lies more than ten minutes ahead and is sent with GTD only") {
  Quiet w;
  CHECK(w.refused(gtd("101"), until(630)) == -5040);
  CHECK(w.refused(gtd("101"), until(630.001)) == 0);
  CHECK(w.refused(gtd("101"), until(253'402'300'799.0)) == -5040);
  CHECK(w.refused(gtd("101")) == -1102);
  CHECK(w.refused(limit_order(Side::sell, "1", "101"), until(1000)) == -1106);
}

TEST_CASE("a conditional order may have a date, too") {
  Quiet w;
  OrderRequest stop = conditional(OrderType::stop, Side::buy, "1", "110");
  stop.price = price("104");
  stop.time_in_force = TimeInForce::gtd;
  const OrderView order = w.accepted(stop, until(1000));
  w.to(1000);
  CHECK(w.order(order).status == OrderStatus::expired);
}

TEST_CASE("an RPI order is post only") {
  Quiet w;
  CHECK(w.refused(limit_order(Side::buy, "1", "101", TimeInForce::rpi)) == -5022);
  const OrderView order = w.accepted(limit_order(Side::buy, "1", "99", TimeInForce::rpi));
  CHECK(w.detail(order).time_in_force == TimeInForce::rpi);
}

TEST_CASE("an RPI order pays its own commission") {
  World w(rest(1) + rest(9, 98));
  w.to(30);
  w.accepted(limit_order(Side::buy, "10", "99", TimeInForce::rpi));
  w.accepted(limit_order(Side::buy, "10", "98.5"));
  w.to(60);
  const auto paid = w.income("COMMISSION");
  REQUIRE(paid.size() == 2);
  CHECK(paid[0].amount == usdt("-0.099"));
  CHECK(paid[1].amount == usdt("-0.197"));
}

TEST_CASE("post-only and fill-or-kill look at own resting orders, too") {
  Quiet w;
  w.accepted(limit_order(Side::sell, "5", "102"));
  CHECK(w.refused(limit_order(Side::buy, "1", "102", TimeInForce::gtx)) == -5022);
  CHECK(w.refused(limit_order(Side::buy, "1", "99.5", TimeInForce::gtx)) == 0);
  CHECK(w.refused(limit_order(Side::buy, "1", "99.99", TimeInForce::fok)) == -5021);
}

// ---- self-trade prevention ----------------------------------------------------------------

// An own sell of 3 rests at 100.05, between two levels of the book's asks at 100.01 .. 100.16.
struct Wide : World {
  OrderView resting;
  static Course course() {
    Course made{.candles = rest(60), .volume = 100};
    made.brackets = {{20, usdt("0"), usdt("90000000000"), ratio("0.01"), usdt("0")}};
    return made;
  }
  Wide() : World(std::vector<Course>{course()}) {
    to(30);
    resting = accepted(limit_order(Side::sell, "3", "100.05"));
  }
  // The asks up to 100.04 hold 15 together.
  static OrderRequest taker(TimeInForce tif = TimeInForce::gtc) {
    return limit_order(Side::buy, "40", "100.06", tif);
  }
};

TEST_CASE("expire-maker removes the resting own order and goes on") {
  Wide w;
  const OrderView taker = w.accepted(Wide::taker(), prevents(expire_maker));
  CHECK(w.order(w.resting).status == OrderStatus::expired_in_match);
  CHECK(w.detail(w.resting).expiry_reason == 1);
  CHECK(w.order(taker).status == OrderStatus::partially_filled);
  CHECK(w.order(taker).executed_qty == qty("15"));
  CHECK(w.held() == qty("15"));
}

TEST_CASE("expire-maker is what holds when nothing is said") {
  Wide w;
  w.accepted(Wide::taker());
  CHECK(w.order(w.resting).status == OrderStatus::expired_in_match);
}

TEST_CASE("expire-taker ends the incoming order where it would meet the own one") {
  Wide w;
  const OrderView taker = w.accepted(Wide::taker(), prevents(expire_taker));
  CHECK(taker.status == OrderStatus::expired_in_match);
  CHECK(taker.executed_qty == qty("15"));
  CHECK(w.detail(taker).expiry_reason == 1);
  CHECK(w.order(w.resting).status == OrderStatus::open);
}

TEST_CASE("expire-both ends both") {
  Wide w;
  const OrderView taker = w.accepted(Wide::taker(), prevents(expire_both));
  CHECK(taker.status == OrderStatus::expired_in_match);
  CHECK(w.order(w.resting).status == OrderStatus::expired_in_match);
}

TEST_CASE("an IOC order whose remainder met an own order says so") {
  Wide w;
  const OrderView taker = w.accepted(Wide::taker(TimeInForce::ioc), prevents(expire_maker));
  CHECK(taker.status == OrderStatus::expired);
  CHECK(w.detail(taker).expiry_reason == 3);
  Wide other;
  const OrderView ended = other.accepted(Wide::taker(TimeInForce::ioc), prevents(expire_taker));
  CHECK(other.detail(ended).expiry_reason == 3);
}

TEST_CASE("without prevention an account trades with itself, once as maker and once as taker") {
  Wide w;
  w.accepted(Wide::taker(), prevents(none));
  CHECK(w.order(w.resting).status == OrderStatus::filled);
  CHECK(w.order(w.resting).average_price == price("100.05"));
  CHECK(w.held() == qty("15"));  // 3 sold, 18 bought
  CHECK(w.money_adds_up(w.account));
}

TEST_CASE("a MARKET order meets own orders on its way through the book") {
  Wide w;
  const OrderView taker = w.accepted(market_order(Side::buy, "40"));
  CHECK(taker.status == OrderStatus::filled);
  CHECK(w.order(w.resting).status == OrderStatus::expired_in_match);
}

TEST_CASE("an own order beyond the taker's limit stays") {
  Wide w;
  w.accepted(limit_order(Side::buy, "10", "100.04"));
  CHECK(w.order(w.resting).status == OrderStatus::open);
}

// ---- price match --------------------------------------------------------------------------

TEST_CASE("price match takes the price of the book's level") {
  Quiet w;
  const auto price_of = [&](Side side, PriceMatch match) {
    OrderRequest order = limit_order(side, "1", "1");
    order.price = {};
    return w.accepted(order, matches(match)).price;
  };
  CHECK(price_of(Side::buy, PriceMatch::queue) == price("99.99"));
  CHECK(price_of(Side::buy, PriceMatch::queue_5) == price("99.84"));
  CHECK(price_of(Side::sell, PriceMatch::queue) == price("100.01"));
  CHECK(price_of(Side::buy, PriceMatch::opponent) == price("100.01"));
  CHECK(price_of(Side::sell, PriceMatch::opponent_5) == price("99.84"));
}

TEST_CASE("refusals of price match") {
  Quiet w;
  OrderRequest order = limit_order(Side::buy, "1", "1");
  CHECK(w.refused(order, matches(PriceMatch::queue)) == -1106);
  order.price = {};
  CHECK(w.refused(order, matches(PriceMatch::queue_10)) == -5041);
  CHECK(w.refused(order, matches(PriceMatch::opponent_20)) == -5041);
  CHECK(w.refused(order) == -1102);
  CHECK(w.refused(market_order(Side::buy, "1"), matches(PriceMatch::queue)) == -5038);
}

TEST_CASE("a conditional order matches its price when it triggers") {
  World w(rest(1) + rest(59, 104));
  w.to(30);
  OrderRequest stop = conditional(OrderType::stop, Side::buy, "1", "103");
  const OrderView placed = w.accepted(stop, matches(PriceMatch::queue));
  CHECK(placed.price.is_zero());
  w.to(60);
  CHECK(w.child(placed).price < price("104"));
  CHECK(w.child(placed).price > price("103"));
}

// ---- price protection, reduce-only without a position -------------------------------------

TEST_CASE("price protection holds a trigger back while last and mark price lie apart") {
  CHECK_FALSE(impl::is_price_protected(price("105"), price("100")));
  CHECK(impl::is_price_protected(price("105.01"), price("100")));
  CHECK(impl::is_price_protected(price("94.99"), price("100")));
}

// The last price jumps to 108 at 60 s; the mark price follows to 104 at 120 s and to 108 at 180 s.
Course apart() {
  Course course{.candles = rest(1) + rest(29, 108)};
  course.marks = rest(2) + rest(1, 104) + rest(27, 108);
  return course;
}

TEST_CASE("a protected stop that is held back is no protection, until it closes the position") {
  World w({apart()});
  w.to(30);
  w.accepted(market_order(Side::sell, "1"));
  OrderTerms terms;
  terms.price_protect = true;
  const OrderView stop = w.accepted(close_position(kStop, Side::buy, "105"), terms);
  CHECK(w.entries(Kind::unprotected_from).size() == 1);  // at the opening
  REQUIRE(w.entries(Kind::protected_from).size() == 1);
  w.to(90);
  CHECK(w.order(stop).status == OrderStatus::open);
  REQUIRE(w.entries(Kind::unprotected_from).size() == 2);
  CHECK(w.entries(Kind::unprotected_from)[1].time == start() + Seconds(60));
  w.to(119.9);
  CHECK(w.held() == qty("-1"));
  w.to(120);  // 108 is within 5 % of 104
  CHECK(w.order(stop).status == OrderStatus::finished);
  CHECK(w.held().is_zero());
  CHECK(w.entries(Kind::unprotected_from).size() == 2);
}

TEST_CASE("a held back stop whose price goes back to the safe side protects again") {
  Course course{.candles = rest(1) + rest(1, 108) + rest(28)};
  course.marks = rest(30);
  World w({course});
  w.to(30);
  w.accepted(market_order(Side::sell, "1"));
  OrderTerms terms;
  terms.price_protect = true;
  const OrderView stop = w.accepted(close_position(kStop, Side::buy, "105"), terms);
  w.to(119);
  CHECK(w.entries(Kind::unprotected_from).size() == 2);
  CHECK(w.entries(Kind::protected_from).size() == 1);
  w.to(121);
  CHECK(w.order(stop).status == OrderStatus::open);
  REQUIRE(w.entries(Kind::protected_from).size() == 2);
  CHECK(w.entries(Kind::protected_from)[1].time == start() + Seconds(120));
  CHECK(w.market.hold(w.symbol, price("106"), w.exchange.now()).has_value());
  w.exchange.reprice(w.symbol);
  w.to(122);  // last and mark price stand together
  CHECK(w.order(stop).status == OrderStatus::finished);
}

OrderRequest unfounded() { return reduce_only(conditional(kStop, Side::buy, "1", "110")); }

TEST_CASE(
    "a reduce-only stop without a position: accepted, it rests and is rejected at its trigger") {
  World w({Course{.candles = rest(2) + rest(10, 112)}},
          {.stop_without_position = StopWithoutPosition::accepted});
  w.to(30);
  const OrderView stop = w.accepted(unfounded());
  w.to(119);
  CHECK(w.order(stop).status == OrderStatus::open);
  w.to(121);
  CHECK(w.order(stop).status == OrderStatus::rejected);
  CHECK(w.detail(stop).reject_reason == "Reduce Only reject");
  CHECK(w.held().is_zero());
}

TEST_CASE(
    "a reduce-only stop without a position: accepted, it protects a position that comes later") {
  World w({Course{.candles = rest(2) + rest(10, 112)}},
          {.stop_without_position = StopWithoutPosition::accepted});
  w.to(30);
  w.accepted(unfounded());
  w.to(31);
  w.accepted(market_order(Side::sell, "1"));
  CHECK(w.entries(Kind::protected_from).size() == 1);
  w.to(121);
  CHECK(w.held().is_zero());
}

TEST_CASE("a reduce-only stop without a position: accepted and expired within a second") {
  World w({Course{.candles = rest(10)}}, {.stop_without_position = StopWithoutPosition::expired});
  w.to(30);
  const OrderView stop = w.accepted(unfounded());
  CHECK(w.order(stop).status == OrderStatus::open);
  w.to(31);
  CHECK(w.order(stop).status == OrderStatus::expired);
  // With a position in time it stays.
  const OrderView founded = w.accepted(unfounded());
  w.accepted(market_order(Side::sell, "1"));
  w.to(60);
  CHECK(w.order(founded).status == OrderStatus::open);
}

TEST_CASE("a stop that found its position in time still ends at its good-till date") {
  World w({Course{.candles = rest(60)}}, {.stop_without_position = StopWithoutPosition::expired});
  w.to(30);
  OrderRequest request = unfounded();
  request.type = OrderType::stop;
  request.price = price("111");
  request.time_in_force = TimeInForce::gtd;
  const OrderView stop = w.accepted(request, until(1000));
  w.accepted(market_order(Side::sell, "1"));
  w.to(999);
  CHECK(w.order(stop).status == OrderStatus::open);
  w.to(1000);
  CHECK(w.order(stop).status == OrderStatus::expired);
  CHECK(w.detail(stop).expiry_reason == 0);
}

// ---- countdown ----------------------------------------------------------------------------

TEST_CASE("the countdown cancels the symbol's regular orders unless it is renewed") {
  World w({Course{.candles = rest(60)}, Course{.symbol = "XYZUSDT", .candles = rest(60)}});
  w.to(30);
  const OrderView one = w.accepted(limit_order(Side::sell, "1", "101"));
  const OrderView stop = w.accepted(conditional(kStop, Side::buy, "1", "110"));
  const OrderView other = w.accepted(in("XYZUSDT", limit_order(Side::sell, "1", "101")));
  REQUIRE(w.exchange.set_countdown(w.account, w.symbol, Seconds(10)).has_value());
  w.to(35);
  REQUIRE(w.exchange.set_countdown(w.account, w.symbol, Seconds(10)).has_value());
  w.to(44.999);
  CHECK(w.order(one).status == OrderStatus::open);
  w.to(45);
  CHECK(w.order(one).status == OrderStatus::canceled);
  CHECK(w.order(stop).status == OrderStatus::open);
  CHECK(w.order(other).status == OrderStatus::open);
  REQUIRE(w.exchange.set_countdown(w.account, Symbol("XYZUSDT"), Seconds(10)).has_value());
  REQUIRE(w.exchange.set_countdown(w.account, Symbol("XYZUSDT"), Millis(0)).has_value());
  w.to(100);
  CHECK(w.order(other).status == OrderStatus::open);
}

TEST_CASE("a check refuses what placing would refuse, and changes nothing") {
  Quiet w;
  const auto code = [&](const OrderRequest& order) {
    const auto answer = w.exchange.check(w.account, order);
    return answer ? 0 : answer.error().code;
  };
  CHECK(code(market_order(Side::sell, "1")) == 0);
  CHECK(code(market_order(Side::sell, "10000")) == -2019);
  CHECK(code(in("NOPEUSDT", market_order(Side::sell, "1"))) == -1121);
  CHECK(w.exchange.positions(w.account).empty());
  CHECK(w.exchange.orders(w.account, w.symbol, false).empty());
}

}  // namespace
}  // namespace bb::sim::test
