#include "regressions/scenes.h"

namespace bb::test {
namespace {

using paper::FaultRule;

TEST_CASE("entry: shorts the top gainers, each with stop and take-profit") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.status == trading::EntryStatus::success);
    CHECK(report.opened == 3);
    for (const auto* symbol : {"C01USDT", "C02USDT", "C03USDT"}) {
      CHECK(world.position(symbol).is_negative());
      CHECK(stops_of(world, symbol) == 1);
      CHECK(take_profits_of(world, symbol) == 1);
    }
    CHECK(world.position("C04USDT").is_zero());
    CHECK(world.errors().empty());
  });
}

TEST_CASE("entry: the stop is never looser than liquidation less the buffer") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto positions = co_await world.account().fetch_positions();
    REQUIRE(positions->size() == 3);
    for (const auto& position : *positions) {
      const auto holding = world.store().find_open_holding(position.symbol);
      REQUIRE(holding.has_value());
      const Price bound = *position.liquidation * Ratio(Decimal::parse("0.99").value());
      CHECK(*holding->sl_price <= bound);
      CHECK(*holding->sl_price > bound * Ratio(Decimal::parse("0.98").value()));
      CHECK(holding->entry_price == position.entry);
    }
  });
}

TEST_CASE("entry: a lost answer does not open a second short") {
  auto options = three_shorts();
  options.strategy.top_n = 1;
  options.server.faults = {
      fault_on(net::Method::post, "/fapi/v1/order", FaultRule::Effect::act_then_drop)};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 1);
    CHECK(world.order_posts() == 1);
    CHECK(stops_of(world, "C01USDT") == 1);
    const auto holding = world.store().find_open_holding(Symbol("C01USDT"));
    REQUIRE(holding.has_value());
    CHECK(holding->qty == world.position("C01USDT").abs());
  });
}

TEST_CASE("entry: a 503 whose order executed is found, not repeated") {
  auto options = three_shorts();
  options.strategy.top_n = 1;
  options.server.faults = {
      fault_on(net::Method::post, "/fapi/v1/order", FaultRule::Effect::act_then_error)};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 1);
    CHECK(world.order_posts() == 1);
  });
}

TEST_CASE("entry: an order that never arrived is not repeated either, and blocks its symbol") {
  auto options = three_shorts();
  options.strategy.top_n = 1;
  options.server.faults = {fault_on(net::Method::post, "/fapi/v1/order", FaultRule::Effect::drop)};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.unknown == 1);
    CHECK(report.opened == 0);
    CHECK(world.order_posts() == 1);
    CHECK(world.store().unresolved_intents().size() == 1);
    const auto again = co_await world.entry().run(world.slot());
    CHECK(world.order_posts() == 1);
    CHECK(again.opened == 0);
  });
}

TEST_CASE("entry: every short has its stop within two round trips of its fill") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const Micros longest = world.longest_unprotected();
    CHECK(longest > Micros(0));
    CHECK(longest <= kProtectedWithin);
  });
}

TEST_CASE("entry: what failed entries leave may not pour into one coin") {
  auto options = three_shorts();
  for (const auto* symbol : {"C01USDT", "C02USDT"})
    options.server.faults.push_back(
        refusing("/fapi/v1/order", "symbol", symbol, -4400, "only reduceOnly order is allowed"));
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.status == trading::EntryStatus::partial);
    CHECK(report.entry_failed == 2);
    const auto holding = world.store().find_open_holding(Symbol("C03USDT"));
    REQUIRE(holding.has_value());
    const Usdt planned(Decimal::parse("6600").value());  // 10000 x 0.99 / 3 x 2
    const Usdt size = holding->entry_price * world.position("C03USDT").abs();
    CHECK(size > planned * Ratio(Decimal::parse("1.4").value()));
    CHECK(size < planned * Ratio(Decimal::parse("1.51").value()));
    CHECK(stops_of(world, "C03USDT") == 1);
  });
}

TEST_CASE("entry: a short refused for margin is tried smaller, others are not") {
  auto options = three_shorts();
  auto no_margin =
      refusing("/fapi/v1/order", "symbol", "C01USDT", -2019, "Margin is insufficient.");
  no_margin.every = 0;
  options.server.faults = {no_margin};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 3);
    CHECK(world.order_posts() == 4);
    CHECK(world.position("C01USDT").abs() <
          world.position("C02USDT").abs() * Ratio(Decimal::parse("0.95").value()));
  });
}

TEST_CASE("entry: without data nothing is shorted, and the day can be tried again") {
  auto options = three_shorts();
  auto broken = fault_on(net::Method::get, "/fapi/v1/klines", FaultRule::Effect::refuse);
  broken.every = 1;
  options.server.faults = {broken};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.status == trading::EntryStatus::failed);
    CHECK(world.order_posts() == 0);
    world.server().faults().clear();
    const auto again = co_await world.entry().run(world.slot());
    CHECK(again.status == trading::EntryStatus::success);
    CHECK(again.opened == 3);
  });
}

TEST_CASE("entry: a done day is skipped") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto again = co_await world.entry().run(world.slot());
    CHECK(again.status == trading::EntryStatus::skipped);
    CHECK(world.order_posts() == 3);
  });
}

TEST_CASE("entry: a coin in which somebody holds a position is left alone") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    exchange::OrderRequest by_hand;
    by_hand.symbol = Symbol("C01USDT");
    by_hand.side = Side::buy;
    by_hand.qty = Qty(Decimal::from_int(100));
    by_hand.client_order_id = ClientOrderId("by-hand");
    world.server().advance();
    REQUIRE(world.exchange().place(0, by_hand).has_value());
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 3);
    CHECK(world.position("C01USDT").str() == "100");
    CHECK(world.position("C04USDT").is_negative());
  });
}

TEST_CASE("entry: works in hedge mode, on the short leg") {
  auto options = three_shorts();
  options.hedge = true;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 3);
    CHECK(world.position("C01USDT", PositionSide::short_).is_negative());
    CHECK(stops_of(world, "C01USDT") == 1);
  });
}

}  // namespace
}  // namespace bb::test
