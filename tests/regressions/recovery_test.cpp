#include <algorithm>

#include "regressions/scenes.h"
#include "sql/connection.h"

namespace bb::test {
namespace {

using paper::FaultRule;

// The state that a death between the fill and its record leaves: a run, an intent, a short.
Task<void> die_after_fill(SimWorld& world) {
  const auto slot = world.slot();
  store::Run run;
  run.run_id = "run-" + slot.trade_day_utc;
  run.trade_day_utc = slot.trade_day_utc;
  run.started_at = world.loop().clock.utc_now();
  exchange::OrderRequest order;
  order.symbol = Symbol("C01USDT");
  order.qty = Qty(Decimal::from_int(1000));
  int attempt = 0;
  order.client_order_id = world.desk().next_id(slot.trade_day_utc, Job::entry, order.symbol,
                                               OrderKind::entry, &attempt);
  store::Intent intent;
  intent.client_order_id = order.client_order_id;
  intent.trade_day = slot.trade_day_utc;
  intent.job = Job::entry;
  intent.kind = OrderKind::entry;
  intent.attempt = attempt;
  intent.symbol = order.symbol;
  intent.side = Side::sell;
  intent.qty = order.qty;
  intent.run_id = run.run_id;
  intent.sent_at = run.started_at;
  store::Batch batch;
  batch.put(run);
  batch.put(intent);
  (void)co_await world.store().commit(std::move(batch));
  (void)co_await world.desk().book().refresh();
  (void)co_await world.desk().book().ensure_isolated(order.symbol, 2);
  (void)co_await world.account().place(order);
  co_await world.restart();
}

TEST_CASE("recovery: a short whose record was lost is adopted and protected") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    co_await die_after_fill(world);
    const auto report = co_await world.patrol().run_once();
    CHECK(report.adopted == 1);
    const auto holding = world.store().find_open_holding(Symbol("C01USDT"));
    REQUIRE(holding.has_value());
    CHECK(holding->qty.str() == "1000");
    CHECK(stops_of(world, "C01USDT") == 1);
    CHECK(take_profits_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("recovery: an interrupted entry resumes, and shorts nothing twice") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    co_await die_after_fill(world);
    (void)co_await world.patrol().run_once();
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.status == trading::EntryStatus::success);
    CHECK(report.opened == 2);
    CHECK(world.store().open_holdings().size() == 3);
    CHECK(world.position("C01USDT").str() == "-1000");
    CHECK(world.order_posts() == 3);
  });
}

TEST_CASE(
    "recovery: a database that refuses the record of a short leaves it guarded, and it is "
    "adopted") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    auto other = sql::Connection::open_writer(world.database(), {});
    REQUIRE(other.has_value());
    REQUIRE(other
                ->execute("CREATE TRIGGER refuse BEFORE INSERT ON positions "
                          "BEGIN SELECT RAISE(ABORT, 'not today'); END")
                .has_value());
    (void)co_await world.entry().run(world.slot());
    for (const auto* symbol : {"C01USDT", "C02USDT", "C03USDT"}) {
      CHECK(world.position(symbol).is_negative());
      CHECK(stops_of(world, symbol) == 1);
    }
    CHECK_FALSE(world.errors().empty());
    REQUIRE(other->execute("DROP TRIGGER refuse").has_value());
    co_await world.restart();
    (void)co_await world.patrol_minutes(3);
    CHECK(world.store().open_holdings().size() == 3);
    CHECK(world.order_posts() == 3);
    CHECK(take_profits_of(world, "C01USDT") == 1);
    // The stop from before, and where it stood a little looser one more that covers.
    CHECK(stops_of(world, "C01USDT") >= 1);
    CHECK(stops_of(world, "C01USDT") <= 2);
  });
}

TEST_CASE("recovery: a stop that a death kept from the disk is taken for the order that it is") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.server().advance();
    for (const auto& order : world.conditional_orders("C01USDT"))
      REQUIRE(world.exchange().cancel(0, order.ref()).has_value());
    // As after a kill between the stop's bytes and its record: the id's next use is the same id.
    exchange::OrderRequest stop;
    stop.symbol = Symbol("C01USDT");
    stop.side = Side::buy;
    stop.type = OrderType::stop_market;
    stop.close_position = true;
    stop.trigger_price = Price(Decimal::parse("2.2").value());
    stop.client_order_id =
        world.desk().next_id("2025-10-10", Job::patrol, stop.symbol, OrderKind::stop);
    co_await world.sleep(Seconds(5));
    world.server().advance();
    REQUIRE(world.exchange().place(0, stop).has_value());
    const auto holding = world.store().find_open_holding(stop.symbol);
    REQUIRE(holding.has_value());
    (void)co_await world.desk().place_protection(*holding, OrderKind::stop,
                                                 Price(Decimal::parse("2.3").value()),
                                                 WorkingType::contract_price);
    (void)co_await world.patrol_minutes(2);
    const auto* intent = world.store().find_intent(stop.client_order_id);
    REQUIRE(intent != nullptr);
    CHECK(intent->state == store::IntentState::done);
    CHECK(intent->trigger_price == stop.trigger_price);
    CHECK(stops_of(world, "C01USDT") >= 1);
  });
}

TEST_CASE("recovery: a restart with everything in place sends nothing") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto count = [&] {
      return std::ranges::count_if(world.server().request_log(), [](const auto& request) {
        return request.method != net::Method::get;
      });
    };
    const auto before = count();
    co_await world.restart();
    (void)co_await world.patrol_minutes(3);
    CHECK(count() == before);
    CHECK(world.store().open_holdings().size() == 3);
  });
}

TEST_CASE("recovery: an account that cannot be read changes nothing") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto broken = fault_on(net::Method::get, "/fapi/v3/positionRisk", FaultRule::Effect::refuse);
    broken.every = 1;
    world.server().faults().add(broken);
    const auto report = co_await world.patrol_minutes(2);
    CHECK(report.errors == 1);
    CHECK(world.store().open_holdings().size() == 3);
  });
}

TEST_CASE("recovery: a lagging answer without positions closes nothing") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto stale =
        fault_on(net::Method::get, "/fapi/v3/positionRisk", FaultRule::Effect::stale_positions);
    stale.span = Minutes(30);
    world.server().faults().add(stale);
    co_await world.sleep(Minutes(1));
    const auto report = co_await world.patrol().run_once();
    CHECK(report.closed_external == 0);
    CHECK(world.store().open_holdings().size() == 3);
    (void)co_await world.patrol_minutes(2);
    CHECK(world.store().open_holdings().size() == 3);
  });
}

}  // namespace
}  // namespace bb::test
