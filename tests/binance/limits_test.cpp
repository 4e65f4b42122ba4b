#include "binance/limits.h"

#include <doctest/doctest.h>

#include "support/run.h"

namespace bb::binance::test {
namespace {

using bb::test::some_day;

TEST_CASE("weight: queries leave thirty percent, and wait for the next minute") {
  WeightBudget budget;
  budget.set_limit(1000);
  const auto now = some_day() + Seconds(20);
  budget.start(660);
  CHECK(budget.wait_for_query(40, now) == Millis(0));
  CHECK(budget.wait_for_query(41, now) == Seconds(40));
  budget.finish(660, std::nullopt, now, now);
  CHECK(budget.used(now) == 660);
  CHECK(budget.wait_for_query(41, now) == Seconds(40));
  CHECK(budget.wait_for_query(41, now + Seconds(40)) == Millis(0));
}

TEST_CASE("weight: the exchange's number wins, also when others use the address") {
  WeightBudget budget;
  const auto now = some_day();
  budget.start(5);
  budget.finish(5, 1700, now, now);
  CHECK(budget.used(now) == 1700);
  // An older answer that arrives later does not make room.
  budget.start(5);
  budget.finish(5, 900, now, now);
  CHECK(budget.used(now) == 1700);
}

TEST_CASE("weight: a report about the minute before is not about this one") {
  WeightBudget budget;
  const auto sent = some_day() + Seconds(59);
  const auto now = some_day() + Seconds(61);
  budget.start(40);
  budget.finish(40, 2300, sent, now);
  CHECK(budget.used(now) == 0);
}

TEST_CASE("weight: an empty window takes what would never fit otherwise") {
  WeightBudget budget;
  budget.set_limit(30);
  CHECK(budget.wait_for_query(40, some_day()) == Millis(0));
}

TEST_CASE("weight: a request that never left costs nothing") {
  WeightBudget budget;
  budget.start(40);
  budget.abandon(40);
  CHECK(budget.used(some_day()) == 0);
}

TEST_CASE("orders: what adds risk leaves thirty percent to what reduces it") {
  OrderPool pool;
  pool.set_limits(10, 1000);
  const auto now = some_day();
  for (int i = 0; i < 7; ++i)
    pool.count(OrderUse::protects, "A", now);
  CHECK_FALSE(pool.admits(OrderUse::opens, now));
  CHECK(pool.admits(OrderUse::protects, now));
  for (int i = 0; i < 3; ++i)
    pool.count(OrderUse::protects, "A", now);
  CHECK_FALSE(pool.admits(OrderUse::protects, now));
  CHECK(pool.admits(OrderUse::opens, now + Seconds(10)));
}

TEST_CASE(
    "F66 orders: what opens leaves a place for its stop, and take-profits leave those alone") {
  OrderPool pool;
  pool.set_limits(6, 1000);
  const auto now = some_day();
  for (const auto* symbol : {"A", "B", "C"}) {
    REQUIRE(pool.admits(OrderUse::opens, now));
    pool.count(OrderUse::opens, symbol, now);
  }
  CHECK_FALSE(pool.admits(OrderUse::opens, now));
  CHECK_FALSE(pool.admits(OrderUse::takes_profit, now));
  for (const auto* symbol : {"A", "B", "C"}) {
    CHECK(pool.admits(OrderUse::protects, now));
    pool.count(OrderUse::protects, symbol, now);
  }
  CHECK_FALSE(pool.admits(OrderUse::protects, now));
}

TEST_CASE("F66 orders: a place is free again when nothing was opened, or nobody came for it") {
  for (const bool is_released : {true, false}) {
    OrderPool pool;
    pool.set_limits(1000, 3);  // a minute's
    auto now = some_day();
    REQUIRE(pool.admits(OrderUse::opens, now));
    pool.count(OrderUse::opens, "A", now);
    CHECK_FALSE(pool.admits(OrderUse::opens, now));
    CHECK(pool.admits(OrderUse::takes_profit, now));
    if (is_released) pool.release("A");
    if (!is_released) now += Seconds(10);
    CHECK(pool.admits(OrderUse::opens, now));
  }
}

TEST_CASE("orders: the account's own count and a refusal close the pool") {
  OrderPool pool;
  const auto now = some_day();
  pool.report(std::nullopt, 1200, now, now);
  constexpr auto kStop = OrderUse::protects;
  CHECK_FALSE(pool.admits(kStop, now));
  CHECK_FALSE(pool.admits(kStop, now + Seconds(59)));
  CHECK(pool.admits(kStop, now + Seconds(60)));
  pool.close_until(now + Seconds(70));
  CHECK_FALSE(pool.admits(kStop, now + Seconds(69)));
  CHECK(pool.admits(kStop, now + Seconds(70)));
}

TEST_CASE("ban: the end is read from the text") {
  CHECK(banned_until_text("Way too many requests; IP(1.2.3.4) banned until 1767225660000. Use"
                          " the websocket") == from_ms(1767225660000));
  CHECK_FALSE(banned_until_text("banned until further notice").has_value());
  CHECK_FALSE(banned_until_text("banned until 5").has_value());
  CHECK_FALSE(banned_until_text("Too many requests").has_value());
}

}  // namespace
}  // namespace bb::binance::test
