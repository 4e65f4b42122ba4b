// Conditional orders: triggers, closePosition orders and what becomes of them, replacement.
#include <doctest/doctest.h>

#include "exchange_world.h"

namespace bb::sim::test {
namespace {

using Kind = JournalEntry::Kind;

constexpr auto kStop = OrderType::stop_market;
constexpr auto kProfit = OrderType::take_profit_market;

// A minute at 100, then within 15 s up to 108, then within 15 s down to 92, then back to 100.
std::vector<Candle> wave() { return rest(1) + std::vector<Candle>{{100, 108, 92, 100}} + rest(8); }

// A world with a short, 30 s after its start.
struct Short : World {
  Short(const std::string& amount, std::vector<Candle> candles) : World(std::move(candles)) {
    to(30);
    accepted(market_order(Side::sell, amount));
  }
};

std::vector<OrderStatus> life(const World& w, const OrderView& placed) {
  std::vector<OrderStatus> statuses;
  for (const JournalEntry& entry : w.exchange.journal())
    if (entry.kind == Kind::order_accepted || entry.kind == Kind::order_updated)
      if (entry.order->conditional && entry.order->order_id == placed.order_id)
        statuses.push_back(entry.order->status);
  return statuses;
}

TEST_CASE(
    "a closePosition stop triggers at its level, closes everything, and its sibling expires") {
  Short w("2", wave());
  const OrderView stop = w.accepted(named("sl", close_position(kStop, Side::buy, "104")));
  const OrderView profit = w.accepted(close_position(kProfit, Side::buy, "95"));
  CHECK(w.exchange.open_orders(w.account, true).size() == 2);
  w.to(67.499);
  CHECK(w.held() == qty("-2"));
  w.to(67.5);
  CHECK(w.held().is_zero());
  CHECK(life(w, stop) == std::vector{OrderStatus::open, OrderStatus::triggering,
                                     OrderStatus::triggered, OrderStatus::finished});
  CHECK(life(w, profit) == std::vector{OrderStatus::open, OrderStatus::expired});
  CHECK(w.exchange.detail(w.account, profit.ref())->expiry_reason == 6);

  const OrderView child = w.child(stop);
  CHECK_FALSE(child.conditional);
  CHECK(child.client_order_id.str() == "sl");
  CHECK(child.type == OrderType::market);
  CHECK(child.executed_qty == qty("2"));
  CHECK(child.average_price > price("104"));
  CHECK(w.order(stop).executed_qty == qty("2"));
  CHECK(w.order(stop).average_price == child.average_price);
  CHECK(w.exchange.open_orders(w.account, true).empty());
  CHECK(w.money_adds_up(w.account));
}

TEST_CASE("a take-profit of a short triggers on the way down") {
  Short w("2", wave());
  const OrderView profit = w.accepted(close_position(kProfit, Side::buy, "96"));
  w.to(120);
  CHECK(w.order(profit).status == OrderStatus::finished);
  CHECK(w.order(profit).average_price == price("96.24"));  // 2 % of the range of 12 walked so far
  CHECK(w.held().is_zero());
}

TEST_CASE("a jump through a stop fills at the open, which is worse") {
  Short w("2", rest(1) + rest(9, 107));
  const OrderView stop = w.accepted(close_position(kStop, Side::buy, "104"));
  w.to(59.999);
  CHECK(w.held() == qty("-2"));
  w.to(60);
  CHECK(w.held().is_zero());
  CHECK(w.order(stop).average_price == price("107.01"));
}

TEST_CASE("a closePosition order follows the size of its position") {
  Short w("2", wave());
  const OrderView stop = w.accepted(close_position(kStop, Side::buy, "104"));
  w.accepted(market_order(Side::sell, "3"));
  w.to(70);
  CHECK(w.held().is_zero());
  CHECK(w.order(stop).executed_qty == qty("5"));
}

TEST_CASE("a closePosition order expires with its position, also by a flip") {
  Short w("2", rest(10));
  const OrderView stop = w.accepted(close_position(kStop, Side::buy, "104"));
  w.accepted(reduce_only(market_order(Side::buy, "1")));
  CHECK(w.order(stop).status == OrderStatus::open);
  w.accepted(market_order(Side::buy, "4"));
  CHECK(w.held() == qty("3"));
  CHECK(w.order(stop).status == OrderStatus::expired);
}

TEST_CASE("closePosition needs a position, and there is one of a kind and direction") {
  World w(rest(10));
  w.to(30);
  CHECK(w.refused(close_position(kStop, Side::buy, "104")) == -4509);
  w.accepted(market_order(Side::sell, "2"));
  CHECK(w.refused(close_position(kStop, Side::sell, "95")) == -4509);
  const OrderView stop = w.accepted(close_position(kStop, Side::buy, "104"));
  CHECK(w.refused(close_position(kStop, Side::buy, "103")) == -4130);
  CHECK(w.refused(close_position(kProfit, Side::buy, "95")) == 0);
  REQUIRE(w.exchange.cancel(w.account, stop.ref()).has_value());
  CHECK(w.refused(close_position(kStop, Side::buy, "103")) == 0);
}

TEST_CASE("a moving stop may rest beside the closePosition stop, and covers while that one moves") {
  Short w("2", rest(10));
  const OrderView old = w.accepted(close_position(kStop, Side::buy, "108"));
  const OrderView moving = w.accepted(reduce_only(conditional(kStop, Side::buy, "2", "104")));
  CHECK(w.refused(close_position(kStop, Side::buy, "104")) == -4130);
  REQUIRE(w.exchange.cancel(w.account, old.ref()).has_value());
  w.accepted(close_position(kStop, Side::buy, "104"));
  REQUIRE(w.exchange.cancel(w.account, moving.ref()).has_value());
  CHECK(w.entries(Kind::unprotected_from).size() == 1);  // at the opening
  CHECK(w.entries(Kind::protected_from).size() == 1);
}

TEST_CASE("a quantity stop outlives its position and is rejected when it has nothing to reduce") {
  Short w("2", wave());
  const OrderView stop = w.accepted(reduce_only(conditional(kStop, Side::buy, "2", "104")));
  w.accepted(reduce_only(market_order(Side::buy, "2")));
  CHECK(w.order(stop).status == OrderStatus::open);
  w.to(70);
  CHECK(w.order(stop).status == OrderStatus::rejected);
  CHECK(w.exchange.detail(w.account, stop.ref())->reject_reason == "Reduce Only reject");
  CHECK(w.order(stop).child_order_id == 0);
  CHECK(w.held().is_zero());
}

TEST_CASE("a quantity stop larger than what is left of the position closes what is left") {
  Short w("3", wave());
  const OrderView stop = w.accepted(reduce_only(conditional(kStop, Side::buy, "3", "104")));
  w.accepted(reduce_only(market_order(Side::buy, "2")));
  w.to(70);
  CHECK(w.order(stop).executed_qty == qty("1"));
  CHECK(w.held().is_zero());
}

TEST_CASE("a plain stop without a position opens one") {
  World w(wave());
  w.to(30);
  const OrderView stop = w.accepted(conditional(kStop, Side::buy, "2", "104"));
  w.to(70);
  CHECK(w.order(stop).status == OrderStatus::finished);
  CHECK(w.held() == qty("2"));
}

TEST_CASE("margin is not asked for at placement, but at the trigger") {
  World w(wave());
  w.to(30);
  const OrderView stop = w.accepted(conditional(kStop, Side::buy, "5000", "104"));
  w.to(70);
  CHECK(w.order(stop).status == OrderStatus::rejected);
  CHECK(w.exchange.detail(w.account, stop.ref())->reject_reason == "Margin is insufficient.");
}

TEST_CASE("a STOP becomes a limit order that rests when the price has passed it") {
  Short w("2", rest(1) + std::vector<Candle>{{107, 108, 103, 104}} + rest(8, 104));
  OrderRequest request = reduce_only(conditional(OrderType::stop, Side::buy, "2", "104"));
  request.price = price("105");
  const OrderView stop = w.accepted(request);
  w.to(60);  // the open jumps to 107: triggered, and the limit of 105 is below the market
  CHECK(w.order(stop).status == OrderStatus::triggered);
  CHECK(w.child(stop).status == OrderStatus::open);
  CHECK(w.exchange.cancel(w.account, stop.ref()).error().code == -2011);
  w.to(120);
  CHECK(w.child(stop).status == OrderStatus::filled);
  CHECK(w.child(stop).average_price == price("105"));
  CHECK(w.order(stop).status == OrderStatus::finished);
}

TEST_CASE("a resting child that is cancelled finishes its conditional order unfilled") {
  Short w("2", rest(1) + rest(9, 107));
  OrderRequest request = reduce_only(conditional(OrderType::stop, Side::buy, "2", "104"));
  request.price = price("105");
  const OrderView stop = w.accepted(request);
  w.to(61);
  REQUIRE(w.exchange.cancel(w.account, w.child(stop).ref()).has_value());
  CHECK(w.order(stop).status == OrderStatus::finished);
  CHECK(w.order(stop).executed_qty.is_zero());
  CHECK(w.held() == qty("-2"));
}

TEST_CASE("a trigger is rejected where a regular order rests under the conditional order's name") {
  Short w("2", rest(1) + rest(9, 107));
  const OrderView stop = w.accepted(
      named("twin", reduce_only(conditional(OrderType::stop_market, Side::buy, "2", "104"))));
  const OrderView resting = w.accepted(named("twin", limit_order(Side::sell, "1", "120")));
  w.to(61);
  CHECK(w.order(stop).status == OrderStatus::rejected);
  CHECK(w.detail(stop).reject_reason == "ClientOrderId is duplicated.");
  CHECK(w.held() == qty("-2"));
  const auto found = w.exchange.find_order(
      w.account, {.symbol = w.symbol, .client_order_id = ClientOrderId("twin")});
  REQUIRE(found->has_value());
  CHECK((*found)->order_id == resting.order_id);
}

TEST_CASE("in hedge mode a closePosition order closes its own leg only") {
  World w(wave());
  w.to(30);
  REQUIRE(w.exchange.set_hedge(w.account, true).has_value());
  w.accepted(on(PositionSide::long_, market_order(Side::buy, "3")));
  w.accepted(on(PositionSide::short_, market_order(Side::sell, "2")));
  w.accepted(on(PositionSide::short_, close_position(kStop, Side::buy, "104")));
  w.accepted(on(PositionSide::long_, close_position(kStop, Side::sell, "80")));
  w.to(70);
  CHECK(w.held(PositionSide::short_).is_zero());
  CHECK(w.held(PositionSide::long_) == qty("3"));
  CHECK(w.exchange.open_orders(w.account, true).size() == 1);
}

TEST_CASE("cancelling a conditional order needs no symbol, and works once") {
  Short w("2", rest(10));
  w.accepted(named("sl", close_position(kStop, Side::buy, "104")));
  const exchange::OrderRef ref{
      .symbol = {}, .client_order_id = ClientOrderId("sl"), .conditional = true};
  CHECK(w.exchange.cancel(w.account, ref)->status == OrderStatus::canceled);
  CHECK(w.exchange.cancel(w.account, ref).error().code == -2011);
  const exchange::OrderRef unknown{
      .symbol = {}, .client_order_id = ClientOrderId("never"), .conditional = true};
  CHECK_FALSE(w.exchange.find_order(w.account, unknown)->has_value());
}

TEST_CASE("the journal says from when to when a position is protected") {
  Short w("2", wave());
  const OrderView half = w.accepted(reduce_only(conditional(kStop, Side::buy, "1", "106")));
  CHECK(w.entries(Kind::protected_from).empty());
  w.accepted(reduce_only(conditional(kStop, Side::buy, "1", "107")));
  CHECK(w.entries(Kind::protected_from).size() == 1);
  w.accepted(market_order(Side::sell, "0.5"));
  CHECK(w.entries(Kind::unprotected_from).size() == 2);
  w.accepted(reduce_only(market_order(Side::buy, "0.5")));
  CHECK(w.entries(Kind::protected_from).size() == 2);
  REQUIRE(w.exchange.cancel(w.account, half.ref()).has_value());
  CHECK(w.entries(Kind::unprotected_from).size() == 3);
  w.accepted(close_position(kProfit, Side::buy, "90"));
  CHECK(w.entries(Kind::protected_from).size() == 2);  // a take-profit protects nothing
}

TEST_CASE("events inside the walk carry the loop's time of the moment they happened") {
  Short w("2", wave());
  w.accepted(close_position(kStop, Side::buy, "104"));
  w.exchange.advance(start() + Millis(100'000), Micros(900'000'000));
  const JournalEntry closed = w.entries(Kind::position_closed).at(0);
  CHECK(closed.time == start() + Millis(67'500));
  CHECK(closed.precise == Micros(900'000'000 - 32'500'000));
}

}  // namespace
}  // namespace bb::sim::test
