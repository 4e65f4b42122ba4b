// Refusals and what must follow from each (reliability §2.2).
#include "faults/scene.h"

namespace bb::test {
namespace {

using net::Method;
using paper::FaultRule;
using store::HoldingStatus;

Task<desk::CloseResult> close_whole(SimWorld& world, std::string symbol) {
  co_return co_await world.desk().close_position(Symbol(symbol), PositionSide::both,
                                                 OrderKind::close, "2025-10-10", Job::manual);
}

/// Somebody's resting reduce-only limit that holds the whole short.
void hold_capacity(SimWorld& world, const std::string& symbol, const char* price) {
  exchange::OrderRequest limit;
  limit.symbol = Symbol(symbol);
  limit.side = Side::buy;
  limit.type = OrderType::limit;
  limit.price = Price(Decimal::parse(price).value());
  limit.qty = world.position(symbol).abs();
  limit.reduce_only = true;
  limit.client_order_id = ClientOrderId("by-hand-limit");
  REQUIRE(world.exchange().place(0, limit).has_value());
}

TEST_CASE("F16: a stop that would trigger at once closes the position, which is never naked") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    auto rule = refusing(kAlgo, "type", "STOP_MARKET", -2021, "Order would immediately trigger.");
    rule.count = 1;
    world.server().faults().add(rule);
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 2);
    CHECK(report.protection_failed == 1);
    (void)co_await world.patrol_minutes(1);
    CHECK(world.store().open_holdings().size() == 2);
    check_safe(world);
  });
}

TEST_CASE("F17: a take-profit that would trigger at once means the target is reached: closed") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    world.server().faults().add(
        refusing(kAlgo, "type", "TAKE_PROFIT_MARKET", -2021, "Order would immediately trigger."));
    (void)co_await world.entry().run(world.slot());
    CHECK(world.position("C01USDT").is_zero());
    const auto holding = ended_holding(world, "C01USDT");
    REQUIRE(holding.has_value());
    CHECK(holding->status == HoldingStatus::closed_tp);
    check_safe(world);
  });
}

TEST_CASE("F18: 'reduce-only is rejected' of a position that is gone ends as closed by others") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    // A lagging read shows the position still; the exchange refuses to reduce what is not there.
    auto stale = fault_on(Method::get, kPositions, FaultRule::Effect::stale_positions);
    stale.span = Seconds(5);
    stale.every = 1;
    stale.count = 1;
    const int held = 0 - static_cast<int>(world.position("C01USDT").value().to_double());
    trade_by_hand(world, "C01USDT", held);
    world.server().faults().add(stale);
    const auto closed = co_await close_whole(world, "C01USDT");
    CHECK(closed.kind == desk::CloseResult::Kind::flat);
    CHECK(closed.order_id == 0);
    CHECK(world.position("C01USDT").is_zero());
    check_safe(world);
  });
}

TEST_CASE("F19: a resting limit that holds the position's capacity cannot keep it open") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    hold_capacity(world, "C01USDT", "1.55");
    const auto closed = co_await close_whole(world, "C01USDT");
    CHECK(closed.kind == desk::CloseResult::Kind::flat);
    CHECK(world.position("C01USDT").is_zero());
    CHECK(world.exchange().open_orders(0, false).empty());
    check_safe(world);
  });
}

TEST_CASE("F20: where no more conditional orders fit, nothing stands naked") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    world.server().advance();
    trade_by_hand(world, "C12USDT", -400);
    for (int i = 0; i < 198; ++i) {
      exchange::OrderRequest stop;
      stop.symbol = Symbol("C12USDT");
      stop.side = Side::buy;
      stop.type = OrderType::stop_market;
      stop.qty = Qty(Decimal::from_int(1));
      stop.reduce_only = true;
      stop.trigger_price = Price(Decimal::from_int(3));
      stop.client_order_id = ClientOrderId("crowd-" + std::to_string(i));
      REQUIRE(world.exchange().place(0, stop).has_value());
    }
    (void)co_await world.entry().run(world.slot());
    (void)co_await world.patrol_minutes(2);
    int held = 0;
    for (const auto* symbol : {"C01USDT", "C02USDT", "C03USDT"}) {
      if (world.position(symbol).is_zero()) continue;
      ++held;
      CHECK(stops_of(world, symbol) == 1);
    }
    CHECK(held <= 2);
    CHECK(world.longest_unprotected() > Micros(0));
    CHECK(entries_of(world, "C01USDT") <= 1);
  });
}

TEST_CASE("F21: conditional orders moved to another endpoint overnight: every short is closed") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    auto moved = fault_on(Method::post, kAlgo, FaultRule::Effect::refuse);
    moved.every = 1;
    moved.status = 400;
    moved.code = -4120;
    moved.text = "Order type not supported for this endpoint. Please use the Algo Order API.";
    world.server().faults().add(moved);
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 0);
    CHECK(report.protection_failed == 3);
    for (const auto* symbol : {"C01USDT", "C02USDT", "C03USDT"})
      CHECK(world.position(symbol).is_zero());
    CHECK_FALSE(world.errors().empty());
    check_safe(world);
  });
}

TEST_CASE("F22: a looser stop of somebody else is not taken for ours: -4130 is looked into") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    // It needs a position to rest, so it comes between our fill and our stop.
    auto slow = fault_on(Method::post, kAlgo, FaultRule::Effect::delay);
    slow.before = Millis(500);
    world.server().faults().add(slow);
    TaskGroup group(world.loop().io.get_executor());
    const auto meddle = [](SimWorld& w) -> Task<void> {
      while (w.position("C01USDT").is_zero())
        co_await w.sleep(Millis(10));
      exchange::OrderRequest stop;
      stop.symbol = Symbol("C01USDT");
      stop.side = Side::buy;
      stop.type = OrderType::stop_market;
      stop.close_position = true;
      stop.trigger_price = Price(Decimal::from_int(9));
      stop.client_order_id = ClientOrderId("by-hand-stop");
      CHECK(w.exchange().place(0, stop).has_value());
    };
    group.spawn(meddle(world));
    const auto report = co_await world.entry().run(world.slot());
    co_await group.join();
    CHECK(report.opened == 1);
    const auto orders = world.conditional_orders("C01USDT");
    const auto ours = std::ranges::find_if(orders, [&](const auto& order) {
      return order.type == OrderType::stop_market &&
             world.desk().ids().decode(order.client_order_id, order.symbol).has_value();
    });
    REQUIRE(ours != orders.end());
    CHECK(ours->trigger_price < Price(Decimal::from_int(3)));
    CHECK(ours->qty == world.position("C01USDT").abs());
  });
}

TEST_CASE("F22: -4509 right after a fill means 'not visible yet': the stop stands in a moment") {
  auto options = three_shorts();
  options.server.position_visibility_lag = Millis(300);
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 3);
    check_safe(world);
    CHECK(world.longest_unprotected() < Millis(1500));
  });
}

TEST_CASE(
    "F22: a parameter that is not required any more (-1106) ends in a close, not in nothing") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    world.server().faults().add(refusing(kAlgo, "closePosition", "true", -1106,
                                         "Parameter 'closePosition' sent when not required."));
    (void)co_await world.entry().run(world.slot());
    (void)co_await world.patrol_minutes(1);
    check_safe(world);
  });
}

TEST_CASE("F23: a close outside the price band goes on as a limit at the band's edge") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.server().faults().add(
        refusing(kOrder, "type", "MARKET", -4131,
                 "The counterparty's best price does not meet the PERCENT_PRICE filter limit."));
    const auto closed = co_await close_whole(world, "C01USDT");
    CHECK(closed.kind == desk::CloseResult::Kind::flat);
    const auto orders = world.exchange().orders(0, Symbol("C01USDT"), false);
    CHECK(orders.back().type == OrderType::limit);
    CHECK(orders.back().reduce_only);
    check_safe(world);
  });
}

TEST_CASE("F23: an entry outside the price band is skipped, the others are opened") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    auto rule =
        refusing(kOrder, "symbol", "C01USDT", -4131,
                 "The counterparty's best price does not meet the PERCENT_PRICE filter limit.");
    world.server().faults().add(rule);
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 2);
    CHECK(world.position("C01USDT").is_zero());
    check_safe(world);
  });
}

TEST_CASE("F24: below the smallest notional nothing is entered, and dust is closed all the same") {
  auto options = three_shorts();
  options.balance = Usdt(Decimal::from_int(4));  // a third of it, times two, is below 5 USDT
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 0);
    CHECK(world.order_posts() == 0);
  });
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    trade_by_hand(world, "C01USDT", -10);
    trade_by_hand(world, "C01USDT", 9);  // 1.6 USDT are left
    (void)co_await world.desk().book().refresh();
    const auto closed = co_await close_whole(world, "C01USDT");
    CHECK(closed.kind == desk::CloseResult::Kind::flat);
  });
}

TEST_CASE("F25: without margin a short is tried smaller, a few times, and the others go on") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    world.server().faults().add(
        refusing(kOrder, "symbol", "C01USDT", -2019, "Margin is insufficient."));
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 2);
    CHECK(world.position("C01USDT").is_zero());
    // First and three smaller ones, the two others, and what was left for them.
    CHECK(world.order_posts() <= 8);
    CHECK(most_sends_of_one_id(world) == 1);
    check_safe(world);
  });
}

TEST_CASE("F26: above the largest position of the leverage, and above the largest order: capped") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].max_market_qty = 500;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    world.server().faults().add(
        refusing(kOrder, "symbol", "C02USDT", -2027,
                 "Exceeded the maximum allowable position at current leverage."));
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 2);
    CHECK(world.position("C01USDT").abs() <= Qty(Decimal::from_int(1000)));
    CHECK(world.position("C02USDT").is_zero());
    // Grown by hand beyond what one order may carry: closed in pieces.
    trade_by_hand(world, "C01USDT", -500);
    const auto closed = co_await close_whole(world, "C01USDT");
    CHECK(closed.kind == desk::CloseResult::Kind::flat);
    for (const auto& order : world.exchange().orders(0, Symbol("C01USDT"), false))
      CHECK(order.qty <= Qty(Decimal::from_int(500)));
  });
}

TEST_CASE("F27: an account that was switched to hedge mode is not entered with the wrong side") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    REQUIRE(world.exchange().set_hedge(0, true).has_value());
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 0);
    CHECK(report.status == trading::EntryStatus::failed);
    CHECK(world.exchange().positions(0).empty());
    co_await world.restart();
    const auto again = co_await world.entry().run(world.slot());
    CHECK(again.opened == 3);
    CHECK(world.position("C01USDT", PositionSide::short_).is_negative());
    CHECK(world.longest_unprotected() <= kNakedMax);
  });
}

TEST_CASE("F28: multi-assets mode refuses to begin, in a sentence") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    auto modes = fault_on(Method::get, "/fapi/v1/accountConfig", FaultRule::Effect::act_then_error);
    modes.every = 1;
    modes.status = 200;
    modes.raw_body =
        R"({"feeTier":0,"canTrade":true,"canDeposit":true,"canWithdraw":true,)"
        R"("dualSidePosition":false,"updateTime":0,"multiAssetsMargin":true,"tradeGroupId":-1})";
    world.server().faults().add(modes);
    co_await world.restart();
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.status == trading::EntryStatus::failed);
    CHECK(report.message.find("multi-assets") != std::string::npos);
    CHECK(world.order_posts() == 0);
  });
}

TEST_CASE(
    "F29: a key that is revoked sends no storm, is told, and is no reason to forget anything") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto revoked = fault_on(Method::get, "/fapi/v", FaultRule::Effect::refuse);
    revoked.param = "signature";
    revoked.every = 1;
    revoked.status = 401;
    revoked.code = -2015;
    revoked.text = "Invalid API-key, IP, or permissions for action.";
    const auto number = world.server().faults().add(revoked);
    const auto before = world.server().request_log().size();
    const auto report = co_await world.patrol_minutes(10);
    CHECK(report.unreadable);
    CHECK(report.errors > 0);
    CHECK(world.server().request_log().size() - before <= 60);  // one in ten seconds
    CHECK(world.store().open_holdings().size() == 3);
    world.server().faults().end(number);
    const auto after = co_await world.patrol_minutes(1);
    CHECK(after.errors == 0);
    check_safe(world);
  });
}

TEST_CASE("F30: contracts on stocks are never ranked, and an agreement not signed skips the coin") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].contract = ContractType::tradfi_perpetual;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    world.server().faults().add(refusing(kOrder, "symbol", "C02USDT", -4411,
                                         "Please sign TradFi-Perps agreement contract."));
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 2);
    CHECK(entries_of(world, "C01USDT") == 0);
    CHECK(world.position("C02USDT").is_zero());
    for (const auto& request : world.server().request_log())
      if (request.method == Method::post && request.path == kOrder)
        CHECK_FALSE(world.desk().ids().decode(ClientOrderId(request.client_id), Symbol("C01USDT")));
    check_safe(world);
  });
}

TEST_CASE("F31: an account that may only reduce opens nothing, and closes") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    trade_by_hand(world, "C07USDT", -100);
    auto restricted = fault_on(Method::post, kOrder, FaultRule::Effect::refuse);
    restricted.param = "side";
    restricted.value = "SELL";
    restricted.every = 1;
    restricted.status = 400;
    restricted.code = -4400;
    restricted.text =
        "Futures Trading Quantitative Rules violated, only reduceOnly order is allowed";
    world.server().faults().add(restricted);
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 0);
    CHECK(report.entry_failed == 3);
    CHECK(world.order_posts() == 3);
    const auto closed = co_await close_whole(world, "C07USDT");
    CHECK(closed.kind == desk::CloseResult::Kind::flat);
  });
}

TEST_CASE("F32: a filter that has changed skips its coin once, without a storm") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    world.server().faults().add(refusing(kOrder, "symbol", "C01USDT", -1111,
                                         "Precision is over the maximum defined for this asset."));
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 2);
    CHECK(world.order_posts() <= 6);
    CHECK(most_sends_of_one_id(world) == 1);
    check_safe(world);
  });
}

TEST_CASE("F33: margin type or leverage that cannot be set skips that coin alone") {
  for (const auto* path : {"/fapi/v1/marginType", "/fapi/v1/leverage"}) {
    CAPTURE(path);
    run_world(three_shorts(), [path](SimWorld& world) -> Task<void> {
      world.server().faults().add(
          refusing(path, "symbol", "C01USDT", -4161,
                   "Leverage reduction is not supported in Isolated Margin Mode"));
      const auto report = co_await world.entry().run(world.slot());
      CHECK(report.opened == 2);
      CHECK(entries_of(world, "C01USDT") == 0);
      check_safe(world);
    });
  }
}

TEST_CASE("F34: a code nobody has heard of is unknown, not refused: what executed is found") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    auto rule = fault_on(Method::post, kOrder, FaultRule::Effect::act_then_error);
    rule.status = 400;
    rule.code = -9876;
    rule.text = "A sentence of the year 2031.";
    world.server().faults().add(rule);
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 1);
    CHECK(world.order_posts() == 1);
    check_safe(world);
  });
}

}  // namespace
}  // namespace bb::test
