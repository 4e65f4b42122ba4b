// What the account's stream makes of events that it cannot read.
#include <doctest/doctest.h>

#include "binance/ear.h"

namespace bb::binance::test {
namespace {

TEST_CASE("stream: an event that cannot be read is a gap; many at once are two") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Seconds(10));
    CHECK(ear.news() == "gap");
    world.server().set_stream_faults({.user = {.truncate = 1000}});
    for (const char* id : {"one", "two", "three", "four"}) {
      const auto sold = co_await ear.sell(id);
      CHECK(sold.done() != nullptr);
      co_await world.sleep(Millis(500));
    }
    world.server().set_stream_faults({});
    CHECK(ear.gaps() == 2);
    CHECK(ear.last_gap().why.find("was not understood") != std::string::npos);
    co_await world.sleep(Seconds(3));
    CHECK(ear.gaps() == 3);
    const auto understood = co_await ear.sell("five");
    CHECK(understood.done() != nullptr);
    co_await world.sleep(Seconds(1));
    CHECK(ear.fills().size() == 1);
    co_await ear.close();
  });
}

}  // namespace
}  // namespace bb::binance::test
