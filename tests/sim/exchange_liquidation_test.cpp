// Margin calls, liquidation step by step, the insurance fund, auto-deleveraging, isolated margin.
#include <doctest/doctest.h>

#include <algorithm>

#include "exchange_world.h"

namespace bb::sim::test {
namespace {

using Kind = JournalEntry::Kind;

Brackets three_brackets() {
  return {{125, usdt("0"), usdt("300000"), ratio("0.004"), usdt("0")},
          {100, usdt("300000"), usdt("800000"), ratio("0.005"), usdt("300")},
          {75, usdt("800000"), usdt("90000000000"), ratio("0.0065"), usdt("1500")}};
}

// A contract near 60000 with three brackets and a volume that nothing exhausts.
Course big(std::vector<Candle> candles) {
  Course course{.candles = std::move(candles)};
  course.rules.max_price = price("1000000");
  course.rules.lot = course.rules.market_lot = {qty("0.001"), qty("100000"), qty("0.001")};
  course.brackets = three_brackets();
  return course;
}

struct Big : World {
  Big(std::vector<Candle> candles, const std::string& balance, int leverage, MarginType margin)
      : World(std::vector<Course>{big(std::move(candles))}) {
    account = add({.balance = usdt(balance),
                   .default_leverage = leverage,
                   .default_margin = margin,
                   .fees = {ratio("0.00000001"), ratio("0.00000001")}});
    to(30);
  }
};

std::string rounded(const std::optional<Price>& value, const std::string& step) {
  return value ? value->value().round_to(dec(step), Rounding::nearest).str() : "none";
}

Usdt sum(const World& w, const std::string& type) {
  Usdt total;
  for (const auto& row : w.income(type))
    total += row.amount;
  return total;
}

// ---- the worked figures of reference §18, through the engine ------------------------------

TEST_CASE("reference: the liquidation price of an isolated long") {
  Big w(rest(1, 60'001) + rest(9, 60'000), "10000", 10, MarginType::isolated);
  w.accepted(limit_order(Side::buy, "1", "60000"));
  w.to(90);
  CHECK(rounded(w.position().position.liquidation, "0.01") == "54216.87");
}

TEST_CASE("reference: the liquidation price lies in the bracket of the notional there") {
  Big w(rest(1, 60'001) + rest(9, 60'000), "40000", 20, MarginType::isolated);
  w.accepted(limit_order(Side::buy, "10", "60000"));
  w.to(90);
  CHECK(rounded(w.position().position.isolated_wallet.is_zero()
                    ? std::nullopt
                    : std::optional(Price(w.position().position.isolated_wallet.value())),
                "1") == "30000");
  CHECK(rounded(w.position().position.liquidation, "0.01") == "57256.28");
}

TEST_CASE("reference: the worked example's long taken as isolated") {
  Course eth{.candles = rest(1, 1460) + rest(9, 1450)};
  eth.rules.lot = eth.rules.market_lot = {qty("0.001"), qty("100000"), qty("0.001")};
  eth.brackets = {{10, usdt("0"), usdt("90000000000"), ratio("0.10"), usdt("135365")}};
  World w({eth});
  w.account = w.add({.balance = usdt("2000000"),
                     .default_leverage = 10,
                     .default_margin = MarginType::isolated,
                     .fees = {ratio("0.00000001"), ratio("0.00000001")}});
  w.to(30);
  w.accepted(limit_order(Side::buy, "3683.979", "1456.84"));
  w.to(90);
  const Usdt more = usdt("1535443.01") - w.position().position.isolated_wallet;
  REQUIRE(w.exchange.change_isolated_margin(w.account, w.symbol, PositionSide::both, more));
  CHECK(rounded(w.position().position.liquidation, "0.01") == "1114.78");
}

// ---- margin calls -------------------------------------------------------------------------

TEST_CASE("an isolated position is called once when its margin ratio passes 80 %") {
  // Isolated short of 10 at 99.99 with 99.99: at 108.62 the ratio is 80 %, at 108.9 it is gone.
  World w(rest(1) + std::vector<Candle>{{100, 108.75, 100, 100}} +
          std::vector<Candle>{{100, 108.75, 100, 100}} + rest(8));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  w.to(74);
  CHECK(w.entries(Kind::margin_call).empty());
  w.to(75);
  REQUIRE(w.entries(Kind::margin_call).size() == 1);
  CHECK(w.entries(Kind::margin_call)[0].position_qty == qty("-10"));
  CHECK(w.entries(Kind::liquidated).empty());
  w.to(110);
  CHECK(w.entries(Kind::margin_call).size() == 1);
  w.to(134);
  CHECK(w.entries(Kind::margin_call).size() == 1);
  w.to(135);  // it had recovered in between
  CHECK(w.entries(Kind::margin_call).size() == 2);
}

TEST_CASE("at the brink a position is called once, until its margin ratio fell back to 75 %") {
  // Isolated short of 10 at 99.99 with 99.49: called at 108.58, recovered at 108.50.
  std::vector<Candle> brink;
  for (int i = 0; i < 5; ++i)
    brink.push_back({108.53, 108.65, 108.53, 108.53});
  World w(rest(1) + brink + rest(1, 108.4) + brink + rest(8));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  for (int minute = 1; minute < 6; ++minute) {
    w.to(60 * minute + 50);
    // Whatever else happens to the position in between.
    REQUIRE(w.exchange.cancel(w.account, w.accepted(limit_order(Side::sell, "1", "112")).ref()));
    CHECK(w.entries(Kind::margin_call).size() == 1);
  }
  w.to(60 * 7 + 7);
  CHECK(w.entries(Kind::margin_call).size() == 1);
  w.to(60 * 7 + 8);
  CHECK(w.entries(Kind::margin_call).size() == 2);
  w.to(60 * 12);
  CHECK(w.entries(Kind::margin_call).size() == 2);
}

TEST_CASE("a cross account that recovered by prices alone is called again") {
  // Short of 60 with 1000: called at 115.17, liquidated at 115.45.
  const Candle up{100, 115.3, 100, 100};
  World w(rest(1) + std::vector<Candle>{up, up} + rest(8));
  w.account = w.add({.balance = usdt("1000"), .default_leverage = 10, .fees = {}});
  w.to(30);
  w.accepted(market_order(Side::sell, "60"));
  w.to(110);
  CHECK(w.entries(Kind::margin_call).size() == 1);
  w.to(140);
  CHECK(w.entries(Kind::liquidated).empty());
  CHECK(w.entries(Kind::margin_call).size() == 2);
}

TEST_CASE("a cross account is called before it is liquidated") {
  World w(rest(1) + std::vector<Candle>{{100, 130, 100, 100}} + rest(8));
  w.account = w.add({.balance = usdt("1000"), .default_leverage = 10, .fees = {}});
  w.to(30);
  w.accepted(market_order(Side::sell, "60"));
  w.to(120);
  REQUIRE(w.entries(Kind::margin_call).size() == 1);
  REQUIRE_FALSE(w.entries(Kind::liquidated).empty());
  CHECK(w.entries(Kind::margin_call)[0].time < w.entries(Kind::liquidated)[0].time);
}

// ---- liquidation --------------------------------------------------------------------------

TEST_CASE("a large isolated position goes down bracket by bracket, not whole") {
  // Short of 12 at 60000 with 75x: in the second bracket. Liquidated, it goes below 300000.
  Big w(rest(1, 60'000) + std::vector<Candle>{{60'000, 60'700, 60'000, 60'000}} + rest(8, 60'000),
        "20000", 75, MarginType::isolated);
  w.accepted(market_order(Side::sell, "12"));
  const auto before = w.position();
  w.to(60 + 15);
  const auto liquidated = w.entries(Kind::liquidated);
  REQUIRE_FALSE(liquidated.empty());
  CHECK(liquidated[0].position_qty == qty("-12"));
  const auto orders = w.exchange.orders(w.account, w.symbol, false);
  const auto first = std::ranges::find_if(orders, [](const OrderView& order) {
    return order.client_order_id.str().starts_with("autoclose-");
  });
  REQUIRE(first != orders.end());
  CHECK(first->type == OrderType::liquidation);
  CHECK(w.detail(*first).time_in_force == TimeInForce::ioc);
  CHECK(first->qty < qty("12"));
  CHECK(first->qty > qty("7"));  // 300000 / 60600 = 4.95 stay
  CHECK(first->executed_qty == first->qty);
  CHECK(w.exchange.forced_orders(w.account).size() == liquidated.size());
  CHECK(w.exchange.forced_orders(w.account)[0].order_id == first->order_id);
  CHECK(sum(w, "INSURANCE_CLEAR").is_negative());
  CHECK(-sum(w, "INSURANCE_CLEAR") <= before.position.isolated_wallet);
  CHECK(w.money_adds_up(w.account));
}

TEST_CASE("what the liquidation of a part frees stays with the rest of the position") {
  Course course = big(rest(1, 60'000) + std::vector<Candle>{{60'000, 60'700, 60'000, 60'000}} +
                      rest(8, 60'000));
  course.rules.liquidation_fee = ratio("0.00001");
  World w({course});
  w.account = w.add({.balance = usdt("20000"),
                     .default_leverage = 75,
                     .default_margin = MarginType::isolated,
                     .fees = {ratio("0.00000001"), ratio("0.00000001")}});
  w.to(30);
  w.accepted(market_order(Side::sell, "12"));
  const Usdt cross = w.exchange.balance(w.account).cross_wallet;
  w.to(60 + 15);
  REQUIRE(w.entries(Kind::liquidated).size() == 1);
  CHECK(w.held() < Qty());
  CHECK(w.held() > qty("-5"));
  CHECK(w.exchange.balance(w.account).cross_wallet == cross);
  CHECK(w.money_adds_up(w.account));
}

TEST_CASE("what the book does not take, the insurance fund takes at the bankruptcy price") {
  World w(rest(1) + rest(9, 130));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  const auto row = w.position();
  w.to(60);
  // Entry 99.99, isolated wallet 99.49005: nothing is left at 109.939005.
  const auto fill = w.exchange.fills(w.account, w.symbol).back();
  CHECK(fill.price == price("109.939005"));
  CHECK(row.position.isolated_wallet == usdt("99.49005"));
  CHECK(fill.commission.is_zero());
  // It bought 10 at 130 for what 109.939005 brought.
  CHECK(w.exchange.insurance_fund() == usdt("-200.60995"));
}

TEST_CASE("the liquidation fee is at most what is left") {
  World w(rest(1) + std::vector<Candle>{{100, 115, 100, 100}} + rest(8));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  w.to(120);
  const Usdt fee = -sum(w, "INSURANCE_CLEAR");
  CHECK(fee.is_positive());
  // 1.25 % of about 1089 would be 13.6; the maintenance margin of 10.9 was all there was.
  CHECK(fee < usdt("11"));
  CHECK(w.exchange.insurance_fund() == fee);
}

TEST_CASE("an account in liquidation takes no new orders for a moment, and cancels") {
  World w({Course{.candles = rest(1) + rest(9, 130)},
           Course{.symbol = "XYZUSDT", .candles = rest(10)}});
  w.account = w.add({.balance = usdt("1000"), .default_leverage = 10, .fees = {}});
  w.to(30);
  w.accepted(market_order(Side::sell, "33"));
  const OrderView elsewhere = w.accepted(in("XYZUSDT", limit_order(Side::sell, "1", "101")));
  w.to(60);
  REQUIRE_FALSE(w.entries(Kind::liquidated).empty());
  CHECK(w.order(elsewhere).status == OrderStatus::expired);
  CHECK(w.detail(elsewhere).expiry_reason == 5);
  CHECK(w.refused(in("XYZUSDT", market_order(Side::sell, "0.1"))) == -2023);
  CHECK(w.refused(in("XYZUSDT", conditional(OrderType::stop_market, Side::buy, "0.1", "110"))) ==
        -2023);
  w.to(61);
  CHECK(w.refused(in("XYZUSDT", conditional(OrderType::stop_market, Side::buy, "0.1", "110"))) ==
        0);
}

TEST_CASE("the liquidation of an isolated position leaves other symbols alone") {
  World w({Course{.candles = rest(1) + rest(9, 130)},
           Course{.symbol = "XYZUSDT", .candles = rest(10)}});
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  const OrderView elsewhere = w.accepted(in("XYZUSDT", limit_order(Side::sell, "1", "101")));
  w.to(60);
  CHECK(w.refused(market_order(Side::sell, "1")) == -2023);
  CHECK(w.order(elsewhere).status == OrderStatus::open);
  CHECK(w.refused(in("XYZUSDT", market_order(Side::sell, "1"))) == 0);
}

// ---- auto-deleveraging --------------------------------------------------------------------

TEST_CASE("auto-deleveraging closes a position at the mark price without commission") {
  World w(rest(1) + rest(9, 95));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  const OrderView resting = w.accepted(reduce_only(limit_order(Side::buy, "5", "90")));
  w.to(61);
  const auto before = w.income("COMMISSION").size();
  const auto closed = w.exchange.force_adl(w.account, w.symbol, PositionSide::both);
  REQUIRE(closed.has_value());
  CHECK(closed->client_order_id.str() == "adl_autoclose");
  CHECK(closed->average_price == price("95"));
  CHECK(w.held().is_zero());
  CHECK(w.income("COMMISSION").size() == before);
  CHECK(w.order(resting).status == OrderStatus::expired);
  CHECK(w.exchange.forced_orders(w.account).back().cause == ForcedOrder::Cause::adl);
  CHECK(w.exchange.force_adl(w.account, w.symbol, PositionSide::both).error().code == -4054);
  CHECK(w.money_adds_up(w.account));
}

TEST_CASE("the more profit and leverage, the nearer the front of the deleveraging") {
  World w(rest(1) + rest(9, 95));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  CHECK(w.position().adl_quantile == 0);  // the spread is a loss
  w.to(61);
  CHECK(w.position().adl_quantile == 2);  // 5 % at about 6x
  REQUIRE(w.exchange.change_isolated_margin(w.account, w.symbol, PositionSide::both, usdt("900")));
  CHECK(w.position().adl_quantile == 1);
}

// ---- isolated margin ----------------------------------------------------------------------

TEST_CASE("margin is added to an isolated position and taken away again") {
  World w(rest(10));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  const auto change = [&](const std::string& amount) {
    const auto answer =
        w.exchange.change_isolated_margin(w.account, w.symbol, PositionSide::both, usdt(amount));
    return answer ? 0 : answer.error().code;
  };
  const auto before = w.position();
  const Usdt wallet = w.exchange.balance(w.account).wallet;
  CHECK(change("100") == 0);
  CHECK(w.position().position.isolated_wallet == before.position.isolated_wallet + usdt("100"));
  CHECK(*w.position().position.liquidation > *before.position.liquidation);
  CHECK(w.exchange.balance(w.account).wallet == wallet);
  REQUIRE(w.entries(Kind::isolated_margin_changed).size() == 1);
  CHECK(change("-200") == -4051);
  CHECK(change("-90") == 0);
  CHECK(change("10000") == -4050);
  CHECK(change("0") == -4055);
  const auto rows = w.exchange.margin_changes(w.account, w.symbol);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].amount == usdt("100"));
  CHECK(rows[1].amount == usdt("-90"));
}

TEST_CASE("refusals of isolated margin") {
  World w(rest(10));
  w.to(30);
  const auto code = [&](Symbol symbol, PositionSide side) {
    return w.exchange.change_isolated_margin(w.account, symbol, side, usdt("1")).error().code;
  };
  CHECK(code(w.symbol, PositionSide::both) == -4054);
  CHECK(code(w.symbol, PositionSide::long_) == -4061);
  CHECK(code(Symbol("NOPEUSDT"), PositionSide::both) == -1121);
  REQUIRE(w.exchange.set_margin_type(w.account, w.symbol, MarginType::cross).has_value());
  w.accepted(market_order(Side::sell, "1"));
  CHECK(code(w.symbol, PositionSide::both) == -4049);
}

TEST_CASE("every change of a setting is in the journal") {
  World w(rest(10));
  w.to(30);
  REQUIRE(w.exchange.set_leverage(w.account, w.symbol, 5).has_value());
  REQUIRE(w.exchange.set_margin_type(w.account, w.symbol, MarginType::cross).has_value());
  CHECK(w.entries(Kind::leverage_changed).size() == 1);
  CHECK(w.entries(Kind::leverage_changed)[0].symbol == w.symbol);
  CHECK(w.entries(Kind::margin_type_changed).size() == 1);
}

}  // namespace
}  // namespace bb::sim::test
