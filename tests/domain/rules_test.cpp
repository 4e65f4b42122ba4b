#include "domain/rules.h"

#include <doctest/doctest.h>

namespace bb::test {
namespace {

Decimal d(const char* text) { return Decimal::parse(text).value(); }

SymbolRules sample() {
  SymbolRules rules;
  rules.symbol = Symbol("ABCUSDT");
  rules.lot = {Qty(d("0.1")), Qty(d("100000")), Qty(d("0.1"))};
  rules.market_lot = {Qty(d("0.1")), Qty(d("500")), Qty(d("0.1"))};
  rules.min_notional = Usdt(d("5"));
  return rules;
}

TEST_CASE("sizing: floors to the step and never rounds up") {
  const auto sized = size_market_entry(sample(), Usdt(d("100")), Price(d("3")));
  CHECK(sized.qty.str() == "33.3");
  CHECK(sized.problem.empty());
}

TEST_CASE("sizing: caps at the largest market order instead of being refused") {
  CHECK(size_market_entry(sample(), Usdt(d("100000")), Price(d("3"))).qty.str() == "500");
}

TEST_CASE("sizing: says what is too small") {
  CHECK(size_market_entry(sample(), Usdt(d("0.1")), Price(d("3"))).problem.find("quantity") !=
        std::string::npos);
  CHECK(size_market_entry(sample(), Usdt(d("4")), Price(d("3"))).problem.find("notional") !=
        std::string::npos);
  CHECK_FALSE(size_market_entry(sample(), Usdt(d("4")), Price()).problem.empty());
}

TEST_CASE("closing: pieces respect the largest market order and add up") {
  const auto pieces = split_market_close(sample(), Qty(d("1234.5")));
  REQUIRE(pieces.size() == 3);
  CHECK((pieces[0] + pieces[1] + pieces[2]).str() == "1234.5");
  CHECK(pieces[2].str() == "234.5");
}

TEST_CASE("brackets: found by notional, and the largest notional by leverage") {
  const Brackets brackets = {
      {75, Usdt(d("0")), Usdt(d("20000")), Ratio(d("0.01")), Usdt()},
      {50, Usdt(d("20000")), Usdt(d("200000")), Ratio(d("0.015")), Usdt(d("100"))}};
  CHECK(bracket_for(brackets, Usdt(d("19999"))).max_leverage == 75);
  CHECK(bracket_for(brackets, Usdt(d("20000"))).max_leverage == 50);
  CHECK(bracket_for(brackets, Usdt(d("999999"))).max_leverage == 50);
  CHECK(max_notional_at(brackets, 60) == Usdt(d("20000")));
  CHECK(max_notional_at(brackets, 100).is_zero());
}

}  // namespace
}  // namespace bb::test
