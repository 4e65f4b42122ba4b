#include "base/async.h"
#include "base/join.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "support/run.h"

namespace bb::test {
namespace {

Task<std::string> after(Clock& clock, Micros span, std::string name, std::string& order) {
  co_await sleep_for(clock, span);
  order += name;
  co_return name;
}

Task<void> failing(Clock& clock) {
  co_await sleep_for(clock, Seconds(1));
  throw std::runtime_error("child failed");
}

TEST_CASE("gather: children run at the same time and answer in order") {
  run_sim([](SimLoop& loop) -> Task<void> {
    std::string order;
    std::vector<Task<std::string>> tasks;
    tasks.push_back(after(loop.clock, Seconds(3), "a", order));
    tasks.push_back(after(loop.clock, Seconds(1), "b", order));
    const auto results = co_await gather(std::move(tasks));
    CHECK(order == "ba");
    CHECK(results == std::vector<std::string>{"a", "b"});
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(3)));
  });
}

TEST_CASE("task group: the exception of a child reaches the parent after all have ended") {
  run_sim([](SimLoop& loop) -> Task<void> {
    TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn(failing(loop.clock));
    group.spawn(sleep_for(loop.clock, Seconds(2)));
    std::string what;
    try {
      co_await group.join();
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "child failed");
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(2)));
  });
}

TEST_CASE("task group: a body that throws is told only after the children have ended") {
  run_sim([](SimLoop& loop) -> Task<void> {
    TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn(sleep_for(loop.clock, Seconds(2)));
    std::string what;
    try {
      co_await join_after(group, failing(loop.clock));
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "child failed");
    CHECK(group.running() == 0);
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(2)));
  });
}

Task<void> request_after(Clock& clock, Stop& stop, Micros span) {
  co_await sleep_for(clock, span);
  stop.request();
}

TEST_CASE("stop: a sleep ends early when a stop is requested, and says so") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Stop stop(loop.clock);
    TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn(request_after(loop.clock, stop, Seconds(5)));
    const bool first = co_await stop.sleep_until(loop.clock.after(Seconds(1)));
    const bool second = co_await stop.sleep_until(loop.clock.after(Seconds(60)));
    const bool third = co_await stop.sleep_until(loop.clock.after(Seconds(60)));
    co_await group.join();
    CHECK(first);
    CHECK_FALSE(second);
    CHECK_FALSE(third);
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(5)));
  });
}

}  // namespace
}  // namespace bb::test
