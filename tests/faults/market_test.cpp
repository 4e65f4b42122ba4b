// The account's owner, the market, and the life of symbols (reliability §2.5).
#include "faults/scene.h"

namespace bb::test {
namespace {

using net::Method;
using paper::FaultRule;
using store::HoldingStatus;

/// Three shorts; the first coin goes on from 00:10 of the next day as told.
WorldOptions with_course(std::vector<std::pair<int, double>> later) {
  auto options = three_shorts();
  options.coins = gainers(12);
  auto& course = options.coins[0].course;
  course.insert(course.end(), {1450, 1.6});
  course.insert(course.end(), later.begin(), later.end());
  return options;
}

Usdt wallet(SimWorld& world) {
  world.server().advance();
  return world.exchange().balance(0).wallet;
}

int by_hand(Qty qty) { return static_cast<int>(qty.value().to_double()); }

TEST_CASE("F52: a stop that fired into an empty book leaves nothing open without another") {
  auto options = with_course({{1455, 1.6}, {1460, 3.4}, {1500, 3.4}});
  options.coins[0].thin_from_minute = 1455;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    (void)co_await world.patrol_minutes(60);
    const auto children = world.exchange().orders(0, Symbol("C01USDT"), false);
    CHECK(children.size() >= 2);
    if (world.position("C01USDT").is_zero())
      CHECK(ended_holding(world, "C01USDT").has_value());
    else
      CHECK(stops_of(world, "C01USDT") == 1);
    CHECK(entries_of(world, "C01USDT") == 1);
    CHECK(stops_of(world, "C02USDT") == 1);
  });
}

TEST_CASE("F53: a short closed in the app is external, its orders go, and it is not fought over") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    trade_by_hand(world, "C01USDT", by_hand(world.position("C01USDT").abs()));
    (void)co_await world.patrol_minutes(3);
    REQUIRE(ended_holding(world, "C01USDT").has_value());
    CHECK(ended_holding(world, "C01USDT")->status == HoldingStatus::closed_external);
    CHECK(world.conditional_orders("C01USDT").empty());
    CHECK(world.order_posts() == 3);
    check_safe(world);
  });
}

TEST_CASE("F53: a short made smaller or larger in the app is taken as it is, and stays guarded") {
  for (const int change : {500, -50}) {
    CAPTURE(change);
    run_world(three_shorts(), [change](SimWorld& world) -> Task<void> {
      (void)co_await world.entry().run(world.slot());
      trade_by_hand(world, "C01USDT", change);
      (void)co_await world.patrol_minutes(2);
      const auto holding = world.store().find_open_holding(Symbol("C01USDT"));
      REQUIRE(holding.has_value());
      CHECK(holding->qty == world.position("C01USDT").abs());
      CHECK(world.order_posts() == 3);
      check_safe(world);
    });
  }
}

TEST_CASE("F54: a stop that somebody cancels is placed again") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    for (int i = 0; i < 2; ++i) {
      co_await world.sleep(Minutes(1));
      cancel_by_hand(world, "C01USDT");
      co_await world.sleep(Millis(1500));  // the exchange shows it as resting for a while
      const auto report = co_await world.patrol().run_once();
      CHECK(report.restored == 2);
      CHECK(stops_of(world, "C01USDT") == 1);
    }
    CHECK(world.position("C01USDT").is_negative());
    check_safe(world);
  });
}

TEST_CASE("F55: auto-deleveraging ends the holding, with its fill, and leaves no order behind") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    REQUIRE(world.exchange().force_adl(0, Symbol("C01USDT"), PositionSide::both).has_value());
    (void)co_await world.patrol_minutes(3);
    const auto holding = ended_holding(world, "C01USDT");
    REQUIRE(holding.has_value());
    CHECK(holding->status == HoldingStatus::closed_external);
    CHECK(world.conditional_orders("C01USDT").empty());
    const auto fills = world.store().load_fills();
    REQUIRE(fills.has_value());
    Qty bought;
    for (const auto& fill : *fills)
      if (fill.symbol == Symbol("C01USDT") && fill.side == Side::buy) bought += fill.qty;
    CHECK(bought == holding->qty);
    check_safe(world);
  });
}

TEST_CASE("F55: a liquidation is recorded as what it is, and the others stand") {
  run_world(with_course({{1451, 9.0}}), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    co_await world.sleep(some_day() + Minutes(1450) - world.loop().clock.utc_now());
    cancel_by_hand(world, "C01USDT");  // else its stop were first
    (void)co_await world.patrol_minutes(4);
    CHECK(world.position("C01USDT").is_zero());
    const auto holding = ended_holding(world, "C01USDT");
    REQUIRE(holding.has_value());
    CHECK(holding->status == HoldingStatus::closed_external);
    CHECK(world.store().open_holdings().size() == 2);
    CHECK(entries_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("F56: a squeeze to 51 times the price costs no more than the position's own margin") {
  run_world(with_course({{1451, 81.6}, {4000, 81.6}}), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const Usdt before = wallet(world);
    (void)co_await world.patrol_minutes(60);
    CHECK(world.position("C01USDT").is_zero());
    const Usdt margin(Decimal::from_int(3'300));  // a third of the balance
    const Usdt lost = before - wallet(world);
    CHECK(lost.is_positive());
    CHECK(lost <= margin);
    CHECK(stops_of(world, "C02USDT") == 1);
    CHECK(entries_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("F57: an hour without the exchange: its stops guard, ours asks politely, and resumes") {
  run_world(with_course({{1460, 2.6}}), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    FaultRule dead;
    dead.effect = FaultRule::Effect::drop;
    dead.every = 1;
    const auto number = world.server().faults().add(dead);
    const auto before = world.server().request_log().size();
    const auto report = co_await world.patrol_minutes(60);
    CHECK(report.unreadable);
    CHECK(world.server().request_log().size() - before <= 60 * 12);
    CHECK(world.position("C01USDT").is_zero());  // the exchange's own stop
    CHECK(world.store().open_holdings().size() == 3);
    world.server().faults().end(number);
    (void)co_await world.patrol_minutes(3);
    REQUIRE(ended_holding(world, "C01USDT").has_value());
    CHECK(ended_holding(world, "C01USDT")->status == HoldingStatus::closed_sl);
    check_safe(world);
  });
}

TEST_CASE("F58: prices of zero rank nothing and move no stop") {
  auto options = three_shorts();
  auto zeros = fault_on(Method::get, "/fapi/v1/ticker/24hr", FaultRule::Effect::act_then_error);
  zeros.every = 1;
  zeros.status = 200;
  std::string rows;
  for (const auto& coin : gainers(12))
    rows += (rows.empty() ? "" : ",") + std::string(R"({"symbol":")") + coin.name +
            R"(","priceChange":"0","priceChangePercent":"0","weightedAvgPrice":"0",)"
            R"("lastPrice":"0.00","lastQty":"0","openPrice":"0.00","highPrice":"0.00",)"
            R"("lowPrice":"0.00","volume":"1","quoteVolume":"1000000","openTime":1760053200000,)"
            R"("closeTime":1760139600000,"firstId":1,"lastId":2,"count":1})";
  zeros.raw_body = "[" + rows + "]";
  options.server.faults = {zeros};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.status == trading::EntryStatus::failed);
    CHECK(world.order_posts() == 0);
    world.server().faults().clear();
    const auto again = co_await world.entry().run(world.slot());
    CHECK(again.opened == 3);
    check_safe(world);
  });
}

TEST_CASE("F59: a contract that ends while it is held is settled, recorded, and entered no more") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].delisted_minute = 2880 + 180;  // 52 hours ahead of the entry's ranking day
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    CHECK(world.position("C01USDT").is_zero() == (entries_of(world, "C01USDT") == 0));
    if (entries_of(world, "C01USDT") == 0) {
      // Announced already: it was left alone. Somebody holds it all the same.
      CHECK(world.position("C04USDT").is_negative());
    }
    (void)co_await world.patrol_minutes(29 * 60);
    CHECK(world.position("C01USDT").is_zero());
    const trading::EntrySlot next{"2025-10-12", world.slot().scheduled + Hours(48)};
    const auto report = co_await world.entry().run(next);
    CHECK(report.status != trading::EntryStatus::failed);
    CHECK(world.position("C01USDT").is_zero());
    for (const auto& holding : world.store().open_holdings())
      CHECK(holding.symbol != Symbol("C01USDT"));
  });
}

TEST_CASE("F60: a coin whose price is ten times another scale overnight is not ranked") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].course = {{0, 1.0}, {600, 1.1}, {601, 11.0}, {1440, 11.0}};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 3);
    CHECK(entries_of(world, "C01USDT") == 0);
    CHECK(world.position("C02USDT").is_negative());
    check_safe(world);
  });
}

TEST_CASE("F61: a contract with a Chinese name is signed, entered, guarded and closed") {
  auto options = one_short();
  options.coins = gainers(12);
  options.coins[0].name = "币安人生USDT";
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 1);
    CHECK(stops_of(world, "币安人生USDT") == 1);
    co_await world.sleep(Hours(48));
    (void)co_await world.patrol_minutes(1);
    CHECK(world.position("币安人生USDT").is_zero());
    CHECK(ended_holding(world, "币安人生USDT")->status == HoldingStatus::closed_timeout);
    check_safe(world);
  });
}

TEST_CASE("F62: a listing of this morning is not shorted, however much it rose") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins.push_back({"NEWUSDT", {{600, 1.0}, {1400, 10.0}, {1440, 10.0}}, 600});
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 3);
    CHECK(entries_of(world, "NEWUSDT") == 0);
    CHECK(world.position("C01USDT").is_negative());
  });
}

TEST_CASE("F63: funding that eats the margin draws the stop closer, below the new liquidation") {
  auto options = three_shorts();
  options.funding_rate = -0.02;  // shorts pay
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto before = world.store().find_open_holding(Symbol("C01USDT"));
    REQUIRE(before.has_value());
    (void)co_await world.patrol_minutes(40);  // past 00:00 UTC
    const auto after = world.store().find_open_holding(Symbol("C01USDT"));
    REQUIRE(after.has_value());
    CHECK(*after->sl_price < *before->sl_price);
    const auto positions = co_await world.account().fetch_positions();
    REQUIRE(positions.has_value());
    for (const auto& position : *positions)
      if (position.symbol == Symbol("C01USDT"))
        CHECK(*after->sl_price <= *position.liquidation * Ratio(Decimal::parse("0.99").value()));
    check_safe(world);
  });
}

TEST_CASE("F64: a commission paid in BNB is kept in BNB, never booked as USDT") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    auto fees = fault_on(Method::get, "/fapi/v1/userTrades", FaultRule::Effect::act_then_error);
    fees.every = 1;
    fees.status = 200;
    fees.raw_body =
        R"([{"symbol":"C01USDT","id":77,"orderId":4711,"side":"SELL","price":"1.6","qty":"10",)"
        R"("realizedPnl":"0","quoteQty":"16","commission":"0.00001234","commissionAsset":"BNB",)"
        R"("time":1760139600000,"buyer":false,"maker":false,"positionSide":"BOTH"}])";
    world.server().faults().add(fees);
    (void)co_await world.entry().run(world.slot());
    const auto fills = world.store().load_fills();
    REQUIRE(fills.has_value());
    const auto bnb = std::ranges::find(*fills, std::int64_t{77}, &store::FillRecord::trade_id);
    REQUIRE(bnb != fills->end());
    CHECK(bnb->commission_asset == "BNB");
    CHECK(bnb->commission.str() == "0.00001234");
  });
}

TEST_CASE("F65: money that leaves during the entry makes shorts smaller, not naked") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    TaskGroup group(world.loop().io.get_executor());
    const auto take_away = [](SimWorld& w) -> Task<void> {
      while (w.order_posts() == 0 && requests_to(w, "/fapi/v1/leverage") == 0)
        co_await w.sleep(Millis(1));
      w.server().advance();
      CHECK(w.exchange().transfer(0, Usdt(Decimal::from_int(-6'000))).has_value());
    };
    group.spawn(take_away(world));
    const auto report = co_await world.entry().run(world.slot());
    co_await group.join();
    (void)co_await world.patrol_minutes(1);
    CHECK(report.opened < 3);
    CHECK(report.opened >= 1);
    CHECK(world.store().open_holdings().size() == static_cast<std::size_t>(report.opened));
    check_safe(world);
  });
}

}  // namespace
}  // namespace bb::test
