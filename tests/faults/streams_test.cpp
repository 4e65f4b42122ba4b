// Faults of the account's stream, met by the whole service (reliability §2.4): entry, patrol and
// the loop that listens. What the stream alone does is in tests/binance/user_stream_test.cpp.
#include <functional>

#include "faults/scene.h"
#include "service/service.h"

namespace bb::test {
namespace {

service::Settings at_twenty_to_midnight() {
  service::Settings settings;
  settings.timezone = "UTC";
  settings.entry_hour = 23;
  settings.entry_minute = 40;
  settings.daily_loss_cut_enabled = false;
  return settings;
}

using Meddle = std::function<void(SimWorld&)>;

/// The service from 23:30 until 23:50. `meddle` is called at 23:39:50, before the entry, and again
/// at 23:45, when everything stands.
void run_service(const Meddle& before_entry, const Meddle& later, const Meddle& at_end) {
  run_world(three_shorts(), [&](SimWorld& world) -> Task<void> {
    const auto settings = at_twenty_to_midnight();
    service::Service service({world.desk(), world.strategy(), settings});
    Stop stop(world.loop().clock);
    TaskGroup group(world.loop().io.get_executor());
    group.spawn(service.run(stop));
    co_await world.sleep(Minutes(9) + Seconds(50));
    before_entry(world);
    co_await world.sleep(Minutes(5) + Seconds(10));
    later(world);
    co_await world.sleep(Minutes(5));
    check_safe(world);
    at_end(world);
    stop.request();
    co_await group.join();
  });
}

void nothing(SimWorld&) {}

void all_stand(SimWorld& world) {
  CHECK(world.store().open_holdings().size() == 3);
  CHECK(world.order_posts() == 3);
  for (const auto& holding : world.store().open_holdings()) {
    CHECK(holding.qty == world.position(holding.symbol.str()).abs());
    CHECK(stops_of(world, holding.symbol.str()) == 1);
    CHECK(take_profits_of(world, holding.symbol.str()) == 1);
  }
  const auto fills = world.store().load_fills();
  REQUIRE(fills.has_value());
  std::map<Symbol, Qty> sold;
  for (const auto& fill : *fills)
    sold[fill.symbol] += fill.qty;
  for (const auto& [symbol, qty] : sold)
    CHECK(qty == world.position(symbol.str()).abs());
}

void set_user_fault(SimWorld& world, paper::StreamFault fault) {
  paper::StreamFaults faults;
  faults.user = fault;
  world.server().set_stream_faults(faults);
}

TEST_CASE("F43: an entry under a silent stream is complete, and guarded as soon as with it") {
  run_service([](SimWorld& world) { set_user_fault(world, {.silent = true}); }, nothing, all_stand);
}

TEST_CASE("F43: a stop that somebody cancels while the stream is silent is placed again") {
  run_service([](SimWorld& world) { set_user_fault(world, {.silent = true}); },
              [](SimWorld& world) { cancel_by_hand(world, "C01USDT"); },
              [](SimWorld& world) { CHECK(stops_of(world, "C01USDT") == 1); });
}

TEST_CASE("F44: a listen key that expires during the entry costs nothing") {
  run_service([](SimWorld& world) { world.server().expire_listen_key(0); }, nothing, all_stand);
}

TEST_CASE("F45: events lost around a cut of the stream are made up for by reading the account") {
  run_service(
      [](SimWorld& world) {
        set_user_fault(world, {.drop = 40});
        world.server().disconnect_streams();
      },
      [](SimWorld& world) { world.server().disconnect_streams(); }, all_stand);
}

TEST_CASE("F47: every event twice: every fill is recorded once") {
  run_service([](SimWorld& world) { set_user_fault(world, {.duplicate = 1'000}); }, nothing,
              all_stand);
}

TEST_CASE("F48: events in another order, and later than the answers, end in the same state") {
  run_service([](SimWorld& world) { set_user_fault(world, {.swap = 500, .delay = Millis(700)}); },
              nothing, all_stand);
}

TEST_CASE("F54: a stop that somebody cancels is placed again within three seconds") {
  run_service(
      nothing, [](SimWorld& world) { cancel_by_hand(world, "C02USDT"); },
      [](SimWorld& world) { CHECK(world.longest_unprotected() <= kNakedMax); });
}

}  // namespace
}  // namespace bb::test
