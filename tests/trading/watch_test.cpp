#include "trading/watch.h"

#include "trading/news.h"
#include "trading/reconcile.h"

namespace bb::test {
namespace {

using exchange::Gap;
using paper::FaultRule;
using trading::Watch;

exchange::OrderView stop_of(SimWorld& world, const std::string& symbol) {
  for (const auto& order : world.conditional_orders(symbol))
    if (order.type == OrderType::stop_market) return order;
  return {};
}

void cancel_by_hand(SimWorld& world, const std::string& symbol) {
  const auto stop = stop_of(world, symbol);
  world.server().advance();
  REQUIRE(world.exchange().cancel(0, stop.ref()).has_value());
}

exchange::OrderRequest by_hand(SimWorld& world, const std::string& symbol, Side side, Qty qty) {
  exchange::OrderRequest order;
  order.symbol = Symbol(symbol);
  order.side = side;
  order.qty = qty;
  order.client_order_id = ClientOrderId("by-hand");
  world.server().advance();
  return order;
}

TEST_CASE(
    "F54 watch: a stop that somebody cancels stands again at once; the fourth time it is over") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    Watch watch(world.desk(), world.patrol());
    News news(world);
    for (int time = 1; time <= 4; ++time) {
      cancel_by_hand(world, "C01USDT");
      co_await news.tell(watch);
      CHECK(watch.due() <= world.loop().clock.steady_now());
      const auto report = co_await watch.look();
      CHECK(report.restored == (time <= 3 ? 1 : 0));
      CHECK(stops_of(world, "C01USDT") == (time <= 3 ? 1 : 0));
    }
    CHECK(world.position("C01USDT").is_zero());
    CHECK(ended(world, "C01USDT")->close_reason == "STOP_CANCELLED_BY_HAND");
    CHECK(has_alert(world, "C01USDT"));
    CHECK(stops_of(world, "C02USDT") == 1);
  });
}

TEST_CASE("watch: a stop that fills ends the holding at once, with its reason") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].course.insert(options.coins[0].course.end(), {{1500, 1.6}, {1501, 3.0}});
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    Watch watch(world.desk(), world.patrol());
    News news(world);
    while (!world.position("C01USDT").is_zero())
      co_await world.sleep(Seconds(1));
    co_await news.tell(watch);
    (void)co_await watch.look();
    const auto holding = ended(world, "C01USDT");
    REQUIRE(holding.has_value());
    CHECK(holding->status == store::HoldingStatus::closed_sl);
    CHECK(holding->close_reason == "STOP_LOSS_FILLED");
    const auto fills = world.exchange().fills(0, Symbol("C01USDT"));
    int recorded = 0;
    for (const auto& fill : *world.store().load_fills())
      if (fill.symbol == Symbol("C01USDT")) {
        ++recorded;
        CHECK(fill.holding_id == holding->id);
      }
    CHECK(recorded == static_cast<int>(fills.size()));  // by stream and by history, once
  });
}

TEST_CASE("watch: without any event a naked position is found within half a minute") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    Watch watch(world.desk(), world.patrol());
    cancel_by_hand(world, "C02USDT");
    const auto due = watch.due();
    CHECK(due - world.loop().clock.steady_now() <= Seconds(30));
    co_await sleep_until(world.loop().clock, due);
    const auto report = co_await watch.look();
    CHECK(report.restored == 1);
    CHECK(stops_of(world, "C02USDT") == 1);
  });
}

TEST_CASE(
    "watch: what stays naked is looked at every second, told, and nothing is opened meanwhile") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    Watch watch(world.desk(), world.patrol());
    News news(world);
    for (const auto* path : {"/fapi/v1/algoOrder", "/fapi/v1/order"}) {
      auto overload = fault_on(net::Method::post, path, FaultRule::Effect::refuse);
      overload.every = 1;
      overload.code = -1008;
      world.server().faults().add(overload);
    }
    cancel_by_hand(world, "C01USDT");
    co_await news.tell(watch);
    (void)co_await watch.look();
    CHECK(watch.due() - world.loop().clock.steady_now() <= Seconds(1));
    co_await sleep_until(world.loop().clock, watch.due());
    (void)co_await watch.look();
    CHECK(has_alert(world, "C01USDT"));
    CHECK(world.desk().gate().refusal().has_value());
    world.server().faults().clear();
    co_await sleep_until(world.loop().clock, watch.due());
    (void)co_await watch.look();
    CHECK(stops_of(world, "C01USDT") == 1);
    CHECK_FALSE(world.desk().gate().refusal().has_value());
  });
}

TEST_CASE("watch: after a gap nothing is opened until the account has been read") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    Watch watch(world.desk(), world.patrol());
    auto blind = fault_on(net::Method::get, "/fapi/v3/positionRisk", FaultRule::Effect::refuse);
    blind.every = 1;
    world.server().faults().add(blind);
    watch.note(Gap{world.market().exchange_now(), "the stream was cut"});
    CHECK(world.desk().gate().refusal()->find("the stream was cut") != std::string::npos);
    (void)co_await watch.look();
    CHECK(world.desk().gate().in_doubt());
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 0);
    CHECK(world.order_posts() == 0);
    world.server().faults().clear();
    co_await sleep_until(world.loop().clock, watch.due());
    (void)co_await watch.look();
    CHECK_FALSE(world.desk().gate().refusal().has_value());
  });
}

TEST_CASE("watch: a clock that jumps has the account read anew") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    Watch watch(world.desk(), world.patrol());
    watch.check_clock();
    world.loop().clock.step_wall_clock(Millis(600'000));
    watch.check_clock();
    CHECK(world.desk().gate().in_doubt());
    (void)co_await watch.look();
    CHECK_FALSE(world.desk().gate().in_doubt());
  });
}

TEST_CASE("F27 watch: leverage that somebody else sets puts the account in doubt, ours does not") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    Watch watch(world.desk(), world.patrol());
    const Symbol symbol("C01USDT");
    watch.note(exchange::SettingsChanged{exchange::SymbolSettings{symbol, MarginType::isolated, 2},
                                         std::nullopt});
    CHECK_FALSE(world.desk().gate().in_doubt());
    watch.note(exchange::SettingsChanged{exchange::SymbolSettings{symbol, MarginType::isolated, 7},
                                         std::nullopt});
    CHECK(world.desk().gate().in_doubt());
    watch.note(exchange::SettingsChanged{std::nullopt, true});
    (void)co_await watch.look();
    CHECK(has_alert(world, "multi-assets"));
  });
}

TEST_CASE("F27 watch: a position mode that somebody changed keeps entries off") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    world.server().advance();
    REQUIRE(world.exchange().set_hedge(0, true).has_value());
    const auto reconciled = co_await trading::reconcile(world.desk(), world.patrol());
    REQUIRE(reconciled.has_value());
    CHECK(world.desk().gate().refusal()->find("position mode") != std::string::npos);
  });
}

TEST_CASE("I34 watch: an order with our id form that nobody here gave out halts the account") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    Watch watch(world.desk(), world.patrol());
    News news(world);
    auto foreign = by_hand(world, "C05USDT", Side::sell, Qty(Decimal::from_int(20)));
    foreign.client_order_id =
        world.desk().ids().make({utc_midnight(world.market().exchange_now()), Job::entry,
                                 foreign.symbol, OrderKind::entry, 3});
    REQUIRE(world.exchange().place(0, foreign).has_value());
    co_await news.tell(watch);
    (void)co_await watch.look();
    const auto note = world.home().latch().read();
    REQUIRE(note.has_value());
    CHECK(note->kind == store::LatchKind::halted);
    CHECK(has_alert(world, "C05USDT"));
    const auto halted = co_await world.entry().run(world.slot());
    CHECK(halted.opened == 0);
    co_await world.restart();
    const auto restarted = co_await world.entry().run(world.slot());
    CHECK(restarted.opened == 0);
    CHECK(world.order_posts() == 0);
  });
}

TEST_CASE(
    "F53 watch: a position that somebody resizes is followed, one that he closes is recorded") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    Watch watch(world.desk(), world.patrol());
    News news(world);
    auto part = by_hand(world, "C01USDT", Side::buy, Qty(Decimal::from_int(100)));
    REQUIRE(world.exchange().place(0, part).has_value());
    auto whole = by_hand(world, "C02USDT", Side::buy, world.position("C02USDT").abs());
    REQUIRE(world.exchange().place(0, whole).has_value());
    co_await news.tell(watch);
    (void)co_await watch.look();
    const auto holding = world.store().find_open_holding(Symbol("C01USDT"));
    REQUIRE(holding.has_value());
    CHECK(holding->qty == world.position("C01USDT").abs());
    CHECK(ended(world, "C02USDT")->status == store::HoldingStatus::closed_external);
    CHECK(world.conditional_orders("C02USDT").empty());
  });
}

TEST_CASE("F55 watch: what the exchange closes itself is told, and nothing is opened that day") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    Watch watch(world.desk(), world.patrol());
    News news(world);
    world.server().advance();
    REQUIRE(world.exchange().force_adl(0, Symbol("C01USDT"), PositionSide::both).has_value());
    co_await news.tell(watch);
    (void)co_await watch.look();
    CHECK(ended(world, "C01USDT")->close_reason == "EXTERNAL_ADL");
    CHECK(has_alert(world, "EXTERNAL_ADL"));
    auto another = world.slot();
    another.trade_day_utc = "by-hand";
    const auto report = co_await world.entry().run(another);
    CHECK(report.opened == 0);
    CHECK(report.message.find("EXTERNAL_ADL") != std::string::npos);
  });
}

TEST_CASE("F52 watch: a stop that triggers and dies is replaced or the short is closed") {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].course.insert(options.coins[0].course.end(), {{1500, 1.6}, {1510, 3.0}});
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    Watch watch(world.desk(), world.patrol());
    News news(world);
    world.exchange().hold_triggers(1);
    co_await world.sleep(Minutes(89));
    for (int second = 0; second < 15 * 60 && !world.position("C01USDT").is_zero(); ++second) {
      co_await world.sleep(Seconds(1));
      co_await news.tell(watch);
      if (watch.due() <= world.loop().clock.steady_now()) (void)co_await watch.look();
    }
    CHECK(world.position("C01USDT").is_zero());
    CHECK(ended(world, "C01USDT").has_value());
    CHECK(world.longest_unprotected() <= Seconds(4));
  });
}

}  // namespace
}  // namespace bb::test
