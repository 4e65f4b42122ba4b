#include "desk/flatten.h"

#include <algorithm>

#include "desk/closing.h"
#include "desk/holdings.h"
#include "regressions/scenes.h"
#include "trading/lifecycle.h"

namespace bb::test {
namespace {

using desk::FlattenRequest;
using desk::FlattenScope;
using desk::FlattenVerdict;
using paper::FaultRule;

FlattenRequest everything(std::string reason = "TEST") {
  FlattenRequest request;
  request.reason = std::move(reason);
  return request;
}

FlattenRequest half() {
  auto request = everything();
  request.part = Ratio(Decimal::parse("0.5").value());
  return request;
}

exchange::OrderRequest by_hand(const char* symbol, Side side, int qty) {
  exchange::OrderRequest order;
  order.symbol = Symbol(symbol);
  order.side = side;
  order.qty = Qty(Decimal::from_int(qty));
  order.client_order_id = ClientOrderId("by-hand");
  return order;
}

FaultRule lost_closes(int first, int every) {
  auto rule = fault_on(net::Method::post, "/fapi/v1/order", FaultRule::Effect::act_then_drop);
  rule.param = "reduceOnly";
  rule.value = "true";
  rule.first = first;
  rule.every = every;
  return rule;
}

std::vector<desk::CloseOrder> whole(const char* symbol) {
  return {{Symbol(symbol), PositionSide::both, {}}};
}

desk::ClosePurpose by_hand_today() { return {OrderKind::close, Job::manual, utc_date(some_day())}; }

desk::CloseOptions seen(std::vector<exchange::Position> positions) {
  desk::CloseOptions options;
  options.turns = desk::CloseTurns::taken;
  options.seen = std::move(positions);
  return options;
}

TEST_CASE("flatten: twenty positions are closed and proved flat in three round trips") {
  WorldOptions options;
  options.coins = gainers(24);
  options.strategy.top_n = options.strategy.allocation_splits = 20;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto entered = co_await world.entry().run(world.slot());
    REQUIRE(entered.opened == 20);
    const TimePoint begin = world.market().exchange_now();
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(report.rows.size() == 20);
    CHECK(report.orders_left == 0);
    CHECK(report.as_of - begin <= Millis(152));  // 50 ms each, and the exchange's milliseconds
    CHECK(world.store().open_holdings().empty());
    CHECK(world.conditional_orders("C01USDT").empty());
    for (const auto& holding : *world.store().load_holdings()) {
      CHECK(holding.status == store::HoldingStatus::closed_flatten);
      CHECK(holding.close_reason == "TEST");
    }
    Qty net;
    for (const auto& fill : *world.store().load_fills())
      net += fill.side == Side::buy ? fill.qty : -fill.qty;
    CHECK(net.is_zero());
    CHECK(world.errors().empty());
  });
}

TEST_CASE("flatten: answers that are lost after execution end in a proof, not in a second close") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.server().faults().add(lost_closes(1, 1));
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK(report.verdict == FlattenVerdict::flat);
    for (const auto* symbol : {"C01USDT", "C02USDT", "C03USDT"})
      CHECK(world.position(symbol).is_zero());
    CHECK(world.store().open_holdings().empty());
  });
}

TEST_CASE("flatten: half of a position is half, also when the answers are lost") {
  for (const bool lost : {false, true}) {
    run_world(three_shorts(), [lost](SimWorld& world) -> Task<void> {
      (void)co_await world.entry().run(world.slot());
      const Qty before = world.position("C01USDT");
      if (lost) world.server().faults().add(lost_closes(1, 1));
      const auto report = co_await desk::flatten(world.desk(), half());
      CHECK(report.verdict == FlattenVerdict::flat);
      const Qty left = world.position("C01USDT");
      const Qty closed = left - before;
      CHECK(closed.value() == (before.abs() * half().part).value().floor_to(Decimal::from_int(1)));
      CHECK(stops_of(world, "C01USDT") == 1);
      const auto holding = world.store().find_open_holding(Symbol("C01USDT"));
      REQUIRE(holding.has_value());
      CHECK(holding->qty == left.abs());
    });
  }
}

TEST_CASE("flatten: a rest below the smallest order is closed too, and said") {
  auto options = three_shorts();
  options.balance = Usdt(Decimal::from_int(20));
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto entered = co_await world.entry().run(world.slot());
    REQUIRE(entered.opened > 0);
    auto request = everything();
    request.part = Ratio(Decimal::parse("0.8").value());
    const auto report = co_await desk::flatten(world.desk(), request);
    CHECK(report.verdict == FlattenVerdict::flat);
    REQUIRE(!report.rows.empty());
    CHECK(report.rows.front().left.is_zero());
    CHECK(report.rows.front().text.find("closed whole") != std::string::npos);
  });
}

TEST_CASE("flatten: a part that is less than the smallest order is partial, and nothing is sent") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto request = everything();
    request.part = Ratio(Decimal::parse("0.00000001").value());
    const Qty before = world.position("C01USDT");
    const auto report = co_await desk::flatten(world.desk(), request);
    CHECK(report.verdict == FlattenVerdict::partial);
    REQUIRE(report.rows.size() == 3);
    for (const auto& row : report.rows)
      CHECK(row.text.find("not closed") != std::string::npos);
    CHECK(world.position("C01USDT") == before);
  });
}

TEST_CASE("flatten: it is told at its proof; the records follow, and the symbols wait for them") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto slow = fault_on(net::Method::get, "/fapi/v1/userTrades", FaultRule::Effect::delay);
    slow.every = 1;
    slow.before = Seconds(8);
    world.server().faults().add(slow);
    const TimePoint begin = world.market().exchange_now();
    auto proved = co_await desk::flatten_to_proof(world.desk(), everything());
    CHECK(proved.report.verdict == FlattenVerdict::flat);
    CHECK(world.market().exchange_now() - begin < Seconds(2));
    CHECK(world.store().open_holdings().size() == 3);
    CHECK(world.desk().turns().is_closing(Symbol("C01USDT")));
    co_await std::move(proved.records);
    CHECK(world.store().open_holdings().empty());
    CHECK_FALSE(world.desk().turns().is_closing(Symbol("C01USDT")));
  });
}

TEST_CASE("flatten: tracked touches what is ours, account touches longs of people as well") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.server().advance();
    REQUIRE(world.exchange().place(0, by_hand("C09USDT", Side::buy, 50)).has_value());
    auto tracked = everything();
    tracked.scope = FlattenScope::tracked;
    const auto ours = co_await desk::flatten(world.desk(), tracked);
    CHECK(ours.verdict == FlattenVerdict::flat);
    CHECK(world.position("C01USDT").is_zero());
    CHECK(world.position("C09USDT").str() == "50");
    const auto all = co_await desk::flatten(world.desk(), everything());
    CHECK(all.verdict == FlattenVerdict::flat);
    CHECK(all.rows.size() == 1);
    CHECK(world.position("C09USDT").is_zero());
  });
}

TEST_CASE("F07 flatten: closes go on through an overload until it ends") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto overload = fault_on(net::Method::post, "/fapi/v1/order", FaultRule::Effect::refuse);
    overload.every = 1;
    overload.count = 15;  // five times each
    overload.status = 503;
    overload.code = -1008;
    world.server().faults().add(overload);
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(world.position("C01USDT").is_zero());
  });
}

TEST_CASE("flatten: what cannot be read is unknown, never flat") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto blind = fault_on(net::Method::get, "/fapi/v3/positionRisk", FaultRule::Effect::refuse);
    blind.every = 1;
    world.server().faults().add(blind);
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK(report.verdict == FlattenVerdict::unknown);
    CHECK_FALSE(report.text.empty());
    CHECK(stops_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("flatten: what is refused is partial, with the reason, and stays protected") {
  auto options = three_shorts();
  options.server.faults = {refusing("/fapi/v1/order", "symbol", "C02USDT", -2023, "liquidating")};
  options.server.faults.front().first = 2;  // the entry passes
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK(report.verdict == FlattenVerdict::partial);
    const auto row = std::ranges::find(report.rows, Symbol("C02USDT"), &desk::FlattenRow::symbol);
    REQUIRE(row != report.rows.end());
    CHECK(row->left.is_negative());
    CHECK(row->text.find("-2023") != std::string::npos);
    CHECK(stops_of(world, "C02USDT") == 1);
    CHECK(world.position("C01USDT").is_zero());
  });
}

TEST_CASE("F19 flatten: a resting reduce-only limit gives way to the close") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.server().advance();
    auto limit = by_hand("C01USDT", Side::buy, 0);
    limit.qty = world.position("C01USDT").abs();
    limit.type = OrderType::limit;
    limit.price = Price(Decimal::parse("1.55").value());
    limit.reduce_only = true;
    REQUIRE(world.exchange().place(0, limit).has_value());
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(world.position("C01USDT").is_zero());
    CHECK(world.exchange().open_orders(0, false).empty());
  });
}

TEST_CASE("F23 flatten: MARKET refused for its price band is replaced by a limit at the band") {
  auto options = three_shorts();
  auto band = refusing("/fapi/v1/order", "type", "MARKET", -4131, "PERCENT_PRICE");
  band.first = 4;
  options.server.faults = {band};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(world.position("C01USDT").is_zero());
  });
}

TEST_CASE("flatten: in hedge mode each leg is closed on its own side") {
  auto options = three_shorts();
  options.hedge = true;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.server().advance();
    auto long_leg = by_hand("C01USDT", Side::buy, 20);
    long_leg.position_side = PositionSide::long_;
    REQUIRE(world.exchange().place(0, long_leg).has_value());
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(report.rows.size() == 4);
    CHECK(world.position("C01USDT", PositionSide::short_).is_zero());
    CHECK(world.position("C01USDT", PositionSide::long_).is_zero());
  });
}

TEST_CASE("close: a position that the first read does not show is closed when it appears") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const Qty before = world.position("C01USDT");
    const auto report =
        co_await desk::close_legs(world.desk(), whole("C01USDT"), by_hand_today(), seen({}));
    CHECK(report.legs.front().kind == desk::CloseResult::Kind::flat);
    CHECK(report.legs.front().before == before);
    CHECK(report.legs.front().left.is_zero());
    CHECK(world.position("C01USDT").is_zero());
  });
}

TEST_CASE("close: a long that a person opens where our short has ended is left alone") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.server().advance();
    auto order = by_hand("C01USDT", Side::buy, 50);
    order.qty += world.position("C01USDT").abs();
    REQUIRE(world.exchange().place(0, order).has_value());
    const auto report =
        co_await desk::close_legs(world.desk(), whole("C01USDT"), by_hand_today(), seen({}));
    CHECK(report.legs.front().kind == desk::CloseResult::Kind::flat);
    CHECK(world.position("C01USDT").str() == "50");
  });
}

TEST_CASE("close: a short that stands is not recorded as closed") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto holding = world.store().find_open_holding(Symbol("C01USDT"));
    REQUIRE(holding.has_value());
    desk::CloseResult result;
    result.kind = desk::CloseResult::Kind::flat;
    result.left = world.position("C01USDT");
    const auto end = co_await trading::record_close(world.desk(), *holding, result,
                                                    store::HoldingStatus::closed_flatten, "TEST");
    CHECK(end == trading::CloseEnd::open);
    CHECK(world.store().find_open_holding(Symbol("C01USDT")).has_value());
  });
}

TEST_CASE("patrol: a short that is not taken over is told once") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto holding = world.store().find_open_holding(Symbol("C01USDT"));
    REQUIRE(holding.has_value());
    holding->entry_price = Price(Decimal::parse("0.5").value());
    co_await desk::record_closed(world.desk(), *holding, {});
    (void)co_await world.patrol_minutes(3);
    CHECK(std::ranges::count_if(world.errors(), [](const auto& line) {
            return line.find("not taken over") != std::string::npos;
          }) == 1);
  });
}

// Opens longs while others are being closed, for longer than flatten repeats itself.
Task<bool> open_more(SimWorld& world) {
  for (const char* symbol : {"C04USDT", "C05USDT", "C06USDT", "C07USDT", "C08USDT", "C09USDT",
                             "C10USDT", "C11USDT", "C12USDT"}) {
    co_await world.sleep(Millis(60));
    world.server().advance();
    auto order = by_hand(symbol, Side::buy, 20);
    order.client_order_id = ClientOrderId(std::string("by-hand-") + symbol);
    if (!world.exchange().place(0, order)) co_return false;
  }
  co_return true;
}

TEST_CASE("flatten: what the last read shows open makes it partial, whoever opened it") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto [report, opened] =
        co_await both(desk::flatten(world.desk(), everything()), open_more(world));
    CHECK(opened);
    CHECK(report.verdict == FlattenVerdict::partial);
    CHECK(std::ranges::any_of(
        report.rows, [](const auto& row) { return row.left.is_positive() && !row.text.empty(); }));
    CHECK(world.store().open_holdings().empty());
  });
}

TEST_CASE("flatten: tracked leaves a person's long in a symbol of ours alone") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.server().advance();
    auto order = by_hand("C01USDT", Side::buy, 50);
    order.qty += world.position("C01USDT").abs();
    REQUIRE(world.exchange().place(0, order).has_value());
    auto tracked = everything();
    tracked.scope = FlattenScope::tracked;
    const auto report = co_await desk::flatten(world.desk(), tracked);
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(world.position("C01USDT").str() == "50");
    CHECK(world.position("C02USDT").is_zero());
  });
}

TEST_CASE("flatten: two halves at the same time are a half of a half, not everything") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto halved = [](Qty size) {
      return size - Qty((size * half().part).value().floor_to(Decimal::from_int(1)));
    };
    const Qty wanted = halved(halved(world.position("C01USDT").abs()));
    const auto [one, two] =
        co_await both(desk::flatten(world.desk(), half()), desk::flatten(world.desk(), half()));
    CHECK(one.verdict == FlattenVerdict::flat);
    CHECK(two.verdict == FlattenVerdict::flat);
    CHECK(world.position("C01USDT").abs() == wanted);
  });
}

TEST_CASE("flatten: stops of positions that one read does not show are left to the patrol") {
  auto options = three_shorts();
  auto old =
      fault_on(net::Method::get, "/fapi/v3/positionRisk", FaultRule::Effect::stale_positions);
  old.span = Minutes(2);
  old.first = 1'000'000;  // history is kept for it
  options.server.faults = {old};
  run_world(std::move(options), [old](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    for (const auto& holding : world.store().open_holdings())
      co_await desk::record_closed(world.desk(), holding, {});
    co_await world.sleep(Minutes(1));
    auto always = old;
    always.first = always.every = 1;
    world.server().faults().add(always);
    (void)co_await desk::flatten(world.desk(), everything());
    CHECK(stops_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("flatten: whole positions are closed without waiting for fresh rules") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    co_await world.sleep(Hours(7));
    auto slow = fault_on(net::Method::get, "/fapi/v1/exchangeInfo", FaultRule::Effect::delay);
    slow.every = 1;
    slow.before = Seconds(5);
    world.server().faults().add(slow);
    const TimePoint begin = world.market().exchange_now();
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(report.as_of - begin < Seconds(1));
  });
}

TEST_CASE("flatten: half of a position is half when reads lag and orders are only acknowledged") {
  for (const bool acknowledged : {false, true}) {
    auto options = three_shorts();
    auto lag =
        fault_on(net::Method::get, "/fapi/v3/positionRisk", FaultRule::Effect::stale_positions);
    lag.span = Seconds(4);
    lag.first = 1'000'000;  // history is kept for it
    options.server.faults = {lag};
    run_world(std::move(options), [lag, acknowledged](SimWorld& world) -> Task<void> {
      (void)co_await world.entry().run(world.slot());
      co_await world.sleep(Minutes(1));
      const Qty before = world.position("C01USDT");
      auto always = lag;
      always.first = always.every = 1;
      world.server().faults().add(always);
      auto rule = lost_closes(1, 1);
      rule.effect = FaultRule::Effect::act_then_acknowledge;
      if (acknowledged) world.server().faults().add(rule);
      const auto report = co_await desk::flatten(world.desk(), half());
      CHECK(report.verdict == FlattenVerdict::flat);
      const Qty closed = world.position("C01USDT") - before;
      CHECK(closed.value() == (before.abs() * half().part).value().floor_to(Decimal::from_int(1)));
    });
  }
}

TEST_CASE("flatten: orders that end without an execution are no storm") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].thin_from_minute = 1425;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    co_await world.sleep(Minutes(61));
    const int before = world.order_posts();
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK((report.verdict == FlattenVerdict::flat) == world.position("C01USDT").is_zero());
    CHECK(world.order_posts() - before <= 40);
  });
}

TEST_CASE("flatten: an account with nothing open is flat after two reads") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    const TimePoint begin = world.market().exchange_now();
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(report.as_of - begin >= Seconds(2));
  });
}

}  // namespace
}  // namespace bb::test
