// Rate limits, bans and clocks (reliability §2.6, §2.7).
#include "faults/scene.h"

namespace bb::test {
namespace {

using net::Method;
using paper::FaultRule;

TEST_CASE(
    "F66: after a 429 nothing is asked before its time, and stops are told apart from reads") {
  for (const int retry_after : {0, 7}) {
    CAPTURE(retry_after);
    run_world(three_shorts(), [retry_after](SimWorld& world) -> Task<void> {
      (void)co_await world.entry().run(world.slot());
      auto limited = named_fault("too_many_requests", Method::get, kPositions);
      limited.retry_after_s = retry_after;
      world.server().faults().add(limited);
      co_await world.sleep(Minutes(1));
      const TimePoint met = world.loop().clock.utc_now();
      (void)co_await world.patrol().run_once();
      // Without Retry-After: until the next minute begins.
      const Millis pause = retry_after > 0 ? Millis(Seconds(retry_after)) : Millis(0);
      int refused = 0;
      TimePoint refused_at{};
      for (const auto& request : world.server().request_log()) {
        if (request.status == 429) {
          ++refused;
          refused_at = request.time;
        } else if (refused > 0 && request.time > refused_at + Millis(100)) {
          CHECK(request.time >= refused_at + pause);
        }
      }
      CHECK(refused == 1);
      CHECK(world.loop().clock.utc_now() - met <= Seconds(75));
      const auto report = co_await world.patrol_minutes(1);
      CHECK(report.errors == 0);
      check_safe(world);
    });
  }
}

TEST_CASE(
    "F66: where the order pool is nearly full the stops come first, the take-profits after them") {
  auto options = three_shorts();
  options.strategy.top_n = options.strategy.allocation_splits = 5;
  // Five entries and five stops; the take-profits have to wait.
  options.server.limits.orders_per_10s = 10;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    (void)co_await world.patrol_minutes(2);
    CHECK(report.opened == 5);
    check_safe(world);
    CHECK(take_profits_of(world, "C05USDT") == 1);
  });
}

TEST_CASE("F66: fewer coins are entered where their stops would have no room, and it says so") {
  for (const bool by_minute : {false, true}) {
    CAPTURE(by_minute);
    auto options = three_shorts();
    options.strategy.top_n = options.strategy.allocation_splits = 10;
    auto& limits = options.server.limits;
    (by_minute ? limits.orders_per_minute : limits.orders_per_10s) = 8;
    run_world(std::move(options), [](SimWorld& world) -> Task<void> {
      const auto report = co_await world.entry().run(world.slot());
      CHECK(report.opened == 4);
      CHECK(report.entry_failed == 6);
      CHECK(world.longest_unprotected() <= kProtectedWithin);
      CHECK(std::ranges::count_if(report.details, [](const auto& line) {
              return line.find("no room for this order and its stop") != std::string::npos;
            }) >= 6);
      (void)co_await world.patrol_minutes(2);
      check_safe(world);
    });
  }
}

TEST_CASE("F67: while the address is banned no request leaves at all, for the ban would grow") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto ban = named_fault("ip_banned", Method::get, kPositions);
    ban.retry_after_s = 600;
    world.server().faults().add(ban);
    const auto first = co_await world.patrol_minutes(1);
    CHECK(first.unreadable);
    const auto before = world.server().request_log().size();
    (void)co_await world.patrol_minutes(8);
    CHECK(world.server().request_log().size() == before);
    CHECK_FALSE(world.errors().empty());
    CHECK(world.store().open_holdings().size() == 3);
    (void)co_await world.patrol_minutes(3);
    CHECK(world.server().request_log().size() > before);
    check_safe(world);
  });
}

TEST_CASE("F68: a neighbour's requests count: his weight in the header makes our reads wait") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    // From the beginning of a minute on, the same address asks for nearly all there is.
    const auto now = world.loop().clock.utc_now();
    co_await world.sleep(Millis(60'000 - to_ms(now) % 60'000 + 1'000));
    constexpr int kWeight = 40;  // all tickers
    for (int i = 0; i < 2'320 / kWeight; ++i) {
      net::HttpRequest request;
      request.method = Method::get;
      request.target = "/fapi/v1/ticker/24hr";
      request.headers = {{"Host", "paper.test"}};
      request.peer = "127.0.0.1";  // where memory streams come from
      (void)co_await world.server().handle(std::move(request));
    }
    for (int i = 0; i < 30; ++i)
      (void)co_await world.account().fetch_open_conditional_orders();
    for (const auto& request : world.server().request_log())
      CHECK(request.status != 429);
    (void)co_await world.patrol_minutes(2);
    check_safe(world);
  });
}

TEST_CASE("F73: a clock that is wrong by a second, an hour or a day changes nothing") {
  for (const Millis off : {Millis(1'500), Millis(-1'500), Millis(Hours(1)), Millis(Hours(-24))}) {
    CAPTURE(off.count());
    run_world(three_shorts(), [off](SimWorld& world) -> Task<void> {
      (void)co_await world.patrol().run_once();
      // Ours jumps; the exchange's goes on as before.
      world.server().shift_clock(-off);
      world.loop().clock.step_wall_clock(off);
      const auto report = co_await world.entry().run(world.slot());
      CHECK(report.opened == 3);
      CHECK(most_sends_of_one_id(world) == 1);
      (void)co_await world.patrol_minutes(2);
      CHECK(world.store().open_holdings().size() == 3);
      CHECK(world.longest_unprotected() <= kNakedMax);
    });
  }
}

TEST_CASE("F73: -1021 is proof that nothing happened; the clock is measured before what follows") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.server().faults().add([] {
      auto rule = fault_on(Method::get, kPositions, FaultRule::Effect::refuse);
      rule.status = 400;
      rule.code = -1021;
      rule.text = "Timestamp for this request is outside of the recvWindow.";
      return rule;
    }());
    const int before = requests_to(world, "/fapi/v1/time");
    const auto report = co_await world.patrol_minutes(1);
    CHECK(report.errors == 0);
    CHECK(requests_to(world, "/fapi/v1/time") > before);
    check_safe(world);
  });
}

TEST_CASE("F75: an exchange that tells a time of tomorrow is not followed there") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const TimePoint before = world.market().exchange_now();
    const TimePoint clock = world.loop().clock.utc_now();
    auto tomorrow = fault_on(Method::get, "/fapi/v1/time", FaultRule::Effect::act_then_error);
    tomorrow.every = 1;
    tomorrow.status = 200;
    tomorrow.raw_body =
        R"({"serverTime":)" + std::to_string(to_ms(clock + Hours(24) + Minutes(35))) + "}";
    world.server().faults().add(tomorrow);
    (void)co_await world.patrol_minutes(35);  // it is measured again after half an hour
    const auto passed = world.loop().clock.utc_now() - clock;
    CHECK(world.market().exchange_now() - before < passed + Seconds(5));
    world.server().faults().clear();
    const auto report = co_await world.patrol_minutes(1);
    CHECK(report.errors == 0);
    CHECK(world.store().open_holdings().size() == 3);
    check_safe(world);
  });
}

}  // namespace
}  // namespace bb::test
