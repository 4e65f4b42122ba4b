#include "base/clock.h"

#include <doctest/doctest.h>

#include <string>

#include "support/run.h"

namespace bb::test {
namespace {

TEST_CASE("virtual clock: entries run in order of time, then of scheduling") {
  SimLoop loop;
  std::string order;
  loop.clock.call_at(SteadyTime(Seconds(2)), [&] { order += 'c'; });
  loop.clock.call_at(SteadyTime(Seconds(1)), [&] { order += 'a'; });
  loop.clock.call_at(SteadyTime(Seconds(1)), [&] { order += 'b'; });
  const auto dropped = loop.clock.call_at(SteadyTime(Seconds(1)), [&] { order += 'x'; });
  loop.clock.cancel(dropped);
  CHECK_FALSE(loop.clock.run([] { return false; }));
  CHECK(order == "abc");
}

TEST_CASE("virtual clock: a year of sleep takes no time and arrives exactly") {
  run_sim([](SimLoop& loop) -> Task<void> {
    co_await sleep_for(loop.clock, Hours(24 * 365));
    CHECK(loop.clock.utc_now() == some_day() + Hours(24 * 365));
  });
}

TEST_CASE("virtual clock: a step of the wall clock leaves deadlines alone") {
  run_sim([](SimLoop& loop) -> Task<void> {
    loop.clock.step_wall_clock(Hours(-5));
    co_await sleep_for(loop.clock, Seconds(10));
    CHECK(loop.clock.utc_now() == some_day() - Hours(5) + Seconds(10));
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(10)));
  });
}

TEST_CASE("system clock: a sleep returns after its deadline") {
  run_real([](RealLoop& loop) -> Task<void> {
    const auto due = loop.clock.after(Millis(5));
    co_await sleep_until(loop.clock, due);
    CHECK(loop.clock.steady_now() >= due);
  });
}

TEST_CASE("system clock: a timer that was cancelled by one of the same instant does not run") {
  run_real([](RealLoop& loop) -> Task<void> {
    bool ran = false;
    const auto due = loop.clock.after(Millis(2));
    TimerId second = 0;
    const auto cancel_second = [&] { loop.clock.cancel(second); };
    loop.clock.call_at(due, cancel_second);
    second = loop.clock.call_at(due, [&] { ran = true; });
    co_await sleep_for(loop.clock, Millis(10));
    CHECK_FALSE(ran);
  });
}

}  // namespace
}  // namespace bb::test
