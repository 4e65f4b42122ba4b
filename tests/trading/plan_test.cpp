#include "trading/plan.h"

#include <doctest/doctest.h>

namespace bb::test {
namespace {

using namespace bb::trading;

Decimal d(const char* text) { return Decimal::parse(text).value(); }

SymbolRules rules() {
  SymbolRules out;
  out.symbol = Symbol("ABCUSDT");
  out.tick = Price(d("0.001"));
  out.lot = {Qty(d("1")), Qty(d("1000000")), Qty(d("1"))};
  out.market_lot = out.lot;
  out.min_notional = Usdt(d("5"));
  return out;
}

Brackets brackets() {
  return {{50, Usdt(), Usdt(d("50000")), Ratio(d("0.01")), Usdt()},
          {2, Usdt(d("50000")), Usdt(d("200000")), Ratio(d("0.05")), Usdt(d("2000"))},
          {1, Usdt(d("200000")), Usdt(d("900000")), Ratio(d("0.1")), Usdt(d("12000"))}};
}

TEST_CASE("plan: the stop lies a buffer below liquidation, rounded down to the tick") {
  CHECK(plan_stop(rules(), Price(d("1.4851")), {}).str() == "1.47");
}

TEST_CASE("plan: the take-profit lies below the entry price, rounded down to the tick") {
  CHECK(plan_take_profit(rules(), Price(d("1.2345")), {}).str() == "0.987");
}

TEST_CASE("plan: the first stop is never looser than the one the true fill allows") {
  const Settings settings;
  const Price reference(d("1"));
  const auto first =
      plan_first_stop(rules(), brackets(), Qty(d("100")), reference, Ratio(d("0.0005")), settings);
  REQUIRE(first.has_value());
  for (const char* fill : {"1", "0.999", "0.996"}) {
    const auto liquidation = expected_short_liquidation(brackets(), Qty(d("100")), Price(d(fill)),
                                                        2, Ratio(d("0.0005")));
    CHECK(*first <= plan_stop(rules(), *liquidation, settings));
  }
  CHECK(*first > reference);
}

TEST_CASE("plan: no first stop when it would lie below the price") {
  Settings settings;
  settings.leverage = 50;
  settings.sl_liq_buffer_pct = d("10");
  CHECK_FALSE(plan_first_stop(rules(), brackets(), Qty(d("100")), Price(d("1")), Ratio(d("0.0005")),
                              settings));
}

TEST_CASE("plan: the original's example of sizing: 1000 USDT, buffer 1 %, 10 splits, leverage 2") {
  CHECK(plan_notional(Usdt(d("1000")), 10, {}).str() == "198");
}

TEST_CASE("plan: the bracket's largest notional at the leverage caps the quantity") {
  const auto sized = plan_quantity(rules(), brackets(), Usdt(d("500000")), Price(d("1")), {});
  CHECK(sized.qty.str() == "200000");
  Settings high;
  high.leverage = 100;
  CHECK_FALSE(
      plan_quantity(rules(), brackets(), Usdt(d("100")), Price(d("1")), high).problem.empty());
}

TEST_CASE("plan: only refusals for margin are tried smaller") {
  CHECK(is_margin_refusal(-2019, ""));
  CHECK(is_margin_refusal(0, "Margin is INSUFFICIENT."));
  CHECK_FALSE(is_margin_refusal(-4131, "price"));
  CHECK_FALSE(is_margin_refusal(-1001, "insufficient"));
}

TEST_CASE("settings: more conditional orders than the exchange allows are refused at start") {
  Settings settings;
  CHECK(validate(settings).empty());
  settings.top_n = 40;
  CHECK(validate(settings).size() == 1);
  settings.top_n = 10;
  settings.rebalance_enabled = true;
  CHECK(validate(settings).size() == 1);
}

}  // namespace
}  // namespace bb::test
