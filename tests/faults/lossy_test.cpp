// One answer in ten lost after it was carried out: the whole entry, many times.
#include "faults/scene.h"

namespace bb::test {
namespace {

constexpr int kSeeds = 20;

TEST_CASE("lossy: with one answer in ten lost, twenty entries double nothing and bare nothing") {
  int lost = 0, opened = 0;
  Micros slowest{0};
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    WorldOptions options;
    options.strategy.top_n = options.strategy.allocation_splits = 10;
    run_world(std::move(options), [&, seed](SimWorld& world) -> Task<void> {
      paper::FaultRule rule;
      rule.effect = paper::FaultRule::Effect::act_then_drop;
      rule.every = 1;
      rule.rate = 0.1;
      world.server().faults() = paper::FaultPlan({rule}, seed);
      const TimePoint begun = world.loop().clock.utc_now();
      const auto report = co_await world.entry().run(world.slot());
      slowest = std::max<Micros>(slowest, world.loop().clock.utc_now() - begun);
      (void)co_await world.patrol_minutes(2);
      lost += static_cast<int>(world.server().faults().fired());
      world.server().faults().clear();
      (void)co_await world.patrol_minutes(2);
      opened += static_cast<int>(world.store().open_holdings().size());
      CHECK(report.unknown == 0);
      check_safe(world);
      for (const auto& holding : world.store().open_holdings()) {
        CHECK(stops_of(world, holding.symbol.str()) == 1);
        CHECK(take_profits_of(world, holding.symbol.str()) == 1);
        CHECK(holding.qty == world.position(holding.symbol.str()).abs());
      }
    });
  }
  // Where the answer to a change of leverage is lost, its coin is skipped.
  CHECK(opened > 140);
  CHECK(slowest < Seconds(20));
  CHECK(lost > kSeeds);
}

}  // namespace
}  // namespace bb::test
