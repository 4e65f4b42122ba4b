// Every refusal that a client can meet, provoked once.
#include <doctest/doctest.h>

#include "exchange_world.h"
#include "sim/impl/checks.h"

namespace bb::sim::test {
namespace {

constexpr auto kStop = OrderType::stop_market;
constexpr auto kProfit = OrderType::take_profit_market;

struct Quiet : World {
  Quiet() : World(rest(30)) { to(30); }
};

OrderRequest with_price(OrderRequest order, const std::string& at) {
  order.price = price(at);
  return order;
}

OrderRequest with_trigger(OrderRequest order, const std::string& at) {
  order.trigger_price = price(at);
  return order;
}

TEST_CASE("refusals of form: symbol, client id, sides, parameters") {
  Quiet w;
  CHECK(w.refused(in("NOPEUSDT", market_order(Side::sell, "1"))) == -1121);
  CHECK(w.refused(named(std::string(37, 'a'), market_order(Side::sell, "1"))) == -4015);
  CHECK(w.refused(named("white space", market_order(Side::sell, "1"))) == -4015);
  CHECK(w.refused(named(std::string(36, 'a'), market_order(Side::sell, "1"))) == 0);
  CHECK(w.refused(on(PositionSide::short_, market_order(Side::sell, "1"))) == -4061);
  CHECK(w.refused(with_price(market_order(Side::sell, "1"), "100")) == -1106);
  CHECK(w.refused(with_trigger(market_order(Side::sell, "1"), "100")) == -1106);
  CHECK(w.refused(with_price(limit_order(Side::sell, "1", "100"), "0")) == -1102);
  CHECK(w.refused(with_trigger(conditional(kStop, Side::buy, "1", "110"), "0")) == -1102);
  CHECK(w.refused(conditional(kStop, Side::buy, "1", "10001")) == -4007);
}

TEST_CASE("refusals of form in hedge mode") {
  Quiet w;
  REQUIRE(w.exchange.set_hedge(w.account, true).has_value());
  CHECK(w.refused(market_order(Side::sell, "1")) == -4061);
  CHECK(w.refused(on(PositionSide::short_, reduce_only(market_order(Side::buy, "1")))) == -1106);
  CHECK(w.refused(on(PositionSide::short_, market_order(Side::buy, "1"))) == -2022);
  w.accepted(on(PositionSide::short_, market_order(Side::sell, "1")));
  CHECK(w.refused(on(PositionSide::short_, close_position(kStop, Side::sell, "90"))) == -4136);
  CHECK(w.refused(on(PositionSide::short_, close_position(kStop, Side::buy, "110"))) == 0);
}

TEST_CASE("refusals of quantity") {
  Course course{.candles = rest(10)};
  course.rules.lot = {qty("0.4"), qty("100"), qty("0.2")};
  course.rules.market_lot = {qty("0.4"), qty("50"), qty("0.2")};
  World w({course});
  w.to(30);
  CHECK(w.refused(market_order(Side::sell, "0")) == -4003);
  CHECK(w.refused(market_order(Side::sell, "-1")) == -4003);
  CHECK(w.refused(market_order(Side::sell, "1.01")) == -1111);
  CHECK(w.refused(market_order(Side::sell, "0.2")) == -4004);
  CHECK(w.refused(market_order(Side::sell, "50.2")) == -4005);
  CHECK(w.refused(market_order(Side::sell, "1.1")) == -4023);
  CHECK(w.refused(limit_order(Side::sell, "50.2", "100")) == 0);  // LIMIT has its own maximum
  CHECK(w.refused(limit_order(Side::sell, "100.2", "100")) == -4005);
  CHECK(w.refused(conditional(kStop, Side::buy, "50.2", "110")) == -4005);
}

TEST_CASE("a quantity whose value is beyond all numbers is refused, at the trigger too") {
  Course course{.candles = rest(1) + rest(9, 120)};
  course.rules.lot.max = course.rules.market_lot.max = {};
  World w({course});
  w.to(30);
  CHECK(w.refused(market_order(Side::sell, "80000000000")) == -4005);
  const OrderView stop = w.accepted(conditional(kStop, Side::buy, "900000000", "110"));
  w.to(60);
  CHECK(w.order(stop).status == OrderStatus::rejected);
}

TEST_CASE("refusals of price") {
  Course course{.candles = rest(10)};
  course.rules.tick = price("0.05");
  World w({course});
  w.to(30);
  CHECK(w.refused(limit_order(Side::sell, "1", "100.001")) == -1111);
  CHECK(w.refused(limit_order(Side::sell, "1", "0.95")) == -4013);
  CHECK(w.refused(limit_order(Side::sell, "1", "10000.05")) == -4002);
  CHECK(w.refused(limit_order(Side::sell, "1", "100.01")) == -4014);
  CHECK(w.refused(limit_order(Side::sell, "1", "100.05")) == 0);
  CHECK(w.refused(conditional(kStop, Side::buy, "1", "110.01")) == 0);  // triggers may be off tick
}

TEST_CASE("refusals of the price band") {
  Quiet w;
  CHECK(w.refused(limit_order(Side::buy, "1", "105.01")) == -4016);
  CHECK(w.refused(limit_order(Side::sell, "1", "94.99")) == -4024);
  World wild(rest(1) + std::vector<Candle>{{100, 400, 100, 100}} + rest(8));
  wild.to(120);  // the best price is 6 % away
  CHECK(wild.refused(market_order(Side::sell, "1")) == -4131);
}

TEST_CASE("the minimum notional binds what opens, not what reduces") {
  Course course{.candles = rest(10)};
  course.rules.min_notional = usdt("50");
  World w({course});
  w.to(30);
  CHECK(w.refused(market_order(Side::sell, "0.4")) == -4164);
  CHECK(w.refused(limit_order(Side::sell, "0.4", "101")) == -4164);
  CHECK(w.place(market_order(Side::sell, "0.4")).error().text ==
        "Order's notional must be no smaller than 50 (unless you choose reduce only).");
  w.accepted(market_order(Side::sell, "1"));
  CHECK(w.refused(reduce_only(market_order(Side::buy, "0.4"))) == 0);
}

TEST_CASE("refusals of margin and of the bracket") {
  Quiet w;  // 10000 USDT at 10x
  CHECK(w.refused(market_order(Side::sell, "1000")) == -2019);
  CHECK(w.refused(limit_order(Side::buy, "1001", "100")) == -2019);
  CHECK(w.refused(limit_order(Side::buy, "999", "100")) == 0);
  CHECK(w.refused(limit_order(Side::buy, "2", "100")) == -2019);  // the first one holds its margin
  REQUIRE(w.exchange.transfer(w.account, usdt("1000000")).has_value());
  REQUIRE(w.exchange.set_leverage(w.account, w.symbol, 20).has_value());
  CHECK(w.refused(market_order(Side::sell, "10000")) == -2027);
}

TEST_CASE("refusals of reduce-only") {
  Quiet w;
  CHECK(w.refused(reduce_only(market_order(Side::buy, "1"))) == -2022);
  w.accepted(market_order(Side::sell, "3"));
  CHECK(w.refused(reduce_only(market_order(Side::sell, "1"))) == -2022);
  CHECK(w.refused(reduce_only(market_order(Side::buy, "4"))) == -2022);
  w.accepted(reduce_only(limit_order(Side::buy, "2", "95")));
  CHECK(w.refused(reduce_only(market_order(Side::buy, "2"))) == -4118);
  CHECK(w.refused(reduce_only(market_order(Side::buy, "1"))) == 0);
  CHECK(w.refused(reduce_only(market_order(Side::buy, "1"))) == -4118);
  // Conditional orders neither use the capacity up nor are bound by it.
  CHECK(w.refused(reduce_only(conditional(kStop, Side::buy, "2", "110"))) == 0);
}

TEST_CASE("a resting reduce-only limit that the position no longer needs expires") {
  Quiet w;
  w.accepted(market_order(Side::sell, "3"));
  const OrderView resting = w.accepted(reduce_only(limit_order(Side::buy, "2", "95")));
  w.accepted(market_order(Side::buy, "1"));
  CHECK(w.order(resting).status == OrderStatus::open);
  w.accepted(market_order(Side::buy, "1"));
  CHECK(w.order(resting).status == OrderStatus::expired);
  CHECK(w.exchange.detail(w.account, resting.ref())->expiry_reason == 4);
}

TEST_CASE("refusals of conditional orders") {
  Quiet w;
  w.accepted(market_order(Side::sell, "3"));
  CHECK(w.refused(conditional(kStop, Side::buy, "1", "100")) == -2021);
  CHECK(w.refused(conditional(kStop, Side::sell, "1", "100")) == -2021);
  CHECK(w.refused(conditional(kProfit, Side::buy, "1", "100.01")) == -2021);
  CHECK(w.refused(close_position(kStop, Side::buy, "99")) == -2021);
  OrderRequest close = close_position(kStop, Side::buy, "110");
  close.qty = qty("1");
  CHECK(w.refused(close) == -4137);
  CHECK(w.refused(reduce_only(close_position(kStop, Side::buy, "110"))) == -1106);
  CHECK(w.refused(close_position(OrderType::stop, Side::buy, "110")) == -4136);
  CHECK(w.refused(close_position(OrderType::market, Side::buy, "0")) == -4136);
  CHECK(w.refused(named("same", conditional(kStop, Side::buy, "1", "110"))) == 0);
  CHECK(w.refused(named("same", conditional(kStop, Side::buy, "1", "110"))) == -4116);
  CHECK(w.refused(named("same", market_order(Side::sell, "1"))) == 0);  // another space of ids
}

TEST_CASE("a reduce-only conditional order needs a position when it is placed") {
  Quiet w;
  CHECK(w.refused(reduce_only(conditional(kStop, Side::buy, "1", "110"))) == -2022);
}

TEST_CASE("limits of open orders: per symbol for limits, 200 per account for conditional ones") {
  Course course{.candles = rest(10)};
  course.rules.max_orders = 3;
  World w({course, Course{.symbol = "XYZUSDT", .candles = rest(10)}});
  w.to(30);
  for (int i = 0; i < 3; ++i)
    w.accepted(limit_order(Side::sell, "1", "101"));
  CHECK(w.refused(limit_order(Side::sell, "1", "101")) == -2025);
  for (int i = 0; i < 100; ++i) {
    w.accepted(conditional(kStop, Side::buy, "1", "110"));
    w.accepted(in("XYZUSDT", conditional(kStop, Side::buy, "1", "110")));
  }
  CHECK(w.refused(conditional(kStop, Side::buy, "1", "110")) == -4045);
}

TEST_CASE("references that name nothing") {
  Quiet w;
  const exchange::OrderRef ref{.symbol = w.symbol, .client_order_id = {}, .order_id = 4711};
  CHECK(w.exchange.cancel(w.account, ref).error().code == -2011);
  CHECK_FALSE(w.exchange.find_order(w.account, ref)->has_value());
}

TEST_CASE("a settling contract opens nothing, a closed one takes nothing and settles positions") {
  World w({Course{.candles = rest(5)}, Course{.symbol = "XYZUSDT", .candles = rest(120)}});
  w.to(30);
  w.accepted(market_order(Side::sell, "3"));
  const OrderView resting = w.accepted(limit_order(Side::sell, "1", "101"));
  const OrderView stop = w.accepted(conditional(kStop, Side::buy, "1", "110"));
  w.to(301);
  CHECK(w.refused(market_order(Side::sell, "1")) == -4140);
  CHECK(w.refused(conditional(kStop, Side::buy, "1", "110")) == -4140);
  CHECK(w.refused(reduce_only(market_order(Side::buy, "1"))) == 0);
  CHECK(w.held() == qty("-2"));
  w.to(3900);
  CHECK(w.held().is_zero());
  CHECK(w.order(resting).status == OrderStatus::expired);
  CHECK(w.order(stop).status == OrderStatus::expired);
  CHECK(w.exchange.detail(w.account, resting.ref())->expiry_reason == 7);
  const auto orders = w.exchange.orders(w.account, w.symbol, false);
  CHECK(orders.back().client_order_id.str().starts_with("settlement_autoclose-"));
  CHECK(w.refused(market_order(Side::sell, "1")) == -4141);
  CHECK(w.money_adds_up(w.account));
}

TEST_CASE("a halted symbol takes nothing") {
  Quiet w;
  SymbolRules rules = Course::default_rules();
  rules.status = SymbolStatus::halted;
  const impl::Core core(w.market);
  const impl::Account account;
  const impl::Seat seat;
  const impl::Situation at{core, account, seat, rules, price("100")};
  CHECK(impl::check_regular(at, market_order(Side::sell, "1")).error().code == -1122);
}

TEST_CASE("refusals of leverage") {
  Quiet w;
  const Symbol nope("NOPEUSDT");
  CHECK(w.exchange.set_leverage(w.account, nope, 5).error().code == -1121);
  CHECK(w.exchange.set_leverage(w.account, w.symbol, 0).error().code == -4028);
  CHECK(w.exchange.set_leverage(w.account, w.symbol, 21).error().code == -4028);
  w.accepted(market_order(Side::sell, "500"));
  CHECK(w.exchange.set_leverage(w.account, w.symbol, 5).error().code == -4161);
  CHECK(w.exchange.set_leverage(w.account, w.symbol, 12).has_value());
  CHECK(w.exchange.settings(w.account, w.symbol).leverage == 12);

  w.account = w.add({.balance = usdt("200000"), .default_leverage = 10, .fees = {}});  // cross
  w.accepted(market_order(Side::sell, "15000"));
  CHECK(w.exchange.set_leverage(w.account, w.symbol, 20).error().code == -2027);
  CHECK(w.exchange.set_leverage(w.account, w.symbol, 5).error().code == -2028);
  CHECK(w.exchange.settings(w.account, w.symbol).leverage == 10);
}

TEST_CASE("refusals of margin type and position mode") {
  Quiet w;
  const auto set = [&](MarginType margin) {
    const auto answer = w.exchange.set_margin_type(w.account, w.symbol, margin);
    return answer ? 0 : answer.error().code;
  };
  const auto hedge = [&](bool on) {
    const auto answer = w.exchange.set_hedge(w.account, on);
    return answer ? 0 : answer.error().code;
  };
  CHECK(set(MarginType::isolated) == -4067);
  CHECK(hedge(false) == -4059);
  const OrderView resting = w.accepted(limit_order(Side::sell, "1", "101"));
  CHECK(set(MarginType::cross) == -4047);
  CHECK(hedge(true) == -4067);
  REQUIRE(w.exchange.cancel(w.account, resting.ref()).has_value());
  w.accepted(market_order(Side::sell, "1"));
  CHECK(set(MarginType::isolated) == -4046);
  CHECK(set(MarginType::cross) == -4048);
  CHECK(hedge(true) == -4068);
  w.accepted(reduce_only(market_order(Side::buy, "1")));
  CHECK(set(MarginType::cross) == 0);
  CHECK(hedge(true) == 0);
}

TEST_CASE("a withdrawal beyond what is free is refused") {
  Quiet w;
  CHECK(w.exchange.transfer(w.account, usdt("-10001")).error().code == -2018);
  CHECK(w.exchange.transfer(w.account, usdt("0")).error().code == -4055);
  CHECK(w.exchange.transfer(w.account, usdt("-10000")).has_value());
  CHECK(w.exchange.balance(w.account).wallet.is_zero());
}

}  // namespace
}  // namespace bb::sim::test
