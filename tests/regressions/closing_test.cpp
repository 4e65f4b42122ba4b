#include <algorithm>

#include "regressions/scenes.h"

namespace bb::test {
namespace {

using paper::FaultRule;
using store::HoldingStatus;

WorldOptions short_hold() {
  auto options = three_shorts();
  options.strategy.max_hold_hours = Decimal::from_int(1);
  return options;
}

std::optional<store::Holding> closed_holding(SimWorld& world, const std::string& symbol) {
  const auto all = world.store().load_holdings();
  if (!all) return std::nullopt;
  for (const auto& holding : *all)
    if (holding.symbol == Symbol(symbol) && holding.status != HoldingStatus::open) return holding;
  return std::nullopt;
}

TEST_CASE("closing: a time-out closes, proves it, and the protection goes with the position") {
  run_world(short_hold(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const Micros before = world.longest_unprotected();
    co_await world.sleep(Minutes(61));
    const auto report = co_await world.patrol().run_once();
    CHECK(report.closed_timeout == 3);
    CHECK(report.adopted == 0);  // what this round closed is not taken over from its older view
    CHECK(world.errors().empty());
    for (const auto* symbol : {"C01USDT", "C02USDT", "C03USDT"}) {
      CHECK(world.position(symbol).is_zero());
      CHECK(world.conditional_orders(symbol).empty());
      const auto holding = closed_holding(world, symbol);
      REQUIRE(holding.has_value());
      CHECK(holding->status == HoldingStatus::closed_timeout);
      CHECK(holding->close_reason == "MAX_HOLD_EXCEEDED");
    }
    CHECK(world.longest_unprotected() == before);
  });
}

TEST_CASE("closing: a close that fails leaves stop and take-profit where they were") {
  auto options = short_hold();
  options.server.faults = {refusing("/fapi/v1/order", "reduceOnly", "true", -1111, "not now")};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const Micros before = world.longest_unprotected();
    co_await world.sleep(Minutes(61));
    const auto report = co_await world.patrol().run_once();
    CHECK(report.closed_timeout == 0);
    CHECK(report.errors == 3);
    CHECK(stops_of(world, "C01USDT") == 1);
    CHECK(take_profits_of(world, "C01USDT") == 1);
    CHECK(world.longest_unprotected() == before);
    world.server().faults().clear();
    const auto after = co_await world.patrol_minutes(1);
    CHECK(after.closed_timeout == 3);
  });
}

TEST_CASE("closing: a close that does not fill is not recorded as closed") {
  auto options = short_hold();
  options.coins = gainers(12);
  options.coins[0].thin_from_minute = 1425;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    co_await world.sleep(Minutes(10));
    (void)co_await world.entry().run(world.slot());
    co_await world.sleep(Minutes(61));
    (void)co_await world.patrol().run_once();
    const bool open = world.store().find_open_holding(Symbol("C01USDT")).has_value();
    CHECK(open == !world.position("C01USDT").is_zero());
  });
}

TEST_CASE("closing: a stop that fills is told by its fill, with its price, PnL and commission") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].course.insert(options.coins[0].course.end(), {{1500, 1.6}, {1560, 2.4}});
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    (void)co_await world.patrol_minutes(155);
    CHECK(world.position("C01USDT").is_zero());
    const auto holding = closed_holding(world, "C01USDT");
    REQUIRE(holding.has_value());
    CHECK(holding->status == HoldingStatus::closed_sl);
    CHECK(holding->close_reason == "STOP_LOSS_FILLED");
    const auto fills = world.store().load_fills();
    REQUIRE(fills.has_value());
    const auto theirs = world.exchange().fills(0, Symbol("C01USDT"));
    Usdt pnl;
    for (const auto& fill : *fills) {
      if (fill.symbol != Symbol("C01USDT") || fill.side != Side::buy) continue;
      const auto same = std::ranges::find(theirs, fill.trade_id, &exchange::Fill::trade_id);
      REQUIRE(same != theirs.end());
      CHECK(fill.price == same->price);
      CHECK(fill.commission == same->commission);
      CHECK(fill.price != *holding->sl_price);  // what it was filled at, not what it waited for
      pnl += fill.realized_pnl;
      CHECK(fill.commission.is_positive());
    }
    CHECK(pnl.is_negative());
  });
}

TEST_CASE("closing: a take-profit that fills is told by its fill") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[1].course.insert(options.coins[1].course.end(), {{1500, 1.58}, {1560, 1.0}});
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    (void)co_await world.patrol_minutes(155);
    const auto holding = closed_holding(world, "C02USDT");
    REQUIRE(holding.has_value());
    CHECK(holding->status == HoldingStatus::closed_tp);
  });
}

TEST_CASE("closing: a position closed by hand is external, whatever its orders say") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    exchange::OrderRequest by_hand;
    by_hand.symbol = Symbol("C01USDT");
    by_hand.side = Side::buy;
    by_hand.qty = world.position("C01USDT").abs();
    by_hand.reduce_only = true;
    by_hand.client_order_id = ClientOrderId("by-hand");
    world.server().advance();
    REQUIRE(world.exchange().place(0, by_hand).has_value());
    const auto report = co_await world.patrol_minutes(1);
    CHECK(report.closed_external == 1);
    CHECK(closed_holding(world, "C01USDT")->status == HoldingStatus::closed_external);
  });
}

TEST_CASE("loss cut: closes what floats at a loss and nothing else") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].course.insert(options.coins[0].course.end(), {{1450, 1.6}, {1500, 1.7}});
  options.coins[1].course.insert(options.coins[1].course.end(), {{1450, 1.58}, {1500, 1.5}});
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    co_await world.sleep(Minutes(100));
    const auto report =
        co_await trading::cut_losses(world.desk(), trading::LossCutScope::tracked, "2025-10-11");
    CHECK(report.errors == 0);
    CHECK(world.position("C01USDT").is_zero());
    CHECK(world.position("C02USDT").is_negative());
    CHECK(closed_holding(world, "C01USDT")->status == HoldingStatus::closed_daily_loss_cut);
    CHECK(stops_of(world, "C02USDT") == 1);
  });
}

TEST_CASE("loss cut: a cut that fails leaves the protection standing") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].course.insert(options.coins[0].course.end(), {{1450, 1.6}, {1500, 1.7}});
  options.server.faults = {refusing("/fapi/v1/order", "reduceOnly", "true", -1111, "not now")};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const Micros before = world.longest_unprotected();
    co_await world.sleep(Minutes(100));
    const auto report =
        co_await trading::cut_losses(world.desk(), trading::LossCutScope::tracked, "2025-10-11");
    CHECK(report.errors > 0);
    CHECK(stops_of(world, "C01USDT") == 1);
    CHECK(take_profits_of(world, "C01USDT") == 1);
    CHECK(world.longest_unprotected() == before);
    CHECK(world.store().find_open_holding(Symbol("C01USDT")).has_value());
  });
}

TEST_CASE(
    "loss cut: on the whole account it closes longs and shorts of any origin, in hedge mode too") {
  for (const bool hedge : {false, true}) {
    auto options = three_shorts();
    options.hedge = hedge;
    options.coins = gainers(12);
    options.coins[5].course.insert(options.coins[5].course.end(), {{1450, 1.5}, {1500, 1.4}});
    options.coins[6].course.insert(options.coins[6].course.end(), {{1450, 1.48}, {1500, 1.6}});
    run_world(std::move(options), [](SimWorld& world) -> Task<void> {
      const bool two_legs = world.exchange().hedge(0);
      world.server().advance();
      for (const auto& [name, side] : {std::pair("C06USDT", Side::buy), {"C07USDT", Side::sell}}) {
        exchange::OrderRequest by_hand;
        by_hand.symbol = Symbol(name);
        by_hand.side = side;
        by_hand.position_side = !two_legs           ? PositionSide::both
                                : side == Side::buy ? PositionSide::long_
                                                    : PositionSide::short_;
        by_hand.qty = Qty(Decimal::from_int(100));
        by_hand.client_order_id = ClientOrderId(std::string("by-hand-") + name);
        REQUIRE(world.exchange().place(0, by_hand).has_value());
      }
      co_await world.sleep(Minutes(100));
      const auto report =
          co_await trading::cut_losses(world.desk(), trading::LossCutScope::exchange, "2025-10-11");
      CHECK(report.total == 2);
      CHECK(report.closed == 2);
      const auto left = co_await world.account().fetch_positions();
      CHECK(left->empty());
    });
  }
}

}  // namespace
}  // namespace bb::test
