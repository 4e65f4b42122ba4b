#include "desk/book.h"

#include <algorithm>

#include "regressions/scenes.h"

namespace bb::test {
namespace {

using paper::FaultRule;

TEST_CASE("book: a lost answer to margin type or leverage is settled by reading the settings") {
  for (const auto* path : {"/fapi/v1/marginType", "/fapi/v1/leverage"})
    for (const auto effect : {FaultRule::Effect::act_then_drop, FaultRule::Effect::drop}) {
      CAPTURE(path);
      auto options = three_shorts();
      auto lost = fault_on(net::Method::post, path, effect);
      lost.every = 1;
      lost.count = 3;  // once for each coin
      options.server.faults = {lost};
      run_world(std::move(options), [](SimWorld& world) -> Task<void> {
        const auto report = co_await world.entry().run(world.slot());
        CHECK(report.opened == 3);
        for (const auto& row : world.exchange().positions(0)) {
          CHECK(row.margin == MarginType::isolated);
          CHECK(row.leverage == 2);
        }
      });
    }
}

TEST_CASE("book: a coin whose margin type stays unknown is passed over, and said") {
  auto options = three_shorts();
  auto lost = fault_on(net::Method::post, "/fapi/v1/marginType", FaultRule::Effect::drop);
  lost.param = "symbol";
  lost.value = "C01USDT";
  lost.every = 1;
  options.server.faults = {lost};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 2);
    CHECK(world.position("C01USDT").is_zero());
    CHECK(std::ranges::any_of(report.details, [](const auto& line) {
      return line.find("C01USDT: not opened: C01USDT cannot be set to isolated") == 0;
    }));
  });
}

}  // namespace
}  // namespace bb::test
