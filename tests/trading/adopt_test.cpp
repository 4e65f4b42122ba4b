#include "desk/holdings.h"
#include "regressions/scenes.h"

namespace bb::test {
namespace {

TEST_CASE("patrol: ten shorts whose records were lost are guarded at once, also on a slow line") {
  auto options = three_shorts();
  options.strategy.top_n = options.strategy.allocation_splits = 10;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto entered = co_await world.entry().run(world.slot());
    REQUIRE(entered.opened == 10);
    for (const auto& holding : world.store().open_holdings()) {
      desk::Ending lost;
      lost.has_fills = true;  // nothing is waited for
      co_await desk::record_closed(world.desk(), holding, lost);
      for (const auto& order : world.conditional_orders(holding.symbol.str()))
        REQUIRE(world.exchange().cancel(0, order.ref()).has_value());
    }
    auto slow = fault_on(net::Method::get, "/", paper::FaultRule::Effect::delay);
    slow.every = 1;
    slow.before = Millis(300);
    world.server().faults().add(slow);
    slow.method = net::Method::post;
    world.server().faults().add(slow);
    const SteadyTime begin = world.loop().clock.steady_now();
    const auto report = co_await world.patrol().run_once();
    CHECK(report.adopted == 10);
    CHECK(world.loop().clock.steady_now() - begin <= Seconds(5));
    CHECK(world.longest_unprotected() <= Seconds(3));
    CHECK(world.store().open_holdings().size() == 10);
  });
}

}  // namespace
}  // namespace bb::test
