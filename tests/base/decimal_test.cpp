#include "base/decimal.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace bb::test {
namespace {

Decimal d(std::string_view text) { return Decimal::parse(text).value(); }

TEST_CASE("decimal: reads plain and scientific text") {
  CHECK(d("0.010").str() == "0.01");
  CHECK(d("7.0E-4").str() == "0.0007");
  CHECK(d("-12").str() == "-12");
  CHECK(d("1e3").str() == "1000");
  CHECK(d("0.000000010000").str() == "0.00000001");
  CHECK(d("0E-99").is_zero());
}

TEST_CASE("decimal: refuses what it cannot hold exactly") {
  for (const auto* text : {"", "-", ".", "1.2.3", "abc", "1e", "0.000000001", "99999999999999",
                           "1e400", "NaN", "0x10", " 1", "1,5"})
    CHECK_FALSE(Decimal::parse(text).has_value());
}

TEST_CASE("decimal: rounds on request, to the named side") {
  CHECK(Decimal::parse_rounded("0.000000019", Rounding::down)->raw() == 1);
  CHECK(Decimal::parse_rounded("0.000000011", Rounding::up)->raw() == 2);
  CHECK(Decimal::parse_rounded("-0.000000011", Rounding::down)->raw() == -2);
  CHECK(Decimal::parse_rounded("1e-50", Rounding::up)->raw() == 1);
  CHECK(Decimal::parse_rounded("0.000000015", Rounding::nearest)->raw() == 2);
}

TEST_CASE("decimal: steps are exact where binary floating point is not") {
  CHECK(d("0.3").floor_to(d("0.1")) == d("0.3"));
  CHECK(d("4.35").floor_to(d("0.01")) == d("4.35"));
  CHECK(d("-1.5").floor_to(d("1")) == d("-2"));
  CHECK(d("1.01").ceil_to(d("0.1")) == d("1.1"));
  CHECK(d("5").floor_to(Decimal()) == d("5"));
}

TEST_CASE("decimal: overflow throws instead of wrapping") {
  const Decimal big = Decimal::from_int(90'000'000'000);
  CHECK_THROWS_AS(big + big, DecimalOverflow);
  CHECK_THROWS_AS(Decimal::mul(big, big, Rounding::down), DecimalOverflow);
  CHECK_THROWS_AS(Decimal::div(big, Decimal(), Rounding::down), DecimalOverflow);
  CHECK_THROWS_AS(Decimal::from_int(100'000'000'000), DecimalOverflow);
}

TEST_CASE("decimal: fixed text has exactly the asked places") {
  CHECK(d("1.5").str_fixed(3) == "1.500");
  CHECK(d("-0.05").str_fixed(2) == "-0.05");
  CHECK(d("7").str_fixed(0) == "7");
}

TEST_CASE("decimal: every value reads back from its own text") {
  CHECK(rc::check([](std::int64_t raw) {
    if (raw == INT64_MIN) return;
    const Decimal value = Decimal::from_raw(raw);
    RC_ASSERT(Decimal::parse(value.str()).value() == value);
    RC_ASSERT(Decimal::parse(value.str_fixed(8)).value() == value);
  }));
}

TEST_CASE("decimal: rounding to a step is the nearest multiple on its side") {
  CHECK(rc::check([](std::int32_t raw, std::uint16_t step_raw) {
    const Decimal value = Decimal::from_raw(raw);
    const Decimal step = Decimal::from_raw(std::int64_t{step_raw} + 1);
    const Decimal low = value.floor_to(step);
    const Decimal high = value.ceil_to(step);
    RC_ASSERT(low <= value);
    RC_ASSERT(high >= value);
    RC_ASSERT(low.is_multiple_of(step));
    RC_ASSERT(high - low <= step);
    RC_ASSERT(value - low < step);
  }));
}

}  // namespace
}  // namespace bb::test
