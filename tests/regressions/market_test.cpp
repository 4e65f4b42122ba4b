#include "regressions/scenes.h"

namespace bb::test {
namespace {

TEST_CASE("market: a coin listed after the start is traded like any other") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins.push_back({"NEWUSDT", {{1200, 1.0}, {2850, 3.0}}, 1200});
  options.start = some_day() + Hours(1);
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.desk().book().refresh_if_older(Hours(6), world.loop().clock);
    co_await world.sleep(Hours(46) + Minutes(40));
    const trading::EntrySlot second_day{"2025-10-11", world.slot().scheduled + Hours(24)};
    const auto report = co_await world.entry().run(second_day);
    CHECK(report.opened == 3);
    CHECK(world.position("NEWUSDT").is_negative());
  });
}

TEST_CASE("market: the largest market order is a cap, not a refusal") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].max_market_qty = 100;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 3);
    CHECK(world.position("C01USDT").str() == "-100");
  });
}

TEST_CASE("market: a position above the largest market order closes in pieces") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].max_market_qty = 100;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    world.server().advance();
    for (int i = 0; i < 3; ++i) {
      exchange::OrderRequest by_hand;
      by_hand.symbol = Symbol("C01USDT");
      by_hand.qty = Qty(Decimal::from_int(90));
      by_hand.client_order_id = ClientOrderId("by-hand-" + std::to_string(i));
      REQUIRE(world.exchange().place(0, by_hand).has_value());
    }
    (void)co_await world.desk().book().refresh();
    const auto closed = co_await world.desk().close_position(
        Symbol("C01USDT"), PositionSide::both, OrderKind::close, "2025-10-10", Job::manual);
    CHECK(closed.kind == desk::CloseResult::Kind::flat);
    CHECK(closed.closed.str() == "270");
  });
}

TEST_CASE("market: margin that cannot be made isolated is an error, not a cross position") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    exchange::OrderRequest by_hand;
    by_hand.symbol = Symbol("C01USDT");
    by_hand.qty = Qty(Decimal::from_int(100));
    by_hand.client_order_id = ClientOrderId("by-hand");
    world.server().advance();
    REQUIRE(world.exchange().place(0, by_hand).has_value());
    (void)co_await world.desk().book().refresh();
    const auto status = co_await world.desk().book().ensure_isolated(Symbol("C01USDT"), 2);
    CHECK_FALSE(status.has_value());
  });
}

}  // namespace
}  // namespace bb::test
