#include "domain/margin.h"

#include <doctest/doctest.h>

namespace bb::test {
namespace {

Price price(const char* text) { return Price(Decimal::parse(text).value()); }
Qty qty(const char* text) { return Qty(Decimal::parse(text).value()); }
Usdt usdt(const char* text) { return Usdt(Decimal::parse(text).value()); }
Ratio ratio(const char* text) { return Ratio(Decimal::parse(text).value()); }

Brackets single(const char* rate) {
  return {{125, Usdt(), usdt("90000000000"), ratio(rate), Usdt()}};
}

// The examples of reference §18.
TEST_CASE("liquidation price: isolated long and short") {
  const auto brackets = single("0.004");
  CHECK(isolated_liquidation_price(brackets, usdt("6000"), qty("1"), price("60000"))
            ->value()
            .round_to(Decimal::parse("0.001").value(), Rounding::nearest)
            .str() == "54216.867");
  CHECK(isolated_liquidation_price(brackets, usdt("6000"), qty("-1"), price("60000"))
            ->value()
            .round_to(Decimal::parse("0.001").value(), Rounding::nearest)
            .str() == "65737.052");
}

TEST_CASE("liquidation price: the bracket is the one of the notional at that price") {
  const Brackets brackets = {{125, usdt("0"), usdt("300000"), ratio("0.004"), usdt("0")},
                             {100, usdt("300000"), usdt("800000"), ratio("0.005"), usdt("300")},
                             {75, usdt("800000"), usdt("3000000"), ratio("0.0065"), usdt("1500")}};
  CHECK(isolated_liquidation_price(brackets, usdt("30000"), qty("10"), price("60000"))
            ->value()
            .round_to(Decimal::parse("0.001").value(), Rounding::nearest)
            .str() == "57256.281");
}

TEST_CASE("liquidation price: a cross hedge uses both legs") {
  const auto lp = liquidation_price(single("0.004"), usdt("5000"), {}, {qty("2"), price("60000")},
                                    {qty("-1"), price("61000")}, Usdt(), Usdt());
  CHECK(lp->value().round_to(Decimal::parse("0.001").value(), Rounding::nearest).str() ==
        "54655.87");
}

TEST_CASE("liquidation price: other cross positions carry their margin and profit along") {
  const Brackets eth = {{10, usdt("0"), usdt("90000000000"), ratio("0.10"), usdt("135365")}};
  const auto lp = liquidation_price(eth, usdt("1535443.01"), {qty("3683.979"), price("1456.84")},
                                    {}, {}, usdt("71200.81144"), usdt("-56354.57"));
  CHECK(lp->value().round_to(Decimal::parse("0.01").value(), Rounding::nearest).str() == "1153.26");
}

TEST_CASE("liquidation price: a long that cannot be liquidated has none") {
  CHECK_FALSE(isolated_liquidation_price(single("0.004"), usdt("70000"), qty("1"), price("60000")));
}

TEST_CASE("liquidation price: a speck in a large account has one, or none, whatever the brackets") {
  const Brackets btc = {{125, usdt("0"), usdt("300000"), ratio("0.004"), usdt("0")},
                        {1, usdt("300000"), usdt("90000000000"), ratio("0.5"), usdt("148800000")}};
  const auto cross = [&](const char* wallet, const char* size) {
    return liquidation_price(btc, usdt(wallet), {qty(size), price("60000")}, {}, {}, {}, {});
  };
  CHECK_FALSE(cross("10000", "0.002"));
  CHECK(cross("100", "-0.002")->str() == "109561.75298805");
  CHECK_FALSE(cross("1000000000", "-0.001"));
}

TEST_CASE("expected liquidation: a short with leverage 2 lies near one and a half times entry") {
  const auto lp =
      expected_short_liquidation(single("0.01"), qty("100"), price("1"), 2, ratio("0.0005"));
  CHECK(lp->value().round_to(Decimal::parse("0.0001").value(), Rounding::nearest).str() ==
        "1.4847");
}

}  // namespace
}  // namespace bb::test
