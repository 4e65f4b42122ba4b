#include <doctest/doctest.h>

#include "binance/scripted_exchange.h"
#include "binance/server_time.h"

namespace bb::binance::test {
namespace {

Millis distance(TimePoint a, TimePoint b) { return std::chrono::abs(a - b); }

TEST_CASE("time: the sample with the shortest round trip decides, and bounds the error") {
  run_sim([](SimLoop& loop) -> Task<void> {
    ServerTime time(loop.clock);
    CHECK(time.now() == loop.clock.utc_now());
    CHECK(time.unusable());
    const auto t = loop.clock.steady_now();
    const std::vector<TimeSample> samples{
        {t - Millis(900), t - Millis(500), some_day() + Seconds(62)},
        {t - Millis(100), t - Millis(60), some_day() + Seconds(60)},
        {t - Millis(60), t, some_day() + Seconds(63)}};
    CHECK(time.adopt(samples));
    CHECK(time.now() == some_day() + Seconds(60) + Millis(80));
    CHECK(*time.error_bound() == Micros(20'508));  // 20 ms, a cut half, 80 ms of drift
    CHECK_FALSE(time.aged());
    co_await sleep_for(loop.clock, Minutes(31));
    CHECK(time.now() == some_day() + Minutes(32) + Millis(80));
    CHECK(time.aged());
    CHECK_FALSE(time.unusable());
    CHECK(*time.error_bound() == Micros(20'508 + 186'000));
  });
}

TEST_CASE("time: a jump of the wall clock moves nothing, but asks for a new measurement") {
  run_sim([](SimLoop& loop) -> Task<void> {
    ServerTime time(loop.clock);
    const auto t = loop.clock.steady_now();
    (void)time.adopt(std::vector<TimeSample>{{t, t, some_day()}});
    loop.clock.step_wall_clock(Hours(3));
    CHECK(time.now() == some_day());
    CHECK(time.unusable());
    (void)time.adopt(std::vector<TimeSample>{{t, t, some_day()}});
    CHECK_FALSE(time.unusable());
    co_return;
  });
}

TEST_CASE("F75: one time answer that is a day off does not count among others") {
  run_sim([](SimLoop& loop) -> Task<void> {
    ServerTime time(loop.clock);
    const auto t = loop.clock.steady_now();
    CHECK(time.adopt(std::vector<TimeSample>{{t - Millis(5), t, some_day() + Hours(24)},
                                             {t - Millis(50), t, some_day()},
                                             {t - Millis(60), t, some_day()}}));
    CHECK(time.now() - some_day() < Millis(30));
    co_return;
  });
}

TEST_CASE("F75: an exchange's clock that jumps is believed only when it refuses our stamps") {
  run_sim([](SimLoop& loop) -> Task<void> {
    ServerTime time(loop.clock);
    const auto at = [&](Millis ahead) {
      const auto t = loop.clock.steady_now();
      const TimeSample sample{t, t, loop.clock.utc_now() + ahead};
      return std::vector<TimeSample>{sample, sample, sample};
    };
    CHECK(time.adopt(at(Millis(0))));
    const auto before = time.now();
    CHECK_FALSE(time.adopt(at(Hours(24))));
    CHECK(time.now() == before);
    CHECK(time.adopt(at(Seconds(4))));  // a correction, not a jump
    CHECK_FALSE(time.adopt(at(Seconds(-4))));
    time.distrust();
    CHECK(time.adopt(at(Hours(24))));
    CHECK(time.now() - before >= Hours(24));
    co_return;
  });
}

TEST_CASE(
    "F74: after a sleep of the machine the new time is taken, as the wall clock jumped, too") {
  run_sim([](SimLoop& loop) -> Task<void> {
    ServerTime time(loop.clock);
    const auto t = loop.clock.steady_now();
    CHECK(time.adopt(std::vector<TimeSample>{{t, t, some_day()}}));
    loop.clock.step_wall_clock(Hours(8));
    CHECK(time.unusable());
    CHECK(time.adopt(std::vector<TimeSample>{{t, t, some_day() + Hours(8)}}));
    CHECK_FALSE(time.unusable());
    CHECK(time.now() == some_day() + Hours(8));
    co_return;
  });
}

TEST_CASE("F75: requests go on with the time that was good, and a person is told") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on("GET /fapi/v3/balance", json_reply(golden("balance.json")));
    world.exchange.on("GET /fapi/v1/time", [&world](const Seen&) {
      return json_reply(
          "{\"serverTime\":" + std::to_string(to_ms(world.exchange.now() + Hours(24))) + "}");
    });
    co_await sleep_for(world.loop.clock, Minutes(31));
    const auto balances = co_await world.account->fetch_balances();
    CHECK(balances.has_value());
    CHECK(world.exchange.count("GET /fapi/v3/balance") == 1);
    CHECK(world.lines.find("exchange time rejected") != std::string::npos);
  });
}

TEST_CASE("time: a slow connection does not make the stamp old") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, [](Settings& settings) { settings.recv_window = 500; });
    world.exchange.on("POST /fapi/v1/order", [](const Seen& seen) {
      return json_reply(order_json(seen.param("newClientOrderId")));
    });
    const auto ready = co_await world.venue->prepare(1);
    CHECK(ready.has_value());
    co_await sleep_for(loop.clock, Minutes(1));  // nothing is open any more
    world.exchange.dialer().set_latency({.each_way = Millis(400)});
    const auto placed = co_await world.account->place(market_sell("t-1"));
    CHECK(placed.done() != nullptr);  // stamped after 800 ms of connecting, 400 ms old on arrival
    co_await world.close();
  });
}

void answer_balance(World& world) {
  world.exchange.on("GET /fapi/v3/balance", json_reply(golden("balance.json")));
}

Task<void> with_skew(World& world, Millis skew) {
  world.exchange.set_skew(skew);
  answer_balance(world);
  const auto prepared = co_await world.venue->prepare(2);
  CHECK(prepared.has_value());
  CHECK(distance(world.venue->exchange_now(), world.exchange.now()) <= Millis(1));
  CHECK(world.venue->health().clock_error_max.value_or(Seconds(9)) <= Micros(26'000));
  const auto identity = co_await world.account->fetch_identity();
  REQUIRE(identity.has_value());
  CHECK(identity->alias == "mYAuTiXqXqsR");
  CHECK(identity->environment == "paper");
}

TEST_CASE("time: with a clock that is two minutes off, requests carry the exchange's time") {
  for (const Millis skew : {Millis(120'000), Millis(-120'000), Millis(0)})
    run_sim([skew](SimLoop& loop) {
      return [](SimLoop& l, Millis by) -> Task<void> {
        World world(l);
        co_await with_skew(world, by);
        co_await world.close();
      }(loop, skew);
    });
}

TEST_CASE("time: -1021 measures again, and the query goes once more with a new stamp") {
  in_world([](World& world) -> Task<void> {
    answer_balance(world);
    world.exchange.set_skew(Seconds(30));
    const auto balances = co_await world.account->fetch_balances();
    CHECK(balances.has_value());
    const auto tries = world.exchange.seen("GET /fapi/v3/balance");
    REQUIRE(tries.size() == 2);
    CHECK(std::stoll(tries[1].param("timestamp")) - std::stoll(tries[0].param("timestamp")) >
          29'000);
    CHECK(tries[0].param("signature") != tries[1].param("signature"));
  });
}

TEST_CASE("time: -1021 twice in a row is an error, also where attempts are left") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on("GET /fapi/v3/balance", error_reply(-1021));
    const auto balances = co_await world.account->fetch_balances();
    REQUIRE_FALSE(balances.has_value());
    CHECK(balances.error().code == -1021);
    CHECK(world.exchange.count("GET /fapi/v3/balance") == 2);
  });
}

TEST_CASE("time: -1021 refuses a command, which is not repeated; the next one has the right time") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on("POST /fapi/v1/order", [](const Seen& seen) {
      return json_reply(order_json(seen.param("newClientOrderId")));
    });
    world.exchange.set_skew(Seconds(30));
    const auto first = co_await world.account->place(market_sell("t-1"));
    REQUIRE(first.refused() != nullptr);
    CHECK(first.code() == -1021);
    CHECK(world.exchange.count("POST /fapi/v1/order") == 1);
    const auto second = co_await world.account->place(market_sell("t-2"));
    CHECK(second.done() != nullptr);
    CHECK(world.exchange.count("POST /fapi/v1/order") == 2);
  });
}

TEST_CASE("time: it is measured again after half an hour, with the next query") {
  in_world([](World& world) -> Task<void> {
    answer_balance(world);
    const int before = world.exchange.count("GET /fapi/v1/time");
    co_await world.account->fetch_balances();
    CHECK(world.exchange.count("GET /fapi/v1/time") == before);
    co_await sleep_for(world.loop.clock, Minutes(31));
    co_await world.account->fetch_balances();
    CHECK(world.exchange.count("GET /fapi/v1/time") == 2 * before);
  });
}

TEST_CASE("time: an exchange that does not tell its time is still asked, with the wall clock") {
  in_world([](World& world) -> Task<void> {
    answer_balance(world);
    world.exchange.on("GET /fapi/v1/time", error_reply(-1000, 500));
    co_await sleep_for(world.loop.clock, Minutes(31));
    const auto balances = co_await world.account->fetch_balances();
    CHECK(balances.has_value());
  });
}

}  // namespace
}  // namespace bb::binance::test
