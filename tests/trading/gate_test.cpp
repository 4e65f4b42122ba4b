#include "desk/gate.h"

#include "trading/news.h"

namespace bb::test {
namespace {

using paper::FaultRule;

TEST_CASE("gate: a latch keeps entries off and says why; what protects goes on") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const int orders = world.order_posts();
    REQUIRE(world.home()
                .latch()
                .set({store::LatchKind::paused, "shell", "a look around", some_day()})
                .has_value());
    auto another = world.slot();
    another.trade_day_utc = "by-hand";
    const auto report = co_await world.entry().run(another);
    CHECK(report.opened == 0);
    CHECK(report.message.find("a look around") != std::string::npos);
    CHECK(world.order_posts() == orders);
    for (const auto& order : world.conditional_orders("C01USDT"))
      REQUIRE(world.exchange().cancel(0, order.ref()).has_value());
    const auto patrol = co_await world.patrol_minutes(1);
    CHECK(patrol.restored == 2);
  });
}

TEST_CASE("gate: whoever acted past us has taken the right to add risk away") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    REQUIRE(store::AccountHome::advance_fence(world.home().path()).has_value());
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 0);
    CHECK(world.order_posts() == 0);
  });
}

TEST_CASE("gate: a symbol that is being closed is not entered") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    const auto mark = world.desk().turns().mark_closing(Symbol("C01USDT"));
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 2);
    CHECK(world.position("C01USDT").is_zero());
  });
}

TEST_CASE("F13 entry: a request that reaches the exchange twice leaves one short, and a halt") {
  auto options = three_shorts();
  auto twice = fault_on(net::Method::post, "/fapi/v1/order", FaultRule::Effect::act_twice);
  twice.param = "symbol";
  twice.value = "C01USDT";
  options.server.faults = {twice};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto intents = world.store().intents_of("2025-10-10", Symbol("C01USDT"));
    Qty ordered;
    for (const auto& intent : intents)
      if (intent.kind == OrderKind::entry) ordered += intent.qty;
    CHECK(world.position("C01USDT") == -ordered);
    CHECK(world.store().find_open_holding(Symbol("C01USDT"))->qty == ordered);
    CHECK(world.home().latch().read().has_value());
    CHECK(has_alert(world, "C01USDT"));
    CHECK(stops_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("F14 entry: a fill that the stream tells before the answer is protected at once") {
  auto options = three_shorts();
  auto late = fault_on(net::Method::post, "/fapi/v1/order", FaultRule::Effect::delay);
  late.every = 1;
  late.count = 3;
  late.after = Seconds(3);
  options.server.faults = {late};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    trading::Watch watch(world.desk(), world.patrol());
    News news(world);
    TaskGroup entering(world.loop().io.get_executor());
    trading::EntryReport report;
    const auto enter = [](SimWorld& w, trading::EntryReport& out) -> Task<void> {
      out = co_await w.entry().run(w.slot());
    };
    entering.spawn(enter(world, report));
    while (entering.running() > 0) {
      co_await world.sleep(Millis(25));
      co_await news.tell(watch);
    }
    co_await entering.join();
    CHECK(report.opened == 3);
    CHECK(world.order_posts() == 3);
    CHECK(world.longest_unprotected() <= Millis(250));
    CHECK(stops_of(world, "C01USDT") == 1);
    CHECK(take_profits_of(world, "C01USDT") == 1);
  });
}

Task<void> enter_and_throw(SimWorld& world, std::string& what) {
  desk::EntryOrder order;
  order.symbol = Symbol("C01USDT");
  order.qty = Qty(Decimal::from_int(100));
  order.trade_day = "2025-10-10";
  try {
    (void)co_await world.desk().enter_short(order, [](desk::EntryResult) -> Task<void> {
      throw std::runtime_error("broken figures");
      co_return;
    });
  } catch (const std::runtime_error& error) {
    what = error.what();
  }
}

TEST_CASE("F14 entry: figures that break while the answer is under way do not lose the answer") {
  auto options = three_shorts();
  auto late = fault_on(net::Method::post, "/fapi/v1/order", FaultRule::Effect::delay);
  late.every = 1;
  late.count = 1;
  late.after = Seconds(3);
  options.server.faults = {late};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    trading::Watch watch(world.desk(), world.patrol());
    News news(world);
    TaskGroup entering(world.loop().io.get_executor());
    std::string what;
    const SteadyTime begin = world.loop().clock.steady_now();
    entering.spawn(enter_and_throw(world, what));
    while (entering.running() > 0) {
      co_await world.sleep(Millis(25));
      co_await news.tell(watch);
    }
    co_await entering.join();
    CHECK(what == "broken figures");
    CHECK(world.loop().clock.steady_now() - begin >= Seconds(3));
    CHECK(world.order_posts() == 1);
  });
}

TEST_CASE("F32 entry: refused for its form, the rules are read again and it is tried once more") {
  auto options = three_shorts();
  auto form = refusing("/fapi/v1/order", "symbol", "C01USDT", -1111, "Precision is over");
  form.every = 0;
  options.server.faults = {form};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 3);
    CHECK(world.position("C01USDT").is_negative());
  });
}

TEST_CASE("F20 entry: where no stop finds room, orphans make room, or the short is closed") {
  auto options = three_shorts();
  auto full = fault_on(net::Method::post, "/fapi/v1/algoOrder", FaultRule::Effect::refuse);
  full.param = "symbol";
  full.value = "C01USDT";
  full.every = 1;
  full.status = 400;
  full.code = -4045;
  options.server.faults = {full};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 2);
    CHECK(world.position("C01USDT").is_zero());
    CHECK(world.desk().gate().refusal()->find("conditional orders") != std::string::npos);
    (void)co_await world.patrol_minutes(1);
    CHECK_FALSE(world.desk().gate().refusal().has_value());
  });
}

}  // namespace
}  // namespace bb::test
