#include <doctest/doctest.h>

#include "paper/limits.h"
#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;

TEST_CASE("limits: every answer says what the minute has used; a new minute begins at zero") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto time = co_await world.get("/fapi/v1/time");
    CHECK(time.header("x-mbx-used-weight-1m") == "1");
    const auto tickers = co_await world.get("/fapi/v1/ticker/24hr");
    CHECK(tickers.header("X-MBX-USED-WEIGHT-1M") == "41");
    const auto one = co_await world.get("/fapi/v1/ticker/24hr?symbol=AAAUSDT");
    CHECK(one.header("X-MBX-USED-WEIGHT-1M") == "42");
    const auto klines = co_await world.get("/fapi/v1/klines?symbol=AAAUSDT&interval=1m&limit=1500");
    CHECK(klines.header("X-MBX-USED-WEIGHT-1M") == "52");
    const auto few = co_await world.get("/fapi/v1/klines?symbol=AAAUSDT&interval=1m&limit=99");
    CHECK(few.header("X-MBX-USED-WEIGHT-1M") == "53");
    const auto refused = co_await world.get("/fapi/v3/account");
    CHECK(refused.status == 401);
    CHECK(refused.header("X-MBX-USED-WEIGHT-1M") == "58");
    const auto placed = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(placed.header("X-MBX-USED-WEIGHT-1M") == "58");
    co_await sleep_for(loop.clock, Seconds(60));
    const auto later = co_await world.get("/fapi/v1/time");
    CHECK(later.header("X-MBX-USED-WEIGHT-1M") == "1");
    co_await world.close();
  });
}

TEST_CASE("limits: 429 with a reason and a time to wait, then a ban for who goes on") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    co_await sleep_for(loop.clock, Seconds(15));
    for (int i = 0; i < 60; ++i) {
      const auto answer = co_await world.get("/fapi/v1/ticker/24hr");
      CHECK(answer.status == 200);
    }
    const auto over = co_await world.get("/fapi/v1/time");
    CHECK(over.status == 429);
    CHECK(over.code() == -1003);
    CHECK(over.msg().starts_with("Too many requests; current limit is 2400 requests per minute."));
    CHECK(over.header("Retry-After") == "45");
    for (int i = 0; i < 9; ++i) {
      const auto again = co_await world.get("/fapi/v1/time");
      CHECK(again.status == 429);
    }
    const auto banned = co_await world.get("/fapi/v1/time");
    CHECK(banned.status == 418);
    CHECK(banned.code() == -1003);
    const auto until = std::to_string(to_ms(some_day() + Seconds(15 + 120)));
    CHECK(banned.msg().starts_with("Way too many requests; IP(127.0.0.1) banned until " + until));
    CHECK(banned.header("Retry-After") == "120");
    co_await sleep_for(loop.clock, Seconds(119));
    const auto still = co_await world.get("/fapi/v1/time");
    CHECK(still.status == 418);
    CHECK(still.msg().find(until) != std::string::npos);
    co_await sleep_for(loop.clock, Seconds(1));
    const auto free = co_await world.get("/fapi/v1/time");
    CHECK(free.status == 200);
    co_await world.close();
  });
}

TEST_CASE("limits: a refused order counts nothing against the exchange, but it counts") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.limits.orders_per_10s = 3;
    options.limits.orders_per_minute = 5;
    World world(loop, options);
    const auto first = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(first.header("X-MBX-ORDER-COUNT-10S") == "1");
    const auto refused = co_await world.market("AAAUSDT", "SELL", "0");
    CHECK(refused.status == 400);
    CHECK(refused.header("X-MBX-ORDER-COUNT-10S").empty());
    const auto third = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(third.header("X-MBX-ORDER-COUNT-10S") == "3");
    const auto over = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(over.status == 429);
    CHECK(over.code() == -1015);
    CHECK(over.msg() == "Too many new orders; current limit is 3 orders per TEN_SECONDS.");
    co_await sleep_for(loop.clock, Seconds(10));
    const auto fourth = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(fourth.header("X-MBX-ORDER-COUNT-10S") == "1");
    CHECK(fourth.header("X-MBX-ORDER-COUNT-1M") == "4");
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    const auto minute = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(minute.msg() == "Too many new orders; current limit is 5 orders per MINUTE.");
    const auto risk = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(column(risk.body, "positionAmt") == "-4.000");
    co_await world.close();
  });
}

TEST_CASE("limits: funding answers have a pool of their own") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.limits.funding_per_5_minutes = 2;
    World world(loop, options);
    const auto rate = co_await world.get("/fapi/v1/fundingRate?symbol=AAAUSDT");
    CHECK(rate.header("X-MBX-USED-WEIGHT-1M") == "0");
    const auto info = co_await world.get("/fapi/v1/fundingInfo");
    CHECK(info.status == 200);
    const auto over = co_await world.get("/fapi/v1/fundingInfo");
    CHECK(over.status == 429);
    const auto time = co_await world.get("/fapi/v1/time");
    CHECK(time.status == 200);
    co_await world.close();
  });
}

TEST_CASE("limits: every address has a budget of its own; a flood of them ends no ban") {
  using paper::Pool;
  RateLimits few;
  few.weight_per_minute = 10;
  few.ban_after = 1;
  Limits limits(few, 1);
  const TimePoint now = some_day();
  CHECK_FALSE(limits.charge("10.0.0.1", Pool::weight, 10, now));
  CHECK(limits.charge("10.0.0.1", Pool::weight, 1, now)->status == 429);
  CHECK(limits.charge("10.0.0.1", Pool::weight, 1, now)->status == 418);
  CHECK_FALSE(limits.charge("10.0.0.2", Pool::weight, 10, now));
  CHECK(limits.used_weight("10.0.0.2", Pool::weight) == 10);
  // The ban outlives the minute, and a flood of other addresses.
  for (int i = 0; i < 25'000; ++i)
    (void)limits.charge("192.168." + std::to_string(i), Pool::weight, 1, now + Seconds(i % 90));
  const auto banned = limits.charge("10.0.0.1", Pool::weight, 1, now + Seconds(61));
  REQUIRE(banned.has_value());
  CHECK(banned->rejection.text.starts_with("Way too many requests; IP(10.0.0.1) banned until "));
}

TEST_CASE("limits: off by name, nothing is refused and the headers count on") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.limits.enabled = false;
    options.limits.weight_per_minute = 1;
    options.limits.orders_per_10s = 1;
    World world(loop, options);
    for (int i = 0; i < 20; ++i) {
      const auto sold = co_await world.market("AAAUSDT", "SELL", "0.1");
      CHECK(sold.status == 200);
      const auto time = co_await world.get("/fapi/v1/time");
      CHECK(time.status == 200);
      CHECK(time.header("X-MBX-USED-WEIGHT-1M") == std::to_string(i + 1));
    }
    co_await world.close();
  });
}

TEST_CASE("limits: the statistics have a pool of 1000 requests in five minutes") {
  RateLimits limits_of;
  Limits limits(limits_of, 1);
  const TimePoint now = some_day();
  for (int i = 0; i < 1000; ++i)
    CHECK_FALSE(limits.charge("::1", Pool::data, 0, now));
  const auto refused = limits.charge("::1", Pool::data, 0, now);
  CHECK(refused->status == 429);
  CHECK(refused->retry_after_s == 300);
  CHECK_FALSE(limits.charge("::1", Pool::funding, 0, now));
  CHECK_FALSE(limits.charge("::1", Pool::data, 0, now + Minutes(5)));
}

TEST_CASE("limits: a batch counts five in ten seconds and one in the minute, all or nothing") {
  RateLimits few;
  few.orders_per_10s = 8;
  Limits limits(few, 1);
  CHECK_FALSE(limits.charge_orders(0, 5, 1, some_day()));
  const auto refused = limits.charge_orders(0, 5, 1, some_day());
  CHECK(refused->rejection.code == -1015);
  CHECK(limits.order_counts(0).in_10s == 5);
  CHECK(limits.order_counts(0).in_1m == 1);
  CHECK_FALSE(limits.charge_orders(0, 1, 1, some_day()));
}

TEST_CASE("limits: floods of sockets are forgiven after ten minutes, and each ban is longer") {
  RateLimits few;
  few.floods_before_ban = 1;
  Limits limits(few, 1);
  const TimePoint now = some_day();
  limits.note_flood("10.0.0.1", now);
  limits.note_flood("10.0.0.1", now + Minutes(10));
  CHECK_FALSE(limits.find_ban("10.0.0.1", now + Minutes(10)));
  limits.note_flood("10.0.0.1", now + Minutes(11));
  CHECK(limits.find_ban("10.0.0.1", now + Minutes(11))->retry_after_s == 120);
  CHECK(limits.find_ban("10.0.0.1", now + Minutes(11))->status == 418);
  CHECK_FALSE(limits.find_ban("10.0.0.2", now + Minutes(11)));
  CHECK_FALSE(limits.find_ban("10.0.0.1", now + Minutes(13)));
  for (int i = 0; i < 2; ++i)
    limits.note_flood("10.0.0.1", now + Minutes(14));
  CHECK(limits.find_ban("10.0.0.1", now + Minutes(14))->retry_after_s == 240);
}
