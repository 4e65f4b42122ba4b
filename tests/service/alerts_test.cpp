// What people are told about while a service runs: every kind that the service itself writes.
#include <doctest/doctest.h>

#include <algorithm>

#include "service/messages.h"
#include "service/sampler.h"
#include "service/sentinel.h"
#include "service/service.h"
#include "support/sim_world.h"

namespace bb::service::test {
namespace {

using bb::test::run_world;
using bb::test::SimWorld;
using bb::test::some_day;
using bb::test::WorldOptions;

// 07:40 in Shanghai.
const TimePoint kEntry = some_day() + Hours(23) + Minutes(40);

std::vector<store::OutboxMessage> of_kind(SimWorld& world, const std::string& kind) {
  auto all = world.store().pending_messages();
  std::erase_if(all, [&](const auto& message) { return message.topic != kind; });
  return all;
}

bool says(const store::OutboxMessage& message, const std::string& text) {
  return (message.title + "\n" + message.body).find(text) != std::string::npos;
}

TEST_CASE("alerts: every position is told when it is opened, and when it ends, with its PnL") {
  WorldOptions options;
  options.strategy.max_hold_hours = Decimal::from_int(1);
  run_world(options, [](SimWorld& world) -> Task<void> {
    Settings settings;
    settings.daily_loss_cut_enabled = false;
    Stop stop(world.loop().clock);
    Service service({world.desk(), world.strategy(), settings});
    TaskGroup group(world.loop().io.get_executor());
    group.spawn(service.run(stop));
    co_await world.sleep(kEntry + Minutes(70) - world.loop().clock.utc_now());
    stop.request();
    co_await group.join();
    const auto opened = of_kind(world, "position_opened");
    const auto closed = of_kind(world, "position_closed");
    REQUIRE(opened.size() >= 3);
    CHECK(closed.size() == opened.size());
    CHECK(says(opened.front(), "止损 / stop"));
    const auto holdings = world.store().load_holdings();
    REQUIRE(holdings.has_value());
    for (const auto& holding : *holdings) {
      Usdt pnl;
      const auto fills = world.store().load_fills_of(holding.id);
      REQUIRE(fills.has_value());
      CHECK(fills->size() >= 2);
      for (const auto& fill : *fills)
        pnl += fill.realized_pnl - fill.commission;
      const auto told = std::ranges::find_if(
          closed, [&](const auto& message) { return says(message, holding.symbol.str()); });
      REQUIRE(told != closed.end());
      CHECK(says(*told, pnl.str() + " USDT"));
      CHECK(says(*told, holding.close_reason));
    }
  });
}

TEST_CASE("alerts: a refused key and a ban are told at once, once, and when they are over") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Sentinel sentinel(world.desk());
    const Error key{ErrorKind::rejected, "Invalid API-key, IP, or permissions", -2015};
    const Error ban{ErrorKind::rate_limited, "banned until 12:00", -1003};
    for (int i = 0; i < 3; ++i)
      co_await sentinel.see(key);
    REQUIRE(of_kind(world, "api_key").size() == 1);
    CHECK(says(of_kind(world, "api_key")[0], "Invalid API-key"));
    co_await sentinel.see(ban);
    CHECK(of_kind(world, "rate_ban").size() == 1);
    CHECK(of_kind(world, "service").empty());
    co_await sentinel.see(std::nullopt);
    CHECK(of_kind(world, "service").size() == 2);
    co_await sentinel.see(key);
    CHECK(of_kind(world, "api_key").size() == 2);
  });
}

TEST_CASE("alerts: an exchange that is not reached is told when it lasts") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Sentinel sentinel(world.desk());
    const Error lost{ErrorKind::unreachable, "no route", 0};
    for (int i = 0; i < 4; ++i)
      co_await sentinel.see(lost);
    CHECK(of_kind(world, "alert").empty());
    co_await sentinel.see(lost);
    REQUIRE(of_kind(world, "alert").size() == 1);
    CHECK(says(of_kind(world, "alert")[0], "the exchange is not reached"));
    co_await sentinel.see(std::nullopt);
    CHECK(of_kind(world, "service").size() == 1);
  });
}

TEST_CASE("alerts: a clock that is wrong is told, and when it is right again") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Sentinel sentinel(world.desk());
    co_await sentinel.see(std::nullopt);
    CHECK(of_kind(world, "clock").empty());
    world.loop().clock.step_wall_clock(Seconds(9));
    co_await sentinel.see(std::nullopt);
    CHECK(of_kind(world, "clock").size() == 1);
    world.loop().clock.step_wall_clock(Seconds(-9));
    co_await sentinel.see(std::nullopt);
    CHECK(of_kind(world, "service").size() == 1);
  });
}

TEST_CASE("alerts: a service that was away for long says so when it is back") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    const Settings settings;
    Sentinel first(world.desk());
    co_await first.start();
    (void)co_await sample_equity(world.desk(), settings);
    co_await world.sleep(Minutes(3));
    Sentinel soon(world.desk());
    co_await soon.start();
    CHECK(of_kind(world, "service_down").empty());
    co_await world.sleep(Minutes(30));
    Sentinel late(world.desk());
    co_await late.start();
    REQUIRE(of_kind(world, "service_down").size() == 1);
    CHECK(says(of_kind(world, "service_down")[0], "(33 min)"));
  });
}

TEST_CASE("alerts: an operator's action is told with who, what and its result") {
  store::CommandRecord record;
  record.kind = "pause";
  record.who = "alice (bot)";
  record.arguments = "lunch";
  record.report_text = "entries are paused\n" + std::string(2000, 'x');
  record.state = store::CommandState::done;
  const auto message = operator_message(record, some_day());
  CHECK(message.topic == "operator");
  for (const char* part : {"alice (bot)", "pause", "lunch", "entries are paused"})
    CHECK(says(message, part));
  CHECK(message.body.size() < 1500);
}

}  // namespace
}  // namespace bb::service::test
