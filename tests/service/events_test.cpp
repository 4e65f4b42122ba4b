// The service with the account's own stream: what happens at the exchange is known at once.
#include <algorithm>

#include "regressions/scenes.h"
#include "service/service.h"
#include "store/equity.h"

namespace bb::service::test {
namespace {

using bb::test::run_world;
using bb::test::SimWorld;
using bb::test::some_day;
using bb::test::stops_of;
using bb::test::WorldOptions;
using paper::FaultRule;

const TimePoint kEntry = some_day() + Hours(23) + Minutes(40);

Settings entry_only() {
  Settings settings;
  settings.daily_loss_cut_enabled = false;
  return settings;
}

WorldOptions three_shorts() {
  auto options = bb::test::three_shorts();
  options.start = kEntry - Minutes(5);
  return options;
}

/// Runs the service while `act` plays somebody else.
template <class Act>
Task<void> serve_while(SimWorld& world, Act act) {
  Stop stop(world.loop().clock);
  const Settings settings = entry_only();
  Service service({world.desk(), world.strategy(), settings});
  TaskGroup group(world.loop().io.get_executor());
  group.spawn(service.run(stop));
  co_await act(world);
  stop.request();
  co_await group.join();
}

Task<void> wait_until(SimWorld& world, TimePoint when) {
  co_await world.sleep(when - world.loop().clock.utc_now());
}

TEST_CASE("events: entries whose answers come three seconds late are protected by their events") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    auto late = bb::test::fault_on(net::Method::post, "/fapi/v1/order", FaultRule::Effect::delay);
    late.every = 1;
    late.count = 3;
    late.after = Seconds(3);
    world.server().faults().add(late);
    const auto act = [](SimWorld& w) -> Task<void> {
      co_await wait_until(w, kEntry + Minutes(1));
      CHECK(w.store().open_holdings().size() == 3);
    };
    co_await serve_while(world, act);
    CHECK(world.order_posts() == 3);
    CHECK(world.longest_unprotected() <= Millis(300));
  });
}

TEST_CASE("events: what somebody does by hand is answered within a second") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    const auto act = [](SimWorld& w) -> Task<void> {
      co_await wait_until(w, kEntry + Seconds(33));
      for (const auto& order : w.conditional_orders("C01USDT"))
        if (order.type == OrderType::stop_market)
          CHECK(w.exchange().cancel(0, order.ref()).has_value());
      exchange::OrderRequest close;
      close.symbol = Symbol("C02USDT");
      close.side = Side::buy;
      close.qty = w.position("C02USDT").abs();
      close.client_order_id = ClientOrderId("by-hand");
      CHECK(w.exchange().place(0, close).has_value());
      co_await w.sleep(Seconds(1));
      CHECK(stops_of(w, "C01USDT") == 1);
      CHECK_FALSE(w.store().find_open_holding(Symbol("C02USDT")).has_value());
    };
    co_await serve_while(world, act);
    CHECK(world.longest_unprotected() <= Seconds(1));
  });
}

TEST_CASE("events: every fill stands in the store once, and the wallet moved by what was booked") {
  auto options = three_shorts();
  options.funding_rate = 0.0005;
  options.strategy.max_hold_hours = Decimal::from_int(2);
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto act = [](SimWorld& w) -> Task<void> { co_await wait_until(w, kEntry + Hours(4)); };
    co_await serve_while(world, act);
    for (const auto* symbol : {"C01USDT", "C02USDT", "C03USDT"}) {
      const auto theirs = world.exchange().fills(0, Symbol(symbol));
      const auto ours = world.store().load_fills();
      REQUIRE(ours.has_value());
      const auto count = std::ranges::count(*ours, Symbol(symbol), &store::FillRecord::symbol);
      CHECK(count == static_cast<std::ptrdiff_t>(theirs.size()));
      CHECK(world.position(symbol).is_zero());
    }
    const auto readings = world.store().load_journal("wallet");
    auto income = world.store().load_income();
    REQUIRE(readings.has_value());
    REQUIRE(income.has_value());
    const auto points = store::wallet_points(*readings);
    CHECK(points.size() >= 4);
    CHECK(std::ranges::any_of(*income, [](const auto& row) { return row.type == "FUNDING_FEE"; }));
    CHECK(store::check_equity(points, *income).empty());
    income->erase(std::ranges::find(*income, "FUNDING_FEE", &store::IncomeRecord::type));
    CHECK_FALSE(store::check_equity(points, *income).empty());
  });
}

TEST_CASE("events: a stream that is cut closes the gate until the account has been read") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    const auto act = [](SimWorld& w) -> Task<void> {
      co_await wait_until(w, kEntry + Minutes(2));
      CHECK_FALSE(w.desk().gate().in_doubt());
      w.server().disconnect_streams();
      co_await w.sleep(Seconds(20));
      CHECK(w.desk().gate().doubts() >= 3);  // the start, the first stream, the second
      CHECK_FALSE(w.desk().gate().in_doubt());
    };
    co_await serve_while(world, act);
  });
}

}  // namespace
}  // namespace bb::service::test
