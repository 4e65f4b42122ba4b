// The files that a package ships: read as a user's would be, key by key, and what account B may do.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "app/doctor_checks.h"
#include "app/setup.h"
#include "service/service.h"

namespace bb::app::test {
namespace {

using bb::test::run_world;
using bb::test::SimWorld;
using bb::test::some_day;
using bb::test::WorldOptions;

std::string read(const std::string& name) {
  std::ifstream in(std::string(BB_SOURCE_DIR) + "/deploy/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  REQUIRE(!text.str().empty());
  return text.str();
}

std::unique_ptr<Config> load(const std::string& name) {
  auto config = load_config_text(read(name), "/etc/bubble-buster/" + name, {});
  CAPTURE(config ? "" : config.error().front());
  REQUIRE(config.has_value());
  return std::move(*config);
}

TEST_CASE("shipped files: A and B are read without a fault, and only the keys are missing") {
  for (const char* name : {"config.ini.example", "config_b.ini"}) {
    CAPTURE(name);
    const auto config = load(name);
    CHECK(check_environment(*config).empty());
    CHECK(check_credentials(*config).size() == 2);  // the placeholders, and nothing else
    CHECK(config->runtime.state_dir == "/var/lib/bubble-buster");
    CHECK(check_environment_word(*config).mark == Mark::fine);
    CHECK(check_time_zone(*config, some_day()).mark == Mark::fine);
    CHECK(check_proxy_settings(*config).mark == Mark::fine);
  }
}

TEST_CASE("shipped files: A and B share no lock, no database, no log and no port") {
  const auto a = load("config.ini.example");
  const auto b = load("config_b.ini");
  CHECK(a->runtime.lock_file != b->runtime.lock_file);
  CHECK(a->runtime.db_path != b->runtime.db_path);
  CHECK(a->runtime.log_dir != b->runtime.log_dir);
  CHECK(a->runtime.dashboard_port != b->runtime.dashboard_port);
  CHECK(!b->runtime.run_service_with_dashboard);
}

TEST_CASE("shipped files: every key stands below a comment that says what it is") {
  for (const char* name : {"config.ini.example", "config_b.ini"}) {
    std::istringstream lines(read(name));
    int below_comment = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("#")) below_comment = 8;
      if (line.empty() || line.starts_with("[")) below_comment = line.empty() ? 0 : 8;
      if (!line.contains(" =")) continue;
      CAPTURE(line);
      CHECK(below_comment-- > 0);
    }
  }
}

TEST_CASE("shipped files: A's values are the original's") {
  const auto a = load("config.ini.example");
  const Config defaults;
  CHECK(a->strategy.leverage == defaults.strategy.leverage);
  CHECK(a->strategy.top_n == defaults.strategy.top_n);
  CHECK(a->strategy.max_hold_hours == defaults.strategy.max_hold_hours);
  CHECK(a->runtime.entry_hour == 7);
  CHECK(a->runtime.entry_minute == 40);
  CHECK(a->runtime.entry_catchup_enabled);
  CHECK(a->runtime.dashboard_curve_points == 1200);
}

TEST_CASE("shipped files: cron's line acts in the loss cut's own minute, on a host in any zone") {
  const std::string cron = read("cron.example");
  const auto b = load("config_b.ini");
  const auto time = b->runtime.entry_schedule().zone.clock_text(service::DailySchedule{
      b->runtime.entry_schedule().zone, static_cast<int>(b->runtime.daily_loss_cut_hour),
      static_cast<int>(b->runtime.daily_loss_cut_minute)}
                                                                    .next(some_day())
                                                                    .at);
  CHECK(cron.find("* * * * * bubble-buster /usr/bin/bubble-buster loss-cut --at-local " + time +
                  " --config /etc/bubble-buster/config_b.ini\n") != std::string::npos);
  CHECK(cron.find("\nCRON_TZ") == std::string::npos);
}

// A day with everything that B may meet: entry times, a loss cut, longs and shorts at a loss.
TEST_CASE("shipped files: B never sends an order that adds risk") {
  WorldOptions options;
  options.start = some_day() + Hours(3) + Minutes(50);
  run_world(options, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    const auto b = load("config_b.ini");
    const std::string db = setup.config.runtime.db_path;
    const std::string lock = setup.config.runtime.lock_file;
    setup.config.runtime = b->runtime;
    setup.config.runtime.db_path = db;
    setup.config.runtime.lock_file = lock;
    setup.config.runtime.state_dir = setup.dir.path();
    setup.config.strategy = b->strategy;
    setup.config.runtime.manager_interval_sec = Decimal::from_int(600);  // the day passes sooner
    const auto by_hand = [&world](const char* symbol, Side side, const char* id) {
      exchange::OrderRequest order;
      order.symbol = Symbol(symbol);
      order.side = side;
      order.qty = Qty::parse("50").value();
      order.client_order_id = ClientOrderId(id);
      REQUIRE(world.exchange().place(0, order).has_value());
    };
    by_hand("C01USDT", Side::sell, "hand-1");  // it rises: a loss
    by_hand("C02USDT", Side::buy, "hand-2");
    const auto journal_before = world.exchange().journal().size();
    auto account = co_await Account::open(setup.ground(), {"service", true, false});
    if (!account) FAIL(account.error().text);
    // Around the loss cut, and around the time at which A enters.
    for (const Minutes pause : {Minutes(0), Minutes(19 * 60 + 35)}) {
      co_await world.sleep(pause);
      Stop stop(world.loop().clock);
      service::Service service({(*account)->desk(), setup.config.strategy, setup.config.runtime});
      TaskGroup group(world.loop().io.get_executor());
      group.spawn(service.run(stop));
      co_await world.sleep(Minutes(10));
      stop.request();
      co_await group.join();
    }
    CHECK(world.position("C01USDT").is_zero());  // the loss cut came
    CHECK(!world.position("C02USDT").is_zero());
    int sent = 0;
    const auto intents = (*account)->store().load_intents();
    REQUIRE(intents.has_value());
    for (const auto& intent : *intents) {
      ++sent;
      CHECK(intent.kind != OrderKind::entry);
      CHECK(intent.kind != OrderKind::redistribute);
      CHECK((intent.reduce_only || intent.close_position));
    }
    CHECK(sent >= 1);
    // And as the exchange saw it: no order after ours enlarged anything.
    const auto& journal = world.exchange().journal();
    CHECK(journal.size() > journal_before);
    CHECK((*account)->store().open_holdings().empty());
    CHECK((*account)->store().load_runs()->empty());
  });
}

}  // namespace
}  // namespace bb::app::test
