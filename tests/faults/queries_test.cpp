// What reads may tell: ghosts, lags, retention (reliability §2.3).
#include <set>

#include "faults/scene.h"

namespace bb::test {
namespace {

using net::Method;
using paper::FaultRule;
using store::HoldingStatus;

TEST_CASE("F35: an order that cannot be found for 45 minutes is neither dead nor sent again") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    auto ghost = named_fault("order_ghost", Method::post, kOrder);
    ghost.span = Minutes(45);
    world.server().faults().add(ghost);
    plant(world, "answer_lost", Method::post, kOrder);
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.unknown == 1);
    CHECK(report.opened == 0);
    // Its fills tell what its query does not: the next patrol guards it.
    (void)co_await world.patrol_minutes(1);
    CHECK(stops_of(world, "C01USDT") == 1);
    CHECK(world.store().find_open_holding(Symbol("C01USDT")).has_value());
    (void)co_await world.patrol_minutes(60);
    CHECK(world.store().unresolved_intents().empty());
    CHECK(world.order_posts() == 1);
    CHECK(entries_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("F36: cancels that say 'unknown order' of a live stop pile up no stops") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto number = plant(world, "cancel_ghost", Method::del, kAlgo, 0);
    for (int i = 1; i <= 4; ++i) {
      const auto holding = world.store().find_open_holding(Symbol("C01USDT"));
      REQUIRE(holding.has_value());
      const Price tighter = *holding->sl_price - Price(Decimal::parse("0.05").value());
      (void)co_await world.desk().move_stop(*holding, tighter, WorkingType::contract_price);
      (void)co_await world.patrol_minutes(1);
      CHECK(world.conditional_orders("C01USDT").size() <= 5);  // reliability I15
    }
    world.server().faults().end(number);
    (void)co_await world.patrol_minutes(4);
    CHECK(stops_of(world, "C01USDT") <= 2);  // the resting one, and one that covers
    check_safe(world);
  });
}

TEST_CASE(
    "F37: a stop that fires while it is being moved closes once, and nothing is entered anew") {
  auto options = one_short();
  options.coins = gainers(12);
  // Through every stop there may be, in the minute in which it is moved.
  options.coins[0].course.insert(options.coins[0].course.end(), {{1459, 1.6}, {1460, 3.2}});
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto holding = world.store().find_open_holding(Symbol("C01USDT"));
    REQUIRE(holding.has_value());
    const TimePoint jump = some_day() + Minutes(1459);
    co_await world.sleep(jump - world.loop().clock.utc_now() + Seconds(20));
    // Every request takes its time now: the price passes the stop in the middle of the move.
    auto slow = fault_on(Method::post, kAlgo, FaultRule::Effect::delay);
    slow.before = Seconds(4);
    slow.every = 1;
    world.server().faults().add(slow);
    const Price tighter = *holding->sl_price - Price(Decimal::parse("0.05").value());
    (void)co_await world.desk().move_stop(*holding, tighter, WorkingType::contract_price);
    (void)co_await world.patrol_minutes(3);
    CHECK(world.position("C01USDT").is_zero());
    const auto ended = ended_holding(world, "C01USDT");
    REQUIRE(ended.has_value());
    CHECK(ended->status == HoldingStatus::closed_sl);
    CHECK(world.conditional_orders("C01USDT").empty());
    CHECK(world.order_posts() == 1);
    check_safe(world);
  });
}

TEST_CASE("F38: a lagging replica that shows no position closes nothing in our books") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto stale = fault_on(Method::get, kPositions, FaultRule::Effect::stale_positions);
    stale.span = Minutes(20);
    stale.count = 1;
    stale.every = 1;
    world.server().faults().add(stale);
    co_await world.sleep(Minutes(1));
    const auto report = co_await world.patrol().run_once();
    CHECK(report.closed_external == 0);
    (void)co_await world.patrol_minutes(2);
    CHECK(world.store().open_holdings().size() == 3);
    check_safe(world);
  });
}

TEST_CASE("F39: positions that come cut, empty or as HTML say nothing: all holdings stay open") {
  for (const auto* fault : {"body_truncated", "server_error_500", "html_200", "firewall_403",
                            "answer_lost", "unknown_error"}) {
    CAPTURE(fault);
    run_world(three_shorts(), [fault](SimWorld& world) -> Task<void> {
      (void)co_await world.entry().run(world.slot());
      const auto number = plant(world, fault, Method::get, kPositions, 0);
      const auto report = co_await world.patrol_minutes(3);
      CHECK(report.unreadable);
      CHECK(world.store().open_holdings().size() == 3);
      CHECK(world.position("C01USDT").is_negative());
      world.server().faults().end(number);
      co_await world.sleep(Minutes(2));  // a firewall's pause
      const auto after = co_await world.patrol_minutes(1);
      CHECK(after.errors == 0);
      check_safe(world);
    });
  }
}

TEST_CASE("F40: after ten and after a hundred days away the account is taken up as it is") {
  for (const int days : {10, 100}) {
    CAPTURE(days);
    auto options = one_short();
    options.coins = gainers(3);
    options.days = days + 4;
    options.strategy.max_hold_hours = Decimal::from_int(200);
    run_world(std::move(options), [days](SimWorld& world) -> Task<void> {
      (void)co_await world.entry().run(world.slot());
      co_await world.sleep(Hours(24) * days);
      co_await world.restart();
      (void)co_await world.patrol_minutes(3);
      CHECK(world.position("C01USDT").is_zero());
      const auto holding = ended_holding(world, "C01USDT");
      REQUIRE(holding.has_value());
      CHECK(holding->status == HoldingStatus::closed_timeout);
      // Both executions are known, whatever the exchange still remembers.
      const auto fills = world.store().load_fills();
      REQUIRE(fills.has_value());
      Qty sold, bought;
      for (const auto& fill : *fills)
        (fill.side == Side::sell ? sold : bought) += fill.qty;
      CHECK(sold == holding->qty);
      CHECK(bought.str() == sold.str());
      check_safe(world);
    });
  }
}

TEST_CASE("F41: more executions in one millisecond than a page holds are all read, once each") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    world.server().advance();
    constexpr int kFills = 2'300;
    for (int i = 0; i < kFills; ++i) {
      sim::Exchange::ForcedFill fill;
      fill.symbol = Symbol("C05USDT");
      fill.side = i % 2 == 0 ? Side::sell : Side::buy;
      fill.qty = Qty(Decimal::from_int(10));
      fill.price = Price(Decimal::parse("1.5").value());
      REQUIRE(world.exchange().force_fill(0, fill).has_value());
    }
    const auto since = world.loop().clock.utc_now() - Seconds(1);
    const auto fills = co_await world.account().fetch_fills(Symbol("C05USDT"), since);
    REQUIRE(fills.has_value());
    std::set<std::int64_t> ids;
    for (const auto& fill : *fills)
      ids.insert(fill.trade_id);
    CHECK(fills->size() == kFills);
    CHECK(ids.size() == kFills);
  });
}

TEST_CASE("F42: a stop that fired is found behind its child, and told by the child's fills") {
  auto options = one_short();
  options.coins = gainers(12);
  options.coins[0].course.insert(options.coins[0].course.end(), {{1450, 1.6}, {1460, 3.2}});
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    (void)co_await world.patrol_minutes(45);
    const auto holding = ended_holding(world, "C01USDT");
    REQUIRE(holding.has_value());
    CHECK(holding->status == HoldingStatus::closed_sl);
    const auto child = world.exchange().orders(0, Symbol("C01USDT"), false).back();
    CHECK(holding->close_order_id == child.order_id);
    check_safe(world);
  });
}

TEST_CASE("F42: a stop stuck at TRIGGERING without a child is no protection: the short is closed") {
  auto options = one_short();
  options.coins = gainers(12);
  options.coins[0].course.insert(options.coins[0].course.end(), {{1450, 1.6}, {1460, 3.2}});
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.exchange().hold_triggers(1);
    (void)co_await world.patrol_minutes(45);
    CHECK(world.position("C01USDT").is_zero());
    CHECK(ended_holding(world, "C01USDT").has_value());
  });
}

}  // namespace
}  // namespace bb::test
