#include "regressions/scenes.h"

namespace bb::test {
namespace {

using paper::FaultRule;

TEST_CASE("protection: the stop moves without a moment of nakedness") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const Micros before = world.longest_unprotected();
    const auto holding = world.store().find_open_holding(Symbol("C01USDT"));
    REQUIRE(holding.has_value());
    const Price tighter = *holding->sl_price - Price(Decimal::parse("0.05").value());
    const auto moved =
        co_await world.desk().move_stop(*holding, tighter, WorkingType::contract_price);
    CHECK(moved.kind == desk::PlaceResult::Kind::resting);
    CHECK(moved.order.trigger == tighter);
    CHECK(world.longest_unprotected() == before);
    co_await world.sleep(Seconds(3));
    CHECK(stops_of(world, "C01USDT") == 1);
    CHECK(world.conditional_orders("C01USDT").size() == 2);
  });
}

TEST_CASE("protection: a stop and a take-profit that somebody cancelled are restored") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.server().advance();
    for (const auto& order : world.conditional_orders("C01USDT"))
      REQUIRE(world.exchange().cancel(0, order.ref()).has_value());
    co_await world.sleep(Seconds(5));
    const auto report = co_await world.patrol().run_once();
    CHECK(report.restored == 2);
    CHECK(stops_of(world, "C01USDT") == 1);
    CHECK(take_profits_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("protection: a position that does not show yet is kept and guarded") {
  auto options = three_shorts();
  auto stale =
      fault_on(net::Method::get, "/fapi/v3/positionRisk", FaultRule::Effect::stale_positions);
  stale.first = 2;  // the plan's own read comes first
  stale.every = 1;
  stale.span = Seconds(20);
  options.server.faults = {stale};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 3);
    CHECK(world.store().open_holdings().size() == 3);
    CHECK(stops_of(world, "C01USDT") == 1);
    world.server().faults().clear();
    co_await world.sleep(Seconds(30));
    (void)co_await world.patrol().run_once();
    CHECK(world.store().open_holdings().size() == 3);
    CHECK(take_profits_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("protection: a short that can be neither protected nor closed harms no other") {
  auto options = three_shorts();
  options.server.faults = {refusing("/fapi/v1/algoOrder", "symbol", "C01USDT", -4120, "not here"),
                           refusing("/fapi/v1/order", "symbol", "C01USDT", -4400, "not now")};
  options.server.faults[1].first = 2;  // the entry itself passes
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 2);
    CHECK(report.protection_failed == 1);
    CHECK(stops_of(world, "C02USDT") == 1);
    CHECK(stops_of(world, "C03USDT") == 1);
    CHECK_FALSE(world.errors().empty());
    // The patrol goes on trying; when the exchange lets it, the position is guarded again.
    world.server().faults().clear();
    (void)co_await world.patrol_minutes(1);
    CHECK(stops_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("protection: a short whose stop is refused is closed at once, the others stand") {
  auto options = three_shorts();
  options.server.faults = {refusing("/fapi/v1/algoOrder", "symbol", "C01USDT", -4120, "not here")};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 2);
    CHECK(report.protection_failed == 1);
    CHECK(world.position("C01USDT").is_zero());
    CHECK(world.conditional_orders("C01USDT").empty());
    CHECK(stops_of(world, "C02USDT") == 1);
  });
}

TEST_CASE("protection: orphans of ours are swept, orders of others are not") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    // A covering stop that a crash left behind, and a person's own stop.
    exchange::OrderRequest stop;
    stop.symbol = Symbol("C01USDT");
    stop.side = Side::buy;
    stop.type = OrderType::stop_market;
    stop.qty = Qty(Decimal::from_int(10));
    stop.reduce_only = true;
    stop.trigger_price = Price(Decimal::from_int(3));
    stop.client_order_id =
        world.desk().next_id("2025-10-10", Job::patrol, stop.symbol, OrderKind::moving_stop);
    world.server().advance();
    REQUIRE(world.exchange().place(0, stop).has_value());
    stop.client_order_id = ClientOrderId("by-hand");
    REQUIRE(world.exchange().place(0, stop).has_value());
    (void)co_await trading::cut_losses(world.desk(), trading::LossCutScope::exchange, "2025-10-11");
    const auto closed = co_await world.desk().close_position(
        Symbol("C01USDT"), PositionSide::both, OrderKind::close, "2025-10-11", Job::manual);
    CHECK(closed.kind == desk::CloseResult::Kind::flat);
    (void)co_await world.patrol_minutes(4);
    const auto left = world.conditional_orders("C01USDT");
    REQUIRE(left.size() == 1);
    CHECK(left[0].client_order_id.str() == "by-hand");
  });
}

TEST_CASE("protection: what a failed day leaves behind blocks no exit of the next") {
  auto options = three_shorts();
  // The day's stop is refused after its take-profit has come to rest, as the original left it.
  auto no_stop = refusing("/fapi/v1/algoOrder", "type", "STOP_MARKET", -4400, "not now");
  no_stop.param = "symbol";
  no_stop.value = "C01USDT";
  options.server.faults = {no_stop};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    CHECK(world.position("C01USDT").is_zero());
    exchange::OrderRequest left;
    left.symbol = Symbol("C01USDT");
    left.side = Side::buy;
    left.type = OrderType::take_profit_market;
    left.qty = Qty(Decimal::from_int(10));
    left.reduce_only = true;
    left.trigger_price = Price(Decimal::parse("0.5").value());
    left.client_order_id =
        world.desk().next_id("2025-10-10", Job::patrol, left.symbol, OrderKind::take_profit);
    world.exchange().set_stop_without_position(sim::StopWithoutPosition::accepted);
    REQUIRE(world.exchange().place(0, left).has_value());
    world.server().faults().clear();
    (void)co_await world.patrol_minutes(3);
    CHECK(world.conditional_orders("C01USDT").empty());

    co_await world.sleep(Hours(24) - Minutes(3));
    const trading::EntrySlot next{"2025-10-11", world.slot().scheduled + Hours(24)};
    (void)co_await world.entry().run(next);
    for (const auto& holding : world.store().open_holdings()) {
      CHECK(stops_of(world, holding.symbol.str()) == 1);
      CHECK(take_profits_of(world, holding.symbol.str()) == 1);
    }
  });
}

TEST_CASE("protection: a finished take-profit that closed only a part does not end the short") {
  auto options = three_shorts();
  options.coins = gainers(12);
  // Two percent down, an hour after the entry.
  options.coins[0].course.insert(options.coins[0].course.end(), {{1480, 1.60}, {1490, 1.56}});
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto holding = world.store().find_open_holding(Symbol("C01USDT"));
    REQUIRE(holding.has_value());
    exchange::OrderRequest part;
    part.symbol = holding->symbol;
    part.side = Side::buy;
    part.type = OrderType::take_profit_market;
    part.qty = Qty(Decimal::from_int(1));
    part.reduce_only = true;
    part.trigger_price = Price(Decimal::parse("1.58").value());
    part.client_order_id =
        world.desk().next_id("2025-10-10", Job::patrol, part.symbol, OrderKind::take_profit);
    world.server().advance();
    const auto placed = world.exchange().place(0, part);
    REQUIRE(placed.has_value());
    REQUIRE(
        world.exchange()
            .cancel(0, {holding->symbol, holding->tp_client_order_id, holding->tp_order_id, true})
            .has_value());
    holding->tp_client_order_id = part.client_order_id;
    holding->tp_order_id = placed->order_id;
    store::Batch batch;
    batch.put(*holding);
    (void)co_await world.store().commit(std::move(batch));
    co_await world.sleep(Minutes(95));
    (void)co_await world.patrol().run_once();
    CHECK(world.position("C01USDT").is_negative());
    CHECK(world.store().find_open_holding(Symbol("C01USDT")).has_value());
    CHECK(stops_of(world, "C01USDT") == 1);
  });
}

}  // namespace
}  // namespace bb::test
