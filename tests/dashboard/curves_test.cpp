#include "dashboard/impl/curves.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/random.h"

namespace bb::dashboard::test {
namespace {

const TimePoint kBegin = from_ms(1'760'000'000'000);

Usdt usdt(const char* text) { return Usdt::parse(text).value(); }

store::TimedAmount at(int minute, const char* amount) {
  return {kBegin + Minutes(minute), usdt(amount)};
}

TEST_CASE("curves: the original's drawdown is against the highest point shown") {
  auto curve = make_curve({at(0, "100"), at(1, "120"), at(2, "90"), at(3, "108")}, {});
  const auto fall = measure(curve);
  CHECK(fall.max == usdt("30"));
  CHECK(fall.max_pct == doctest::Approx(25));
  CHECK(fall.current == usdt("12"));
  CHECK(fall.current_pct == doctest::Approx(10));
}

TEST_CASE("curves: a withdrawal is a drawdown of the account, not of the strategy nor of growth") {
  const std::vector<store::TimedAmount> points{at(0, "1000"), at(1, "1100"), at(3, "550"),
                                               at(4, "605")};
  const std::vector<store::TimedAmount> flows{at(-5, "1000"), at(2, "-550")};
  auto account = make_curve(points, flows);
  CHECK(account.front().flows == usdt("0"));
  CHECK(account.back().flows == usdt("-550"));
  auto strategy = without_flows(account);
  CHECK(strategy.back().equity == usdt("1155"));
  CHECK(measure(account).max_pct == doctest::Approx(50));
  CHECK(measure(strategy).max_pct == doctest::Approx(0));
  CHECK(measure_growth(account).max_pct == doctest::Approx(0));
  CHECK(account.back().growth == doctest::Approx(1.21));
}

TEST_CASE("curves: growth tells a fall that the original's percentage hides after a withdrawal") {
  // Half of 200 is lost after 800 of 1000 were taken out: the strategy curve falls by a tenth.
  const std::vector<store::TimedAmount> points{at(0, "1000"), at(2, "200"), at(3, "100")};
  auto curve = make_curve(points, {at(1, "-800")});
  auto strategy = without_flows(curve);
  CHECK(measure(strategy).max_pct == doctest::Approx(10));
  CHECK(measure_growth(curve).max_pct == doctest::Approx(50));
  CHECK(measure_growth(curve).max == usdt("100"));
}

TEST_CASE("curves: thinning keeps ends and extremes, whatever the curve") {
  Random random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<store::TimedAmount> points;
    const int count = 1 + static_cast<int>(random.below(5000));
    for (int i = 0; i < count; ++i)
      points.push_back(
          {kBegin + Minutes(i),
           Usdt(Decimal::from_raw(static_cast<std::int64_t>(random.below(1u << 30))))});
    const auto curve = make_curve(points, {});
    const auto thinned = thin(curve, 400);
    const auto by_equity = [](const auto& a, const auto& b) { return a.equity < b.equity; };
    CHECK(thinned.size() <= std::max<std::size_t>(400, 4));
    CHECK(std::ranges::is_sorted(thinned, {}, &CurvePoint::at));
    CHECK(thinned.front().at == curve.front().at);
    CHECK(thinned.back().at == curve.back().at);
    CHECK(std::ranges::max_element(thinned, by_equity)->equity ==
          std::ranges::max_element(curve, by_equity)->equity);
    CHECK(std::ranges::min_element(thinned, by_equity)->equity ==
          std::ranges::min_element(curve, by_equity)->equity);
  }
}

}  // namespace
}  // namespace bb::dashboard::test
