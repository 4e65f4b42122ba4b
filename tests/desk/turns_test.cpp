#include "desk/turns.h"

#include <doctest/doctest.h>

#include <string>

#include "base/async.h"
#include "support/run.h"

namespace bb::test {
namespace {

Task<void> act(SimLoop& loop, desk::Turns& turns, Symbol symbol, char name, std::string& trace) {
  const desk::Turn turn = co_await turns.take(symbol);
  trace += name;
  co_await sleep_for(loop.clock, Seconds(1));
  trace += name;
}

TEST_CASE("turns: journeys on one symbol follow each other, in the order they asked") {
  run_sim([](SimLoop& loop) -> Task<void> {
    desk::Turns turns;
    std::string trace;
    TaskGroup group(co_await boost::asio::this_coro::executor);
    for (const char name : {'a', 'b', 'c'})
      group.spawn(act(loop, turns, Symbol("ABCUSDT"), name, trace));
    co_await group.join();
    CHECK(trace == "aabbcc");
    CHECK_FALSE(turns.is_taken(Symbol("ABCUSDT")));
  });
}

TEST_CASE("turns: journeys on different symbols do not wait for each other") {
  run_sim([](SimLoop& loop) -> Task<void> {
    desk::Turns turns;
    std::string trace;
    TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn(act(loop, turns, Symbol("ABCUSDT"), 'a', trace));
    group.spawn(act(loop, turns, Symbol("XYZUSDT"), 'x', trace));
    co_await group.join();
    CHECK(trace == "axax");
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(1)));
  });
}

}  // namespace
}  // namespace bb::test
