// Margin, funding and liquidation through the engine; the worked examples of reference §18.
#include <doctest/doctest.h>

#include <cmath>

#include "exchange_world.h"

namespace bb::sim::test {
namespace {

using Kind = JournalEntry::Kind;

std::string rounded(const std::optional<Price>& value, const std::string& step) {
  return value ? value->value().round_to(dec(step), Rounding::nearest).str() : "none";
}

// A contract at another price level, with one bracket and hardly any fee.
Course contract(const std::string& symbol, std::vector<Candle> candles, const std::string& rate,
                const std::string& cum, int leverage) {
  Course course{.symbol = symbol, .candles = std::move(candles)};
  course.rules.max_price = price("1000000");
  course.rules.lot = course.rules.market_lot = {qty("0.001"), qty("100000"), qty("0.001")};
  course.brackets = {{leverage, usdt("0"), usdt("90000000000"), ratio(rate), usdt(cum)}};
  return course;
}

int add_nearly_free(World& w, const std::string& balance, int leverage, MarginType margin,
                    bool hedge = false) {
  return w.add({.balance = usdt(balance),
                .hedge = hedge,
                .default_leverage = leverage,
                .default_margin = margin,
                .fees = {ratio("0.00000001"), ratio("0.00000001")}});
}

TEST_CASE("reference: the liquidation price of an isolated short") {
  World w({contract("ABCUSDT", rest(1, 59'999) + rest(9, 60'000), "0.004", "0", 125)});
  w.account = add_nearly_free(w, "10000", 10, MarginType::isolated);
  w.to(30);
  w.accepted(limit_order(Side::sell, "1", "60000"));
  w.to(90);
  const auto row = w.position();
  CHECK(row.position.entry == price("60000"));
  CHECK(rounded(Price(row.position.isolated_wallet.value()), "0.01") == "6000");
  CHECK(rounded(row.position.liquidation, "0.01") == "65737.05");
  CHECK(row.initial_margin == usdt("6000"));
  CHECK(row.maintenance_margin == usdt("240"));
  CHECK(row.notional == usdt("-60000"));
}

TEST_CASE("reference: two cross longs carry each other") {
  World w(
      {contract("ABCUSDT", rest(1, 1460) + rest(1, 1450) + rest(9, 1335.18), "0.10", "135365", 10),
       contract("XYZUSDT", rest(1, 32'500) + rest(1, 32'400) + rest(9, 31'967.27), "0.025", "16300",
                10)});
  w.account = add_nearly_free(w, "1535443.01", 10, MarginType::cross);
  w.to(30);
  w.accepted(limit_order(Side::buy, "3683.979", "1456.84"));
  w.accepted(in("XYZUSDT", limit_order(Side::buy, "109.488", "32481.98")));
  w.to(150);
  // The fees are given back, so that the wallet is the example's.
  const Usdt paid = usdt("1535443.01") - w.exchange.balance(w.account).wallet;
  REQUIRE(w.exchange.transfer(w.account, paid).has_value());
  CHECK(rounded(w.position().position.liquidation, "0.01") == "1153.26");
  w.symbol = Symbol("XYZUSDT");
  CHECK(rounded(w.position().position.liquidation, "0.01") == "26316.89");
}

TEST_CASE("reference: the legs of a cross hedge share one liquidation price") {
  World w({contract("ABCUSDT", rest(1, 60'100) + rest(1, 59'900) + rest(9, 61'100), "0.004", "0",
                    125)});
  w.account = add_nearly_free(w, "5000", 125, MarginType::cross, true);
  w.to(30);
  w.accepted(on(PositionSide::long_, limit_order(Side::buy, "2", "60000")));
  w.accepted(on(PositionSide::short_, limit_order(Side::sell, "1", "61000")));
  w.to(150);
  const Usdt paid = usdt("5000") - w.exchange.balance(w.account).wallet;
  REQUIRE(w.exchange.transfer(w.account, paid).has_value());
  CHECK(rounded(w.position(PositionSide::long_).position.liquidation, "0.001") == "54655.87");
  CHECK(rounded(w.position(PositionSide::short_).position.liquidation, "0.001") == "54655.87");
}

TEST_CASE("reference: a flipping order within twice the position needs no margin") {
  World w(rest(10));
  w.account = w.add({.balance = usdt("10100"), .default_leverage = 1, .fees = {}});
  w.to(30);
  w.accepted(market_order(Side::sell, "100"));
  CHECK(w.exchange.balance(w.account).available < usdt("100"));
  const OrderView buy = w.accepted(limit_order(Side::buy, "150", "99"));
  CHECK(w.position().open_order_margin.is_zero());
  REQUIRE(w.exchange.cancel(w.account, buy.ref()).has_value());
  CHECK(w.refused(limit_order(Side::buy, "220", "99")) == -2019);
}

TEST_CASE("reference: the cost of an order is its margin and its open loss") {
  // L = 20, M = 9259.84: long limit 9253.30 costs 462.67; the short limit of today's rule is
  // assumed at last x 1.0015 and costs 463.69.
  const auto course = contract("ABCUSDT", rest(10, 9259.84), "0.01", "0", 20);
  const auto code = [&](Side side, const std::string& balance) {
    World w({course});
    w.account = add_nearly_free(w, balance, 20, MarginType::isolated);
    w.to(30);
    return w.refused(limit_order(side, "1", "9253.30"));
  };
  CHECK(code(Side::buy, "462.66") == -2019);
  CHECK(code(Side::buy, "462.67") == 0);
  CHECK(code(Side::sell, "463.68") == -2019);
  CHECK(code(Side::sell, "463.69") == 0);
}

TEST_CASE("an isolated position takes its margin from the cross wallet and pays its fee itself") {
  World w(rest(10));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  const auto row = w.position();
  CHECK(row.position.isolated_wallet == usdt("99.99") - usdt("0.49995"));
  const auto balance = w.exchange.balance(w.account);
  CHECK(balance.wallet == usdt("10000") - usdt("0.49995"));
  CHECK(balance.cross_wallet == usdt("10000") - usdt("99.99"));
  CHECK(balance.available == balance.cross_wallet);
  CHECK(row.break_even == price("99.99") - price("0.049995"));
  CHECK(row.position.unrealized_pnl == usdt("-0.1"));
}

TEST_CASE("the break-even price counts the commissions of what is still open") {
  World w(rest(10));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  w.accepted(reduce_only(market_order(Side::buy, "5")));
  CHECK(w.position().break_even == price("99.99") - price("0.049995"));
}

TEST_CASE("an open limit order locks margin, a reduce-only or conditional one locks none") {
  World w(rest(10));
  w.to(30);
  w.accepted(limit_order(Side::sell, "10", "101"));
  CHECK(w.exchange.balance(w.account).order_margin == usdt("101"));
  CHECK(w.exchange.balance(w.account).available == usdt("9899"));
  CHECK(w.position().open_order_margin == usdt("101"));
  w.accepted(conditional(OrderType::stop_market, Side::buy, "10", "110"));
  CHECK(w.exchange.balance(w.account).available == usdt("9899"));
}

TEST_CASE("a row of amount zero exists where an order rests, and only there") {
  World w(rest(10));
  w.to(30);
  CHECK(w.exchange.positions(w.account).empty());
  const OrderView resting = w.accepted(conditional(OrderType::stop_market, Side::buy, "1", "110"));
  REQUIRE(w.exchange.positions(w.account).size() == 1);
  CHECK(w.held().is_zero());
  REQUIRE(w.exchange.cancel(w.account, resting.ref()).has_value());
  CHECK(w.exchange.positions(w.account).empty());
}

TEST_CASE("a positive funding rate pays the short from the long, into the isolated wallet") {
  Course course{.candles = rest(10), .funding = {{start() + Minutes(2), ratio("0.0001")}}};
  World w({course});
  const int longs = w.add({.alias = "long", .balance = usdt("10000"), .fees = {}});
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  REQUIRE(w.exchange.place(longs, market_order(Side::buy, "10")).has_value());
  const Usdt before = w.position().position.isolated_wallet;
  w.to(119.999);
  CHECK(w.income("FUNDING_FEE").empty());
  w.to(120);
  REQUIRE(w.income("FUNDING_FEE").size() == 1);
  CHECK(w.income("FUNDING_FEE")[0].amount == usdt("0.1"));
  CHECK(w.position().position.isolated_wallet == before + usdt("0.1"));
  CHECK(w.money_adds_up(w.account));
  w.account = longs;
  CHECK(w.income("FUNDING_FEE").at(0).amount == usdt("-0.1"));
}

TEST_CASE("a position opened at the very instant of a settlement, after it, pays nothing") {
  Course course{.candles = rest(10), .funding = {{start() + Minutes(2), ratio("0.0001")}}};
  World w({course});
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  w.to(31);  // the settlement is known from here on
  w.accepted(market_order(Side::buy, "10"));
  w.to(120);
  w.accepted(market_order(Side::sell, "10"));
  w.to(180);
  CHECK(w.income("FUNDING_FEE").empty());
}

TEST_CASE("the path that crosses the liquidation price liquidates an isolated short") {
  World w(rest(1) + std::vector<Candle>{{100, 115, 100, 100}} + rest(8));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  w.accepted(close_position(OrderType::take_profit_market, Side::buy, "90"));
  const OrderView resting = w.accepted(limit_order(Side::sell, "1", "114"));
  const auto row = w.position();
  const Usdt cross = w.exchange.balance(w.account).cross_wallet;
  w.to(120);
  CHECK(w.held().is_zero());
  REQUIRE(w.entries(Kind::liquidated).size() == 1);
  CHECK(w.entries(Kind::liquidated)[0].position_qty == qty("-10"));
  // 15 USDT in 15 s: a USDT a second.
  const double level = row.position.liquidation->value().to_double();
  const auto at = start() + Millis(60'000 + std::llround((level - 100) * 1000));
  CHECK(std::abs((w.entries(Kind::liquidated)[0].time - at).count()) <= 11);
  CHECK(w.order(resting).status == OrderStatus::expired);
  CHECK(w.exchange.detail(w.account, resting.ref())->expiry_reason == 5);
  const auto orders = w.exchange.orders(w.account, w.symbol, false);
  CHECK(orders.back().client_order_id.str().starts_with("autoclose-"));
  REQUIRE(w.income("INSURANCE_CLEAR").size() == 1);
  CHECK(w.income("INSURANCE_CLEAR")[0].amount.is_negative());
  CHECK(w.exchange.balance(w.account).wallet >= cross);  // nothing beyond the isolated wallet
  CHECK(w.money_adds_up(w.account));
}

TEST_CASE("a jump beyond the bankruptcy price costs the isolated wallet and nothing else") {
  World w(rest(1) + rest(9, 130));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  const Usdt cross = w.exchange.balance(w.account).cross_wallet;
  w.to(60);
  CHECK(w.held().is_zero());
  CHECK(w.exchange.balance(w.account).wallet == cross);
  CHECK(w.money_adds_up(w.account));
}

TEST_CASE("a stop that lies before the liquidation price on the path acts first") {
  World w(rest(1) + std::vector<Candle>{{100, 115, 100, 100}} + rest(8));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  w.accepted(close_position(OrderType::stop_market, Side::buy, "107"));
  w.to(120);
  CHECK(w.held().is_zero());
  CHECK(w.entries(Kind::liquidated).empty());
  CHECK(w.exchange.fills(w.account, w.symbol).back().price > price("107"));
}

TEST_CASE("a jump beyond a stop and the liquidation price liquidates") {
  World w(rest(1) + rest(9, 130));
  w.to(30);
  w.accepted(market_order(Side::sell, "10"));
  const OrderView stop = w.accepted(close_position(OrderType::stop_market, Side::buy, "105"));
  w.to(60);
  CHECK(w.entries(Kind::liquidated).size() == 1);
  CHECK(w.order(stop).status == OrderStatus::expired);
}

TEST_CASE("a cross account is liquidated when its positions together use it up") {
  World w({Course{.candles = rest(1) + std::vector<Candle>{{100, 130, 100, 100}} + rest(8)},
           Course{.symbol = "XYZUSDT",
                  .candles = rest(1) + std::vector<Candle>{{100, 130, 100, 100}} + rest(8)}});
  w.account = w.add({.balance = usdt("1000"), .default_leverage = 10, .fees = {}});
  w.to(30);
  w.accepted(market_order(Side::sell, "40"));
  w.accepted(in("XYZUSDT", market_order(Side::sell, "20")));
  w.to(67);  // 114: 840 of the 1000 are lost, the maintenance margin is 68
  CHECK(w.entries(Kind::liquidated).empty());
  w.to(69);  // 118
  CHECK_FALSE(w.entries(Kind::liquidated).empty());
  CHECK(w.entries(Kind::liquidated)[0].symbol == w.symbol);  // the heavier one first
  w.to(90);
  CHECK(w.exchange.balance(w.account).wallet >= Usdt());
  CHECK(w.money_adds_up(w.account));
}

TEST_CASE("a cross account whose positions hedge each other lives on") {
  World w({Course{.candles = rest(1) + std::vector<Candle>{{100, 130, 100, 100}} + rest(8)},
           Course{.symbol = "XYZUSDT",
                  .candles = rest(1) + std::vector<Candle>{{100, 130, 100, 100}} + rest(8)}});
  w.account = w.add({.balance = usdt("1000"), .default_leverage = 10, .fees = {}});
  w.to(30);
  w.accepted(market_order(Side::sell, "40"));
  w.accepted(in("XYZUSDT", market_order(Side::buy, "40")));
  w.to(120);
  CHECK(w.entries(Kind::liquidated).empty());
  CHECK(w.held() == qty("-40"));
}

TEST_CASE("a cross jump that leaves a debt is paid by the fund") {
  World w(rest(1) + rest(9, 150));
  w.account = w.add({.balance = usdt("100"), .default_leverage = 10, .fees = {}});
  w.to(30);
  w.accepted(market_order(Side::sell, "9"));
  w.to(60);
  CHECK(w.held().is_zero());
  CHECK(w.exchange.balance(w.account).wallet.is_zero());
  CHECK(w.money_adds_up(w.account));
}

}  // namespace
}  // namespace bb::sim::test
