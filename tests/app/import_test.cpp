// The Python program's configuration as ours, and the day on which the two change places.
#include <doctest/doctest.h>

#include <algorithm>

#include "app/import_config.h"
#include "app/setup.h"
#include "service/service.h"
#include "store/import.h"
#include "support/python_state.h"

namespace bb::app::test {
namespace {

using bb::test::run_world;
using bb::test::SimWorld;
using bb::test::some_day;
using bb::test::WorldOptions;

// Its shipped example, with an account's keys in it.
constexpr const char* kOld = R"(
[binance]
api_key = 64CharactersOfAKey
api_secret = half%%of-a-secret
base_url = http://127.0.0.1:8790/
timeout_sec = 10
retry_count = 3
retry_delay_sec = 1
recv_window = 5000
http_pool_maxsize = 64
[strategy]
leverage = 2
top_n = 10
volume_threshold = 0
tp_price_drop_pct = 20
sl_liq_buffer_pct = 1
max_hold_hours = 47.5
trigger_price_type = CONTRACT_PRICE
allocation_splits = 10
entry_fee_buffer_pct = 1.0
entry_shrink_retry_count = 3
entry_shrink_step_pct = 10.0
entry_rank_fetch_multiplier = 3
ranker_max_workers = 24
ranker_weight_limit_per_minute = 1000
ranker_min_request_interval_ms = 20
rebalance_enabled = false
rebalance_pre_entry_reduce = true
rebalance_after_entry = true
rebalance_utilization = 0.98
rebalance_deadband_pct = 0.03
rebalance_min_adjust_notional_usdt = 1.0
rebalance_max_single_adjust_pct = 0.80
rebalance_max_adjust_orders = 30
rebalance_mode = equal_risk
rebalance_age_decay_half_life_hours = 36
[runtime]
timezone = Asia/Shanghai
entry_hour = 7
entry_minute = 40
entry_misfire_grace_min = 120
entry_catchup_enabled = true
daily_loss_cut_enabled = true
daily_loss_cut_hour = 11
daily_loss_cut_minute = 55
daily_loss_cut_scope = tracked
manager_interval_sec = 60
manager_max_catch_up_runs = 3
service_loop_sleep_sec = 1.0
run_manage_on_startup = true
wallet_snapshot_asset = USDT
sync_cashflows = true
cashflow_income_types = TRANSFER,WELCOME_BONUS
dashboard_host = 127.0.0.1
dashboard_port = 8787
dashboard_refresh_sec = 5
dashboard_curve_points = 1200
run_service_with_dashboard = true
lock_file = runtime.lock
lock_wait_sec = 30
db_path = state.db
log_dir = logs
log_level = INFO
[notify]
enabled = true
serverchan_sendkey =
http_proxy =
https_proxy =
[Settings]
volume_threshold = 1000000
)";

TranslatedConfig translate(const std::string& text, TranslateOptions options = {}) {
  auto done = translate_config(text, "old.ini", options);
  REQUIRE(done.has_value());
  return std::move(*done);
}

std::string text_of(const TranslatedConfig& done) {
  return config_text({"a test"}, done.keys, done.more);
}

std::unique_ptr<Config> load(const TranslatedConfig& done) {
  auto config = load_config_text(text_of(done), "/nowhere/config.ini", {});
  CAPTURE(config ? "" : config.error().front());
  REQUIRE(config.has_value());
  return std::move(*config);
}

std::string change_of(const TranslatedConfig& done, const std::string& key) {
  for (const auto& change : done.changes)
    if (change.find("] " + key + ":") != std::string::npos) return change;
  return "";
}

TEST_CASE("import: every key of the original's example means the same in the new file") {
  const auto done = translate(kOld);
  const auto config = load(done);
  CHECK(config->binance.api_secret.reveal() == "half%of-a-secret");
  CHECK(config->binance.environment == "paper");
  CHECK(config->binance.http_pool_maxsize == 64);
  CHECK(config->strategy.max_hold_hours.str() == "47.5");
  CHECK(config->strategy.entry_shrink_step_pct == Decimal::from_int(10));
  CHECK(config->runtime.dashboard_curve_points == 1200);
  CHECK(config->runtime.cashflow_income_types.size() == 2);
  CHECK(config->legacy.volume_threshold == "1000000");
  // Nothing is lost and nothing is invented: every key of the old file stands in the new one.
  const auto old = parse_ini(kOld, "old.ini");
  const auto now = parse_ini(text_of(done), "new.ini");
  REQUIRE(old.has_value());
  REQUIRE(now.has_value());
  for (const auto& entry : old->entries) {
    CAPTURE(entry.key);
    CHECK(std::ranges::any_of(now->entries, [&](const auto& e) {
      return e.section == entry.section && e.key == entry.key;
    }));
  }
  // The secret's change is told, the secret is not.
  CHECK(change_of(done, "api_secret").find("literal") != std::string::npos);
  for (const auto& change : done.changes)
    CHECK(change.find("secret-") == std::string::npos);
}

TEST_CASE("import: what the original clamped, replaced or ignored is written as what it used") {
  const auto done = translate(
      "[binance]\nretry_count = 0\napi_key = YOUR_API_KEY\nnonsense = 1\ntimeout_sec = 7.5\n"
      "[strategy]\nentry_fee_buffer_pct = 99\nranker_max_workers = 0\nrebalance_enabled = yes\n"
      "[runtime]\ntimezone = Mars/Olympus\nentry_hour = 31\nentry_minute = -5\n"
      "daily_loss_cut_scope = EVERYTHING\nentry_catchup_enabled = false\n"
      "dashboard_curve_points = 9\nservice_loop_sleep_sec = 0.01\n"
      "[notify]\nhttp_proxy = http://proxy:1\nhttps_proxy =\n",
      {.is_live_meant = false, .is_same_folder = true});
  const auto config = load(done);
  CHECK(config->binance.retry_count == 1);
  CHECK(config->binance.timeout_sec == 8);
  CHECK(config->strategy.entry_fee_buffer_pct == Decimal::from_int(95));
  CHECK(config->strategy.ranker_max_workers == 1);
  CHECK(!config->strategy.rebalance_enabled);
  CHECK(config->runtime.timezone == "UTC");
  CHECK(config->runtime.entry_hour == 7);
  CHECK(config->runtime.entry_minute == 55);
  CHECK(config->runtime.daily_loss_cut_scope == "tracked");
  CHECK(config->runtime.dashboard_curve_points == 100);
  CHECK(config->runtime.service_loop_sleep_sec.str() == "0.2");
  CHECK(config->notify.http_proxy.empty());
  CHECK(config->runtime.db_path == "/nowhere/bubble-buster.db");
  for (const char* key :
       {"retry_count", "nonsense", "timeout_sec", "entry_fee_buffer_pct", "ranker_max_workers",
        "rebalance_enabled", "timezone", "entry_hour", "entry_minute", "daily_loss_cut_scope",
        "entry_catchup_enabled", "dashboard_curve_points", "service_loop_sleep_sec", "http_proxy",
        "db_path", "api_key", "environment"}) {
    CAPTURE(key);
    CHECK(!change_of(done, key).empty());
  }
}

TEST_CASE("import: the live exchange is switched on by the owner's word alone") {
  const std::string old = "[binance]\nbase_url = https://fapi.binance.com\n";
  CHECK(!check_environment(*load(translate(old))).empty());
  CHECK(text_of(translate(old)).find("\n#environment = live\n") != std::string::npos);
  CHECK(check_environment(*load(translate(old, {.is_live_meant = true}))).empty());
}

TEST_CASE("import: Python's interpolation and [DEFAULT] mean what they meant") {
  const auto config =
      load(translate("[DEFAULT]\nlog_level = DEBUG\nwhere = /srv/bot\n"
                     "[binance]\nbase_url = http://127.0.0.1:1\n"
                     "[runtime]\nlog_dir = %(where)s/logs\n"));
  CHECK(config->runtime.log_dir == "/srv/bot/logs");
  CHECK(config->runtime.log_level == "DEBUG");
}

// ---- the day of the switch ------------------------------------------------------------------

const TimePoint kEntry = some_day() + Hours(23) + Minutes(40);  // 07:40 in Shanghai

void take_over(Setup& setup, const std::string& more) {
  setup.config.runtime.daily_loss_cut_enabled = false;
  const auto source = setup.dir.file("old.db");
  bb::test::write_python_state(source, false, "UPDATE positions SET status='CLOSED_TP';" + more);
  store::ImportOptions options;
  options.source = source;
  options.target = setup.config.runtime.db_path;
  options.apply = true;
  options.now = setup.world.loop().clock.utc_now();
  const auto schedule = setup.config.runtime.entry_schedule();
  options.slots_of = [schedule](const std::string& day, TimePoint started) {
    return used_slots(schedule, day, started);
  };
  const auto done = store::import_python_database(options);
  CAPTURE(done ? "" : done.error().text);
  REQUIRE(done.has_value());
}

TEST_CASE("import: the day of the switch is not entered twice, by the service or by hand") {
  struct Case {
    const char* what;
    std::string run;
  };
  const auto run = [](const char* key, const char* started, const char* status) {
    return std::string("INSERT INTO runs VALUES('r3','") + key + "','" + started + "',NULL,'" +
           status + "','');";
  };
  for (const Case& each :
       {Case{"done", run("2025-10-10", "2025-10-10T23:40:00+00:00", "SUCCESS")},
        Case{"failed", run("2025-10-10", "2025-10-10T23:40:00+00:00", "FAILED")},
        Case{"killed in the middle", run("2025-10-10", "2025-10-10T23:40:01+00:00", "RUNNING")},
        Case{"early, by hand", run("2025-10-10", "2025-10-10T22:55:00+00:00", "SUCCESS")},
        Case{"late, under the next day's key",
             run("2025-10-11", "2025-10-11T00:10:00+00:00", "SUCCESS")},
        Case{"by hand, under a word", run("again", "2025-10-10T23:41:00+00:00", "FAILED")}}) {
    CAPTURE(each.what);
    WorldOptions options;
    options.start = kEntry + Minutes(35);  // within the grace: it would still start
    run_world(options, [&each](SimWorld& world) -> Task<void> {
      Setup setup(world);
      take_over(setup, each.run);
      auto account = co_await Account::open(setup.ground(), {"service", true, false});
      if (!account) FAIL(account.error().text);
      desk::Desk& desk = (*account)->desk();
      Clock& clock = world.loop().clock;
      {
        Stop stop(clock);
        service::Service service({desk, setup.config.strategy, setup.config.runtime});
        TaskGroup group(world.loop().io.get_executor());
        group.spawn(service.run(stop));
        co_await world.sleep(Minutes(20));
        stop.request();
        co_await group.join();
      }
      CHECK(world.order_posts() == 0);
      service::Jobs jobs({desk, setup.config.strategy, setup.config.runtime});
      const auto slot = setup.config.runtime.entry_schedule().of_today(clock.utc_now());
      const auto by_hand = co_await jobs.enter(slot, std::nullopt);
      REQUIRE(by_hand.has_value());
      CHECK(by_hand->status == trading::EntryStatus::skipped);
      CHECK(world.order_posts() == 0);
    });
  }
}

TEST_CASE("import: the next day is entered as ever") {
  WorldOptions options;
  options.start = kEntry + Hours(23) + Minutes(45);
  run_world(options, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    take_over(setup,
              "INSERT INTO runs VALUES('r3','2025-10-10','2025-10-10T23:40:00+00:00',NULL,"
              "'SUCCESS','');");
    auto account = co_await Account::open(setup.ground(), {"service", true, false});
    if (!account) FAIL(account.error().text);
    Stop stop(world.loop().clock);
    service::Service service({(*account)->desk(), setup.config.strategy, setup.config.runtime});
    TaskGroup group(world.loop().io.get_executor());
    group.spawn(service.run(stop));
    co_await world.sleep(Minutes(20));
    stop.request();
    co_await group.join();
    CHECK((*account)->store().open_holdings().size() == 10);
    CHECK((*account)->store().find_run("2025-10-11") != nullptr);
  });
}

TEST_CASE(
    "import: an open short of the Python program stays protected by its own orders, and ends") {
  WorldOptions options;
  options.start = kEntry + Minutes(35);
  run_world(options, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    // What that program left on the exchange: a short, its stop, its take-profit.
    exchange::OrderRequest entry;
    entry.symbol = Symbol("C01USDT");
    entry.side = Side::sell;
    entry.qty = Qty::parse("10").value();
    entry.client_order_id = ClientOrderId("t10s-ent-C01USDT-00000001");
    REQUIRE(world.exchange().place(0, entry).has_value());
    const Price price = (co_await world.account().fetch_positions())->front().entry;
    exchange::OrderRequest stop;
    stop.symbol = entry.symbol;
    stop.side = Side::buy;
    stop.type = OrderType::stop_market;
    stop.close_position = true;
    stop.trigger_price = price + price;
    stop.client_order_id = ClientOrderId("t10s-sl-C01USDT-00000002");
    const auto placed = world.exchange().place(0, stop);
    CAPTURE(placed ? "" : placed.error().text);
    REQUIRE(placed.has_value());
    const auto opened = std::string("'2025-10-10T23:40:00+00:00'");
    take_over(setup, "INSERT INTO positions VALUES(20,'r2','C01USDT','SHORT',10," + price.str() +
                         ",NULL,NULL,NULL," + (price + price).str() +
                         ",NULL,NULL,NULL,'t10s-sl-C01USDT-00000002'," + opened +
                         ",'2025-10-11T02:00:00+00:00',NULL,NULL,'OPEN',NULL,NULL," + opened + "," +
                         opened +
                         ");"
                         "INSERT INTO runs VALUES('r3','2025-10-10'," +
                         opened + ",NULL,'SUCCESS','');");
    auto account = co_await Account::open(setup.ground(), {"service", true, false});
    if (!account) FAIL(account.error().text);
    Stop halt(world.loop().clock);
    service::Service service({(*account)->desk(), setup.config.strategy, setup.config.runtime});
    TaskGroup group(world.loop().io.get_executor());
    group.spawn(service.run(halt));
    co_await world.sleep(Minutes(3));
    CHECK(world.position("C01USDT") == -entry.qty);
    const auto holding = (*account)->store().find_open_holding(entry.symbol);
    REQUIRE(holding.has_value());
    CHECK(holding->tp_price.has_value());  // the missing take-profit was added
    CHECK(world.conditional_orders("C01USDT").size() >= 2);
    CHECK(world.longest_unprotected() <= Seconds(1));
    // Its time is up as that program had planned it.
    co_await world.sleep(parse_utc_instant("2025-10-11T02:05:00Z").value() -
                         world.loop().clock.utc_now());
    CHECK(world.position("C01USDT").is_zero());
    halt.request();
    co_await group.join();
    CHECK((*account)->store().open_holdings().empty());
    CHECK((*account)->store().load_holdings()->back().status ==
          store::HoldingStatus::closed_timeout);
  });
}

}  // namespace
}  // namespace bb::app::test
