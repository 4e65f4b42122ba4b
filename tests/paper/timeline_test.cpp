#include "paper/timeline.h"

#include <doctest/doctest.h>

#include "paper/world.h"

namespace bb::paper::test {

namespace {

Decimal speed(const char* text) { return Decimal::parse(text).value(); }

struct Noted {
  Timeline& timeline;
  std::vector<std::int64_t> seconds{};
  void at(Micros when) {
    timeline.call_at(SteadyTime(when),
                     [this] { seconds.push_back((timeline.utc_now() - some_day()) / Seconds(1)); });
  }
};

}  // namespace

TEST_CASE("timeline: exchange time runs at its speed, from where the speed was set") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Timeline timeline(loop.clock, {.speed = speed("10")});
    co_await sleep_for(loop.clock, Seconds(6));
    CHECK(timeline.utc_now() == some_day() + Minutes(1));
    CHECK(timeline.set_speed(speed("0.5")).has_value());
    co_await sleep_for(loop.clock, Seconds(10));
    CHECK(timeline.utc_now() == some_day() + Seconds(65));
    CHECK(timeline.set_speed(speed("1")).has_value());
    co_await sleep_for(loop.clock, Seconds(10));
    CHECK(timeline.utc_now() == some_day() + Seconds(75));
    CHECK_FALSE(timeline.set_speed(speed("0")).has_value());
    CHECK_FALSE(timeline.set_speed(speed("100001")).has_value());
    CHECK(timeline.speed() == speed("1"));
  });
}

TEST_CASE("timeline: paused, it stands still; steps and jumps move it forward only") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Timeline timeline(loop.clock, {.paused = true});
    co_await sleep_for(loop.clock, Hours(1));
    CHECK(timeline.utc_now() == some_day());
    const auto r1 = co_await timeline.step(Minutes(90));
    CHECK(r1.has_value());
    CHECK(timeline.utc_now() == some_day() + Minutes(90));
    const auto refused = co_await timeline.step(Millis(-1));
    CHECK_FALSE(refused.has_value());
    const auto back = co_await timeline.jump(some_day());
    CHECK(back.error().text.find("does not run backwards") != std::string::npos);
    const auto r2 = co_await timeline.jump(some_day() + Hours(5));
    CHECK(r2.has_value());
    timeline.resume();
    co_await sleep_for(loop.clock, Seconds(1));
    CHECK(timeline.utc_now() == some_day() + Hours(5) + Seconds(1));
  });
}

TEST_CASE("timeline: it begins where it is told to, and runs on from there") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TimePoint begin = some_day() - Hours(999);
    Timeline timeline(loop.clock, {.begin = begin, .is_replay = true});
    CHECK(timeline.utc_now() == begin);
    co_await sleep_for(loop.clock, Seconds(3));
    CHECK(timeline.utc_now() == begin + Seconds(3));
    CHECK(timeline.wall() == loop.clock.utc_now());
  });
}

TEST_CASE("timeline: its timers run at exchange time, whatever moves it") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Timeline timeline(loop.clock, {.speed = speed("60")});
    Noted noted{timeline};
    noted.at(Minutes(1));
    noted.at(Minutes(10));
    noted.at(Minutes(20));
    noted.at(Minutes(30));
    co_await sleep_for(loop.clock, Millis(1001));
    CHECK(noted.seconds == std::vector<std::int64_t>{60});
    timeline.pause();
    co_await sleep_for(loop.clock, Hours(1));
    CHECK(noted.seconds.size() == 1);
    const auto r3 = co_await timeline.step(Minutes(24));
    CHECK(r3.has_value());
    CHECK(noted.seconds == std::vector<std::int64_t>{60, 600, 1200});
    timeline.resume();
    CHECK(timeline.set_speed(speed("3600")).has_value());
    co_await sleep_for(loop.clock, Seconds(1));
    CHECK(noted.seconds.size() == 4);
    CHECK(noted.seconds.back() == 1800);
  });
}

TEST_CASE("timeline: a coroutine that waits on it acts at its own time inside a step") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Timeline timeline(loop.clock, {.paused = true});
    std::vector<TimePoint> seen;
    TaskGroup group(loop.io.get_executor());
    const auto sleeper = [](Timeline& line, std::vector<TimePoint>& times) -> Task<void> {
      for (int i = 0; i < 3; ++i) {
        co_await sleep_for(line, Minutes(10));
        times.push_back(line.utc_now());
      }
    };
    group.spawn(sleeper(timeline, seen));
    const auto r4 = co_await timeline.step(Hours(1));
    CHECK(r4.has_value());
    co_await group.join();
    CHECK(seen == std::vector<TimePoint>{some_day() + Minutes(10), some_day() + Minutes(20),
                                         some_day() + Minutes(30)});
    CHECK(timeline.utc_now() == some_day() + Hours(1));
  });
}

TEST_CASE("timeline: a cancelled timer never runs, and a later one still does") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Timeline timeline(loop.clock, {.speed = speed("2")});
    int ran = 0;
    const auto first = timeline.call_at(SteadyTime(Seconds(2)), [&] { ran += 1; });
    timeline.call_at(SteadyTime(Seconds(4)), [&] { ran += 10; });
    timeline.cancel(first);
    timeline.cancel(first);
    co_await sleep_for(loop.clock, Seconds(3));
    CHECK(ran == 10);
  });
}

TEST_CASE("timeline: a signed timestamp near the wall clock counts only away from its pace") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.timeline.speed = speed("100");
    World world(loop, options);
    co_await sleep_for(loop.clock, Minutes(1));
    const auto lead = world.server().now() - loop.clock.utc_now();
    CHECK(lead == Minutes(99));
    Signing by_wall;
    by_wall.age = lead;
    const auto r5 = co_await world.call(net::Method::get, "/fapi/v2/balance", "", by_wall);
    CHECK(r5.status == 200);
    const auto r6 = co_await world.get_signed("/fapi/v2/balance");
    CHECK(r6.status == 200);
    Signing by_neither;
    by_neither.age = Minutes(30);
    const auto r7 = co_await world.call(net::Method::get, "/fapi/v2/balance", "", by_neither);
    CHECK(r7.code() == -1021);
    co_await world.close();

    auto strict = default_options();
    strict.timeline.offset = Minutes(99);
    World other(loop, strict);
    const auto r8 = co_await other.call(net::Method::get, "/fapi/v2/balance", "", by_wall);
    CHECK(r8.code() == -1021);
    co_await other.close();
  });
}

TEST_CASE("timeline: orders act on the market of exchange time") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.timeline.paused = true;
    World world(loop, options);
    co_await sleep_for(loop.clock, Hours(48));
    const auto r9 = co_await world.get("/fapi/v1/ticker/price?symbol=AAAUSDT");
    CHECK(r9.at("price") == "100.00");
    const auto r10 = co_await world.server().timeline().jump(some_day() + Hours(31));
    CHECK(r10.has_value());
    const auto r11 = co_await world.get("/fapi/v1/ticker/price?symbol=AAAUSDT");
    CHECK(r11.at("price") == "120.00");
    co_await world.close();
  });
}

}  // namespace bb::paper::test
