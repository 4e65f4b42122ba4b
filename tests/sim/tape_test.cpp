#include "sim/tape.h"

#include <doctest/doctest.h>

#include "support/run.h"

namespace bb::sim::test {
namespace {

Market small_market() {
  RandomMarketOptions options;
  options.symbols = 8;
  options.days = 2;
  return make_random_market(options);
}

Symbol first_symbol(const Market& market) { return market.rules(market.begin()).front().symbol; }

TEST_CASE("tape: the same rows come with the same ids, however and whenever they are asked for") {
  const Market market = small_market();
  const Tape tape(market);
  const Symbol symbol = first_symbol(market);
  const TimePoint noon = market.begin() + Hours(12);
  const auto first = Tape::first_row_at(symbol, noon);
  const auto whole = tape.rows(symbol, first, 100, noon + Hours(2));
  REQUIRE(whole.size() == 100);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    CHECK(whole[i].id == first + static_cast<std::int64_t>(i));
    CHECK(whole[i].time >= noon);
    if (i > 0) CHECK(whole[i].time >= whole[i - 1].time);
    const auto one = tape.rows(symbol, whole[i].id, 1, market.end());
    REQUIRE(one.size() == 1);
    CHECK(one[0].time == whole[i].time);
    CHECK(one[0].price == whole[i].price);
    CHECK(one[0].qty == whole[i].qty);
  }
}

TEST_CASE("tape: nothing is told before it has happened") {
  const Market market = small_market();
  const Tape tape(market);
  const Symbol symbol = first_symbol(market);
  const TimePoint noon = market.begin() + Hours(12);
  for (const auto& row :
       tape.rows(symbol, Tape::first_row_at(symbol, noon - Seconds(10)), 1000, noon))
    CHECK(row.time <= noon);
  const auto newest = tape.newest(symbol, noon);
  REQUIRE(newest.has_value());
  CHECK(newest->time <= noon);
  CHECK(newest->id + 1 == Tape::first_row_at(symbol, noon + Millis(1)));
}

TEST_CASE("tape: groups cover the rows without a hole, and agree with them") {
  const Market market = small_market();
  const Tape tape(market);
  const Symbol symbol = first_symbol(market);
  const TimePoint noon = market.begin() + Hours(12);
  const auto groups = tape.groups(symbol, Tape::first_group_at(symbol, noon), 50, noon + Hours(1));
  REQUIRE(groups.size() == 50);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto& group = groups[i];
    if (i > 0) {
      CHECK(group.id == groups[i - 1].id + 1);
      CHECK(group.first == groups[i - 1].last + 1);
    }
    Qty sum;
    const auto count = static_cast<std::size_t>(group.last - group.first + 1);
    for (const auto& row : tape.rows(symbol, group.first, count, noon + Hours(1))) {
      CHECK(row.time == group.time);
      CHECK(row.price == group.price);
      CHECK(row.buyer_is_maker == group.buyer_is_maker);
      sum += row.qty;
    }
    CHECK(sum == group.qty);
  }
}

TEST_CASE("tape: executions stay within their bar and make about its volume") {
  const Market market = small_market();
  const Tape tape(market);
  const Symbol symbol = first_symbol(market);
  const TimePoint noon = market.begin() + Hours(12);
  const TimePoint end = noon + Minutes(10);
  const auto bars = market.klines(symbol, Minutes(10), noon, noon, 1, end);
  REQUIRE(bars.size() == 1);
  const auto first = Tape::first_row_at(symbol, noon);
  const auto last = Tape::first_row_at(symbol, end);
  double volume = 0;
  for (const auto& row : tape.rows(symbol, first, static_cast<std::size_t>(last - first), end)) {
    CHECK(row.price >= bars[0].low);
    CHECK(row.price <= bars[0].high);
    volume += row.qty.value().to_double();
  }
  CHECK(volume == doctest::Approx(bars[0].volume).epsilon(0.05));
}

TEST_CASE("tape: a contract has no executions before its listing") {
  const Market market = small_market();
  const Tape tape(market);
  const Symbol symbol = first_symbol(market);
  CHECK_FALSE(tape.newest(symbol, from_ms(1)).has_value());
  CHECK(tape.rows(symbol, 0, 10, market.end()).empty());
  CHECK(tape.rows(symbol, INT64_MAX, 10, market.end()).empty());
  CHECK(tape.groups(symbol, INT64_MAX, 10, market.end()).empty());
  CHECK(tape.groups(symbol, -1, 10, market.end()).empty());
}

}  // namespace
}  // namespace bb::sim::test
