// Recorded answers, and the documented shapes where no recording was to be had.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "binance/call.h"
#include "binance/parse.h"
#include "binance/scripted_exchange.h"
#include "binance/words.h"

namespace bb::binance::test {
namespace {

net::JsonDocument json(std::string_view text) {
  auto parsed = net::JsonDocument::parse(text);
  REQUIRE(parsed.has_value());
  return std::move(*parsed);
}
net::JsonDocument golden_json(const std::string& name) { return json(golden(name)); }

Decimal dec(const char* text) { return *Decimal::parse(text); }
Price price(const char* text) { return *Price::parse(text); }
Qty qty(const char* text) { return *Qty::parse(text); }

const SymbolRules& rules_named(const std::vector<SymbolRules>& all, const char* name) {
  const auto found = std::ranges::find(all, Symbol(name), &SymbolRules::symbol);
  REQUIRE(found != all.end());
  return *found;
}

TEST_CASE("exchangeInfo: every filter of a contract is read") {
  const auto document = golden_json("exchange_info.json");
  const auto all = parse_rules(document.root());
  CHECK(all.size() == 8);
  const auto& btc = rules_named(all, "BTCUSDT");
  CHECK(btc.status == SymbolStatus::trading);
  CHECK(btc.contract == ContractType::perpetual);
  CHECK(btc.base_asset == "BTC");
  CHECK(btc.quote_asset == "USDT");
  CHECK(btc.margin_asset == "USDT");
  CHECK(btc.is_coin);
  CHECK(btc.onboard_time == from_ms(1569398400000));
  CHECK(btc.delivery_time == from_ms(4133404800000));
  CHECK(btc.tick == price("0.1"));
  CHECK(btc.min_price == price("556.8"));
  CHECK(btc.max_price == price("4529764"));
  CHECK(btc.lot.max == qty("1000"));
  CHECK(btc.market_lot.min == qty("0.001"));
  CHECK(btc.market_lot.max == qty("120"));
  CHECK(btc.market_lot.step == qty("0.001"));
  CHECK(btc.min_notional == Usdt(dec("100")));
  CHECK(btc.price_up == Ratio(dec("1.05")));
  CHECK(btc.price_down == Ratio(dec("0.95")));
  CHECK(btc.market_take_bound == Ratio(dec("0.05")));
  CHECK(btc.liquidation_fee == Ratio(dec("0.0125")));
  CHECK(btc.max_orders == 200);
}

TEST_CASE("exchangeInfo: statuses, kinds of contracts, and names beyond ASCII") {
  const auto document = golden_json("exchange_info.json");
  const auto all = parse_rules(document.root());
  CHECK(rules_named(all, "OMGUSDT").status == SymbolStatus::settling);
  CHECK(rules_named(all, "BTCUSDT_250926").contract == ContractType::dated);
  CHECK_FALSE(rules_named(all, "DEFIUSDT").is_coin);
  CHECK(rules_named(all, "XAUUSDT").contract == ContractType::tradfi_perpetual);
  CHECK(rules_named(all, "ETHUSDT_250627").contract == ContractType::dated);
  CHECK(rules_named(all, "ETHUSDT_250627").status == SymbolStatus::settling);
  CHECK(rules_named(all, "币安人生USDT").status == SymbolStatus::trading);
  const auto limits = parse_rate_limits(document.root());
  CHECK(limits.weight_per_minute == 6000);
  CHECK(limits.orders_per_minute == 1200);
  CHECK(limits.orders_per_10_seconds == 300);
}

TEST_CASE("exchangeInfo: one row that does not parse makes the whole answer an error") {
  auto text = golden("exchange_info.json");
  text.replace(text.find("\"stepSize\": \"0.001\""), 19, "\"stepSize\": \"0.0x1\"");
  const auto document = json(text);
  const auto rules = read_answer(document, "exchangeInfo", parse_rules);
  REQUIRE_FALSE(rules.has_value());
  CHECK(rules.error().kind == ErrorKind::malformed);
  CHECK(rules.error().text.find("symbols[0].filters[1].stepSize") != std::string::npos);
}

TEST_CASE("exchangeInfo: NOTIONAL is the newer name of MIN_NOTIONAL") {
  auto text = golden("exchange_info.json");
  text.replace(text.find("\"MIN_NOTIONAL\""), 14, "\"NOTIONAL\"");
  const auto at = text.find("\"notional\"");
  text.replace(at, 10, "\"minNotional\"");
  const auto document = json(text);
  CHECK(rules_named(parse_rules(document.root()), "BTCUSDT").min_notional == Usdt(dec("100")));
}

TEST_CASE("ticker: price, volume and the time of the last trade") {
  const auto document = golden_json("ticker_24hr.json");
  const auto all = parse_tickers(document.root());
  REQUIRE(all.size() == 4);
  CHECK(all[0].symbol == Symbol("MAGICUSDT"));
  CHECK(all[0].last == price("0.4237"));
  CHECK(all[0].quote_volume == doctest::Approx(3652.71433));
  CHECK(all[0].close_time == from_ms(1736584739147));
}

TEST_CASE("premiumIndex: marks, also of symbols that are gone") {
  const auto document = golden_json("premium_index.json");
  const auto all = parse_marks(document.root());
  REQUIRE(all.size() == 3);
  CHECK(all[0].mark == price("106599.9"));
  CHECK(all[0].time == from_ms(1750149488000));
  CHECK(all[1].symbol == Symbol("ALPACAUSDT"));
}

TEST_CASE("klines: the columns by their places") {
  const auto document = golden_json("klines.json");
  const auto all = parse_klines(document.root());
  REQUIRE(all.size() == 3);
  CHECK(all[0].open_time == from_ms(1602669900000));
  CHECK(all[0].open == price("50.49"));
  CHECK(all[0].high == price("50.52"));
  CHECK(all[0].low == price("50.31"));
  CHECK(all[0].close == price("50.33"));
  CHECK(all[0].volume == doctest::Approx(3811.648));
  CHECK(all[0].quote_volume == doctest::Approx(192171.59398));
}

TEST_CASE("leverageBracket: ascending brackets, and 2^63 means no limit") {
  const auto document = golden_json("leverage_bracket.json");
  const auto all = parse_brackets(document.root());
  REQUIRE(all.size() == 3);
  const auto& zero_g = all[1];
  CHECK(zero_g.symbol == Symbol("0GUSDT"));
  REQUIRE(zero_g.brackets.size() == 9);
  CHECK(zero_g.brackets[1].max_leverage == 50);
  CHECK(zero_g.brackets[1].floor == Usdt(dec("20000")));
  CHECK(zero_g.brackets[1].cap == Usdt(dec("200000")));
  CHECK(zero_g.brackets[1].maintenance_rate == Ratio(dec("0.015")));
  CHECK(zero_g.brackets[1].maintenance_amount == Usdt(dec("100")));
  CHECK(all[2].brackets.back().cap == Usdt(dec("90000000000")));
}

TEST_CASE("balance: one alias for the account, and the assets") {
  const auto document = golden_json("balance.json");
  CHECK(parse_account_alias(document.root()) == "mYAuTiXqXqsR");
  const auto all = parse_balances(document.root());
  REQUIRE(all.size() == 5);
  CHECK(all[3].asset == "USDT");
  CHECK(all[3].wallet.is_zero());
  const auto empty = json("[]");
  CHECK_THROWS_AS(parse_account_alias(empty.root()), net::JsonError);
}

TEST_CASE("orders: the recorded answers to a list, a placement and a cancel") {
  const auto list = golden_json("open_orders.json");
  const auto orders = parse_orders(list.root());
  REQUIRE(orders.size() == 1);
  CHECK(orders[0].order_id == 17759938812);
  CHECK(orders[0].client_order_id.str() == "GgAC6gMAAQAANhJPG9EW");
  CHECK(orders[0].type == OrderType::limit);
  CHECK(orders[0].status == OrderStatus::open);
  CHECK(orders[0].price == price("1.0765"));
  CHECK(orders[0].create_time == from_ms(1634546562277));
  CHECK_FALSE(orders[0].conditional);

  const auto placed = golden_json("order_placed.json");
  const auto order = parse_order(placed.root());
  CHECK(order.qty == qty("5"));
  CHECK(order.executed_qty.is_zero());
  CHECK(order.create_time == from_ms(1634543725791));  // it has only updateTime
  const auto canceled = golden_json("order_canceled.json");
  CHECK(parse_order(canceled.root()).status == OrderStatus::canceled);
}

TEST_CASE("orders: no avgPrice, an id above 2^53, and a type that we do not place") {
  auto text = order_json("t-1");
  auto document = json(text);
  auto order = parse_order(document.root());
  CHECK(order.order_id == 8389765739703625592);
  CHECK(order.average_price.is_zero());
  CHECK(order.status == OrderStatus::filled);
  text.replace(text.find("\"type\":\"MARKET\""), 15, "\"type\":\"LIQUIDATION\"");
  text.replace(text.find("\"FILLED\""), 8, "\"HALF_FILLED\"");
  document = json(text);
  order = parse_order(document.root());
  CHECK(order.type == OrderType::unknown);
  CHECK(order.status == OrderStatus::unknown);
  text.replace(text.find("\"SELL\""), 6, "\"LEND\"");
  document = json(text);
  CHECK_THROWS_AS(parse_order(document.root()), net::JsonError);
}

TEST_CASE("algo orders: numbers as 7.0E-4, null, and empty ids") {
  const auto list = golden_json("algo_open_list.json");
  const auto orders = parse_algo_orders(list.root());
  REQUIRE(orders.size() == 1);
  CHECK(orders[0].conditional);
  CHECK(orders[0].qty == qty("0.0007"));
  CHECK(orders[0].order_id == 1000000204743716);
  CHECK(orders[0].trigger_price == price("74457.1"));
  CHECK(orders[0].type == OrderType::stop_market);
  CHECK(orders[0].status == OrderStatus::open);
  CHECK(orders[0].child_order_id == 0);
  const auto placed = golden_json("algo_placed.json");
  CHECK(parse_algo_order(placed.root()).client_order_id.str() ==
        "pulsetrade-test-1789363069217-pr");
  const auto canceled = golden_json("algo_query_canceled.json");
  CHECK(parse_algo_order(canceled.root()).status == OrderStatus::canceled);
  const auto profit = golden_json("algo_short_take_profit.json");
  CHECK(parse_algo_order(profit.root()).type == OrderType::take_profit_market);
  CHECK(parse_algo_order(profit.root()).trigger_price == price("0.003613"));
}

TEST_CASE("algo orders: every state, and words of later years") {
  const std::vector<std::pair<std::string, OrderStatus>> states{
      {"NEW", OrderStatus::open},
      {"TRIGGERING", OrderStatus::triggering},
      {"TRIGGERED", OrderStatus::triggered},
      {"FINISHED", OrderStatus::finished},
      {"CANCELED", OrderStatus::canceled},
      {"REJECTED", OrderStatus::rejected},
      {"EXPIRED", OrderStatus::expired},
      {"SLEEPING", OrderStatus::unknown}};
  for (const auto& [word, status] : states) {
    auto text = golden("algo_query_canceled.json");
    text.replace(text.find("\"CANCELED\""), 10, "\"" + word + "\"");
    text.replace(text.find("\"actualOrderId\":\"\""), 18, R"("actualOrderId":"88937381063")");
    const auto document = json(text);
    CAPTURE(word);
    CHECK(parse_algo_order(document.root()).status == status);
    CHECK(parse_algo_order(document.root()).child_order_id == 88937381063);
  }
}

TEST_CASE("fills: the documented row") {
  const auto document = golden_json("user_trades.json");
  const auto fills = parse_fills(document.root());
  REQUIRE(fills.size() == 1);
  CHECK(fills[0].trade_id == 698759);
  CHECK(fills[0].side == Side::sell);
  CHECK(fills[0].position_side == PositionSide::short_);
  CHECK(fills[0].qty == qty("0.002"));
  CHECK(fills[0].price == price("7819.01"));
  CHECK(fills[0].realized_pnl == Usdt(dec("-0.91539999")));
  CHECK(fills[0].commission_asset == "USDT");
}

std::string position_json(const char* side, const char* amount, const char* entry, const char* mark,
                          const char* liquidation) {
  return std::string(R"([{"symbol":"BTCUSDT","positionSide":")") + side + R"(","positionAmt":")" +
         amount + R"(","entryPrice":")" + entry + R"(","breakEvenPrice":"60210.09","markPrice":")" +
         mark + R"(","unRealizedProfit":"-12.123456789","liquidationPrice":")" + liquidation +
         R"(","isolatedMargin":"0","notional":"6030","marginAsset":"USDT","isolatedWallet":"8.5",)"
         R"("initialMargin":"603","maintMargin":"24","adl":2,"updateTime":1767225600000}])";
}

TEST_CASE("positions: a short is rounded to the side that looks worse for a short") {
  const auto document =
      json(position_json("BOTH", "-0.100", "0.123456789", "0.123456781", "0.987654329"));
  const auto positions = parse_positions(document.root());
  REQUIRE(positions.size() == 1);
  CHECK(positions[0].qty == qty("-0.1"));
  CHECK(positions[0].entry == price("0.12345678"));
  CHECK(positions[0].mark == price("0.12345679"));
  CHECK(positions[0].liquidation == price("0.98765432"));
  CHECK(positions[0].unrealized_pnl == Usdt(dec("-12.12345679")));
  CHECK(positions[0].isolated_wallet == Usdt(dec("8.5")));
}

TEST_CASE("positions: a long is rounded the other way") {
  const auto document =
      json(position_json("LONG", "0.100", "0.123456781", "0.123456789", "0.987654321"));
  const auto positions = parse_positions(document.root());
  REQUIRE(positions.size() == 1);
  CHECK(positions[0].side == PositionSide::long_);
  CHECK(positions[0].entry == price("0.12345679"));
  CHECK(positions[0].mark == price("0.12345678"));
  CHECK(positions[0].liquidation == price("0.98765433"));
}

TEST_CASE(
    "positions: liquidation 0 is none, amount 0 is no position, too fine a quantity is an error") {
  auto document = json(position_json("BOTH", "-0.100", "1", "1", "0"));
  const auto positions = parse_positions(document.root());
  REQUIRE(positions.size() == 1);
  CHECK_FALSE(positions[0].liquidation.has_value());
  document = json(position_json("BOTH", "0.000", "0.0", "1", "0"));
  CHECK(parse_positions(document.root()).empty());
  document = json(position_json("BOTH", "-0.123456789", "1", "1", "0"));
  CHECK_THROWS_AS(parse_positions(document.root()), net::JsonError);
}

TEST_CASE("account: modes, symbol settings and the taker fee") {
  const auto config = json(
      R"({"feeTier":0,"canTrade":true,"canDeposit":true,"canWithdraw":true,)"
      R"("dualSidePosition":true,"updateTime":0,"multiAssetsMargin":false,"tradeGroupId":-1})");
  const auto modes = parse_modes(config.root());
  CHECK(modes.hedge);
  CHECK_FALSE(modes.multi_assets);
  CHECK(modes.can_trade);
  const auto settings =
      json(R"([{"symbol":"BTCUSDT","marginType":"CROSSED","isAutoAddMargin":false,"leverage":10,)"
           R"("maxNotionalValue":"1"},{"symbol":"ETHUSDT","marginType":"ISOLATED","leverage":3}])");
  const auto rows = parse_symbol_settings(settings.root());
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].margin == MarginType::cross);
  CHECK(rows[0].leverage == 10);
  CHECK(rows[1].margin == MarginType::isolated);
  const auto fee = json(R"({"symbol":"BTCUSDT","makerCommissionRate":"0.000200",)"
                        R"("takerCommissionRate":"0.000500"})");
  CHECK(parse_taker_fee(fee.root()) == Ratio(dec("0.0005")));
}

TEST_CASE("income: the documented rows, and types that nobody knows yet") {
  const auto document =
      json(R"([{"symbol":"","incomeType":"TRANSFER","income":"10000.00000000","asset":"USDT",)"
           R"("info":"TRANSFER","time":1767220000000,"tranId":5000000001,"tradeId":""},)"
           R"({"symbol":"BTCUSDT","incomeType":"MOON_BONUS","income":"-0.60300000","asset":"USDT",)"
           R"("info":"x","time":1767225600000,"tranId":"5000000003","tradeId":""}])");
  const auto rows = parse_income(document.root());
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].amount == Usdt(dec("10000")));
  CHECK(rows[0].symbol.empty());
  CHECK(rows[1].type == "MOON_BONUS");
  CHECK(rows[1].transaction_id == 5000000003);
  CHECK(rows[1].amount == Usdt(dec("-0.603")));
}

}  // namespace
}  // namespace bb::binance::test
