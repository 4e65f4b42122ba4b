#include "service/service.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "notify/outbox_pump.h"
#include "service/sampler.h"
#include "sql/connection.h"
#include "support/sim_world.h"

namespace bb::service::test {
namespace {

using bb::test::run_world;
using bb::test::SimWorld;
using bb::test::some_day;
using bb::test::WorldOptions;

// The world's slot is 23:40 UTC of some_day(): 07:40 in Shanghai.
const TimePoint kEntry = some_day() + Hours(23) + Minutes(40);
const char* const kEntryDate = "2025-10-11";

/// The schedule of the tests: entry at 23:40 UTC, no loss cut, everything else as shipped.
Settings entry_only() {
  Settings settings;
  settings.daily_loss_cut_enabled = false;
  return settings;
}

/// Loss cut at 23:45 UTC (07:45 in Shanghai), no entry.
Settings cut_only() {
  Settings settings;
  settings.entry_enabled = false;
  settings.daily_loss_cut_hour = 7;
  settings.daily_loss_cut_minute = 45;
  return settings;
}

Task<void> serve_until(SimWorld& world, const Settings& settings, TimePoint until) {
  Clock& clock = world.loop().clock;
  Stop stop(clock);
  Service service({world.desk(), world.strategy(), settings});
  TaskGroup group(world.loop().io.get_executor());
  group.spawn(service.run(stop));
  co_await sleep_for(clock, until - clock.utc_now());
  stop.request();
  co_await group.join();
}

Task<void> wait_until(SimWorld& world, TimePoint when) {
  co_await world.sleep(when - world.loop().clock.utc_now());
}

std::optional<TimePoint> first_order(SimWorld& world) {
  for (const auto& entry : world.exchange().journal())
    if (entry.kind == sim::JournalEntry::Kind::order_accepted) return entry.time;
  return std::nullopt;
}

int requests_to(SimWorld& world, net::Method method, const std::string& path) {
  return static_cast<int>(std::ranges::count_if(world.server().request_log(), [&](const auto& r) {
    return r.method == method && r.path == path;
  }));
}

bool has_message(const store::Store& store, const std::string& topic, const std::string& text) {
  return std::ranges::any_of(store.pending_messages(), [&](const auto& message) {
    return message.topic == topic && (message.title + message.body).find(text) != std::string::npos;
  });
}

store::SlotState slot_state(SimWorld& world, Job job, const char* date = kEntryDate) {
  const auto* slot = world.store().find_slot(job, date);
  REQUIRE(slot != nullptr);
  return slot->state;
}

TEST_CASE("service: the first order leaves at the minute, prepared before it") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    const Settings settings = entry_only();
    co_await serve_until(world, settings, kEntry + Minutes(2));
    const auto* run = world.store().find_run("2025-10-10");
    REQUIRE(run != nullptr);
    CHECK(run->status == store::RunStatus::success);
    CHECK(slot_state(world, Job::entry) == store::SlotState::done);
    const auto first = first_order(world);
    REQUIRE(first.has_value());
    CHECK(*first >= kEntry);
    CHECK(*first <= kEntry + Millis(60));
    CHECK(world.store().open_holdings().size() == 10);
    CHECK(world.errors().empty());
  });
}

TEST_CASE("service: a slot that is done is left alone by the next start") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    const Settings settings = entry_only();
    co_await serve_until(world, settings, kEntry + Minutes(1));
    const int orders = world.order_posts();
    co_await world.restart();
    co_await serve_until(world, settings, kEntry + Minutes(10));
    CHECK(world.order_posts() == orders);
    CHECK(world.store().load_runs()->size() == 1);
  });
}

TEST_CASE("service: without catch-up a missed entry is skipped with its reason, and told") {
  WorldOptions options;
  options.start = kEntry + Seconds(61);
  run_world(options, [](SimWorld& world) -> Task<void> {
    Settings settings = entry_only();
    settings.entry_catchup_enabled = false;
    co_await serve_until(world, settings, kEntry + Minutes(5));
    CHECK(slot_state(world, Job::entry) == store::SlotState::skipped);
    CHECK_FALSE(world.store().find_slot(Job::entry, kEntryDate)->reason.empty());
    CHECK(world.order_posts() == 0);
    CHECK(has_message(world.store(), "service_late", "07:40 Asia/Shanghai"));
  });
}

TEST_CASE("service: without catch-up fifty seconds late is still its minute") {
  WorldOptions options;
  options.start = kEntry + Seconds(50);
  run_world(options, [](SimWorld& world) -> Task<void> {
    Settings settings = entry_only();
    settings.entry_catchup_enabled = false;
    co_await serve_until(world, settings, kEntry + Minutes(5));
    CHECK(slot_state(world, Job::entry) == store::SlotState::done);
    CHECK(world.store().open_holdings().size() == 10);
  });
}

TEST_CASE("service: with catch-up a late start runs the slot of the day it was planned for") {
  WorldOptions options;
  options.start = kEntry + Minutes(60);  // 00:40 UTC of the next day
  run_world(options, [](SimWorld& world) -> Task<void> {
    co_await serve_until(world, entry_only(), kEntry + Minutes(65));
    CHECK(world.store().find_run("2025-10-10") != nullptr);
    CHECK(world.store().find_run("2025-10-11") == nullptr);
    CHECK(slot_state(world, Job::entry) == store::SlotState::done);
  });
}

TEST_CASE("service: an interrupted slot is resumed inside its window, and ended outside it") {
  for (const bool in_time : {true, false}) {
    WorldOptions options;
    options.start = kEntry + (in_time ? Minutes(5) : Minutes(121));
    run_world(options, [in_time](SimWorld& world) -> Task<void> {
      store::Run run;
      run.run_id = "run-2025-10-10";
      run.trade_day_utc = "2025-10-10";
      run.started_at = kEntry;
      store::Batch batch;
      batch.put(run);
      batch.put(store::Slot{Job::entry, kEntryDate, store::SlotState::running, "", kEntry});
      (void)co_await world.store().commit(std::move(batch));
      co_await serve_until(world, entry_only(), world.loop().clock.utc_now() + Minutes(5));
      const auto* after = world.store().find_run("2025-10-10");
      REQUIRE(after != nullptr);
      CHECK(after->status == (in_time ? store::RunStatus::success : store::RunStatus::failed));
      CHECK(slot_state(world, Job::entry) ==
            (in_time ? store::SlotState::done : store::SlotState::skipped));
      CHECK((world.order_posts() > 0) == in_time);
    });
  }
}

TEST_CASE("service: an entry that failed is tried again while its window is open") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    co_await wait_until(world, kEntry - Minutes(1));
    paper::FaultRule broken;
    broken.path_prefix = "/fapi/v1/ticker/24hr";
    broken.every = 1;
    world.server().faults().add(broken);
    TaskGroup mending(world.loop().io.get_executor());
    const auto mend = [](SimWorld& w) -> Task<void> {
      co_await wait_until(w, kEntry + Seconds(50));
      w.server().faults().clear();
    };
    mending.spawn(mend(world));
    co_await serve_until(world, entry_only(), kEntry + Minutes(5));
    co_await mending.join();
    CHECK(slot_state(world, Job::entry) == store::SlotState::done);
    CHECK(world.store().open_holdings().size() == 10);
    CHECK(*first_order(world) > kEntry + Seconds(50));
  });
}

TEST_CASE("service: a clock set back after the entry does not fire it again") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    TaskGroup operating(world.loop().io.get_executor());
    const auto set_back = [](SimWorld& w) -> Task<void> {
      co_await wait_until(w, kEntry + Minutes(3));
      w.loop().clock.step_wall_clock(-Millis(Minutes(20)));
    };
    operating.spawn(set_back(world));
    co_await serve_until(world, entry_only(), kEntry + Minutes(40));
    co_await operating.join();
    CHECK(world.store().load_runs()->size() == 1);
    CHECK(world.store().load_holdings()->size() == 10);
  });
}

TEST_CASE("service: an account without entry sends nothing that adds risk or changes settings") {
  WorldOptions options;
  run_world(options, [](SimWorld& world) -> Task<void> {
    co_await serve_until(world, cut_only(), kEntry + Minutes(10));
    CHECK(world.order_posts() == 0);
    CHECK(requests_to(world, net::Method::post, "/fapi/v1/leverage") == 0);
    CHECK(requests_to(world, net::Method::post, "/fapi/v1/marginType") == 0);
    CHECK(world.store().find_slot(Job::entry, kEntryDate) == nullptr);
    CHECK(slot_state(world, Job::loss_cut) == store::SlotState::done);
  });
}

TEST_CASE("service: the loss cut starts within its own minute only, and a miss is told") {
  WorldOptions options;
  options.start = kEntry + Minutes(6) + Seconds(1);  // 61 s after 23:45
  run_world(options, [](SimWorld& world) -> Task<void> {
    co_await serve_until(world, cut_only(), kEntry + Minutes(10));
    CHECK(slot_state(world, Job::loss_cut) == store::SlotState::skipped);
    CHECK(has_message(world.store(), "service_late", "07:45 Asia/Shanghai"));
  });
}

TEST_CASE("service: with a grace a late loss cut still runs") {
  WorldOptions options;
  options.start = kEntry + Minutes(14);
  run_world(options, [](SimWorld& world) -> Task<void> {
    Settings settings = cut_only();
    settings.daily_loss_cut_grace_min = 10;
    co_await serve_until(world, settings, kEntry + Minutes(20));
    CHECK(slot_state(world, Job::loss_cut) == store::SlotState::done);
  });
}

TEST_CASE("service: the loss cut does not wait for a long entry") {
  WorldOptions options;
  options.strategy.entry_shrink_retry_count = 20;
  options.strategy.entry_shrink_step_pct = Decimal::from_int(1);
  run_world(options, [](SimWorld& world) -> Task<void> {
    Settings settings;
    settings.entry_catchup_enabled = true;
    settings.daily_loss_cut_hour = 7;
    settings.daily_loss_cut_minute = 41;
    co_await wait_until(world, kEntry - Minutes(5));
    world.server().set_delays(Seconds(4), Seconds(4));
    paper::FaultRule poor;  // tried with less and less: an entry of minutes
    poor.method = net::Method::post;
    poor.path_prefix = "/fapi/v1/order";
    poor.param = "symbol";
    poor.value = "C01USDT";
    poor.every = 1;
    poor.status = 400;
    poor.code = -2019;
    world.server().faults().add(poor);
    co_await serve_until(world, settings, kEntry + Minutes(10));
    const auto* cut = world.store().find_slot(Job::loss_cut, kEntryDate);
    const auto* run = world.store().find_run("2025-10-10");
    REQUIRE(cut != nullptr);
    REQUIRE(run != nullptr);
    REQUIRE(run->completed_at.has_value());
    CHECK(*run->completed_at > kEntry + Minutes(2));
    CHECK(cut->state == store::SlotState::done);
    CHECK(cut->updated_at < kEntry + Minutes(2));
  });
}

TEST_CASE("service: patrols keep their cadence, each with an equity sample") {
  WorldOptions options;
  options.start = some_day() + Hours(20);
  run_world(options, [](SimWorld& world) -> Task<void> {
    Settings settings = entry_only();
    co_await serve_until(world, settings, some_day() + Hours(20) + Minutes(10) + Seconds(30));
    const auto samples = world.store().load_snapshots();
    REQUIRE(samples.has_value());
    CHECK(samples->size() == 11);  // at the start, and ten minutes
    for (const auto& sample : *samples) {
      CHECK(sample.error.empty());
      CHECK(sample.equity.str() == "10000");
    }
  });
}

TEST_CASE("service: without run_manage_on_startup the first patrol comes after an interval") {
  WorldOptions options;
  options.start = some_day() + Hours(20);
  run_world(options, [](SimWorld& world) -> Task<void> {
    Settings settings = entry_only();
    settings.run_manage_on_startup = false;
    co_await serve_until(world, settings, some_day() + Hours(20) + Seconds(50));
    CHECK(world.store().load_snapshots()->empty());
  });
}

TEST_CASE("service: positions that are closed by time-out are not taken over again") {
  WorldOptions options;
  options.strategy.max_hold_hours = Decimal::from_int(1);
  run_world(options, [](SimWorld& world) -> Task<void> {
    const Settings settings = entry_only();
    co_await serve_until(world, settings, kEntry + Minutes(65));
    const auto holdings = world.store().load_holdings();
    REQUIRE(holdings.has_value());
    CHECK(holdings->size() == 10);
    for (const auto& holding : *holdings)
      CHECK(holding.status == store::HoldingStatus::closed_timeout);
    CHECK(world.errors().empty());
  });
}

TEST_CASE("service: after a delay only so many patrols follow each other at once") {
  WorldOptions options;
  options.start = some_day() + Hours(20);
  run_world(options, [](SimWorld& world) -> Task<void> {
    Settings settings = entry_only();
    settings.sync_cashflows = false;
    settings.manager_max_catch_up_runs = 2;
    settings.manager_interval_sec = Decimal::from_int(1);
    const TimePoint begin = world.loop().clock.utc_now();
    paper::FaultRule slow;
    slow.path_prefix = "/fapi/v1/openAlgoOrders";
    slow.first = 2;  // the first patrol of the loop takes eight intervals
    slow.effect = paper::FaultRule::Effect::delay;
    slow.before = Seconds(8);
    world.server().faults().add(slow);
    co_await serve_until(world, settings, begin + Millis(12'700));
    const auto samples = world.store().load_snapshots();
    REQUIRE(samples.has_value());
    // One at the start, the slow one, one that follows it at once, and then again each second.
    // All eight that were missed would make twelve.
    CHECK(samples->size() >= 5);
    CHECK(samples->size() <= 7);
  });
}

TEST_CASE("sampler: a failed read of the positions is an error row, not a cliff") {
  WorldOptions options;
  options.start = some_day() + Hours(20);
  run_world(options, [](SimWorld& world) -> Task<void> {
    paper::FaultRule broken;
    broken.path_prefix = "/fapi/v3/positionRisk";
    broken.every = 1;
    world.server().faults().add(broken);
    const Settings settings;
    const auto sample = co_await sample_equity(world.desk(), settings);
    CHECK_FALSE(sample.error.empty());
    CHECK(sample.equity.is_zero());
    const auto rows = world.store().load_snapshots();
    REQUIRE(rows->size() == 1);
    CHECK(rows->front().error == sample.error);
  });
}

TEST_CASE("sampler: equity is the wallet and what all positions float at") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    co_await serve_until(world, entry_only(), kEntry + Minutes(3));
    const Settings settings;
    const auto sample = co_await sample_equity(world.desk(), settings);
    const auto balance = world.exchange().balance(0);
    CHECK(sample.equity == balance.wallet + balance.unrealized_pnl);
    CHECK(sample.equity != Usdt(Decimal::from_int(10'000)));
  });
}

TEST_CASE("sampler: deposits are found behind any number of fees, and marked as cash flow") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    const Settings settings = entry_only();
    co_await serve_until(world, settings, kEntry + Minutes(3));
    CHECK(world.store().load_income()->size() >= 10);
    CHECK(income_start(world.store(), kEntry) < *world.store().last_income_time());
    (void)world.exchange().transfer(0, Usdt(Decimal::from_int(250)));
    co_await world.sleep(Seconds(2));
    const auto first = co_await sync_income(world.desk(), settings);
    CHECK(first.has_value());
    const auto rows = world.store().load_income();
    const auto deposits = std::ranges::count_if(*rows, [](const auto& row) {
      return row.is_cashflow && row.type == "TRANSFER" && row.amount.str() == "250";
    });
    CHECK(deposits == 1);
    const auto again = co_await sync_income(world.desk(), settings);
    CHECK(again.has_value());
    CHECK(world.store().load_income()->size() == rows->size());
  });
}

TEST_CASE("sampler: a deposit behind more than a page of fees is found") {
  WorldOptions options;
  options.start = some_day() + Hours(20);
  run_world(options, [](SimWorld& world) -> Task<void> {
    const Settings settings = entry_only();
    const auto first = co_await sync_income(world.desk(), settings);
    CHECK(first.has_value());
    exchange::OrderRequest churn;
    churn.symbol = Symbol("C01USDT");
    churn.qty = Qty(Decimal::from_int(100));
    for (int i = 0; i < 1100; ++i) {  // a page of the exchange has 1000 rows
      churn.side = i % 2 == 0 ? Side::buy : Side::sell;
      churn.client_order_id = ClientOrderId("churn-" + std::to_string(i));
      co_await world.sleep(Millis(500));
      world.server().advance();
      REQUIRE(world.exchange().place(0, churn).has_value());
    }
    REQUIRE(world.exchange().transfer(0, Usdt(Decimal::from_int(250))).has_value());
    for (int i = 0; i < 2; ++i) {
      co_await world.sleep(Minutes(1));
      const auto synced = co_await sync_income(world.desk(), settings);
      CHECK(synced.has_value());
    }
    const auto rows = world.store().load_income();
    REQUIRE(rows.has_value());
    Usdt deposits;
    for (const auto& row : *rows)
      if (row.is_cashflow) deposits += row.amount;
    CHECK(deposits.str() == "10250");  // what the account began with, and the deposit
  });
}

TEST_CASE("sampler: what a short pays and gets as funding is recorded with its coin") {
  WorldOptions options;
  options.funding_rate = 0.0005;
  run_world(options, [](SimWorld& world) -> Task<void> {
    co_await serve_until(world, entry_only(), kEntry + Minutes(22));  // past 00:00 UTC
    auto theirs = world.exchange().income(0);
    std::erase_if(theirs, [](const auto& row) { return row.type != "FUNDING_FEE"; });
    REQUIRE(theirs.size() == 10);
    const auto ours = world.store().load_income();
    REQUIRE(ours.has_value());
    for (const auto& row : theirs) {
      INFO(row.symbol);
      const auto same = std::ranges::find_if(*ours, [&](const auto& each) {
        return each.type == row.type && each.transaction_id == row.transaction_id;
      });
      REQUIRE(same != ours->end());
      CHECK(same->symbol == row.symbol);
      CHECK(same->amount == row.amount);
    }
  });
}

/// A vendor that takes every message, slowly.
class SlowNotifier final : public notify::Notifier {
 public:
  SlowNotifier(Clock& clock, int& sent) : clock_(clock), sent_(sent) {}
  std::string name() const override { return "slow"; }
  Task<notify::DeliveryResult> send(notify::Letter) override {
    ++sent_;
    co_await sleep_for(clock_, Seconds(10));
    co_return notify::DeliveryResult{notify::DeliveryResult::Fate::delivered};
  }

 private:
  Clock& clock_;
  int& sent_;
};

TEST_CASE("service: a vendor that takes ten seconds delays no job") {
  WorldOptions options;
  options.strategy.max_hold_hours = Decimal::from_int(1);
  options.coins = bb::test::gainers(12);
  options.coins[9].course.insert(options.coins[9].course.end(), {{1480, 1.38}});
  run_world(options, [](SimWorld& world) -> Task<void> {
    Settings settings = entry_only();
    settings.daily_loss_cut_enabled = true;
    settings.daily_loss_cut_hour = 8;  // fifty minutes after the entry; leaves what fell
    settings.daily_loss_cut_minute = 30;
    Clock& clock = world.loop().clock;
    int sent = 0;
    notify::Channels channels;
    channels.push_back(std::make_unique<SlowNotifier>(clock, sent));
    const notify::NotifySettings talk;
    const Log quiet(LogLevel::error, [](LogLevel, std::string_view) {});
    notify::OutboxPump pump({world.store(), channels, talk, clock, quiet, "paper-world"});
    Stop stop(clock);
    TaskGroup messages(world.loop().io.get_executor());
    messages.spawn(pump.run(stop));
    co_await serve_until(world, settings, kEntry + Minutes(65));
    stop.request();
    co_await messages.join();
    CHECK(sent >= 3);  // the entry, the cut, and what the time-out closed
    CHECK(slot_state(world, Job::entry) == store::SlotState::done);
    CHECK(slot_state(world, Job::loss_cut) == store::SlotState::done);
    CHECK(world.store().find_slot(Job::entry, kEntryDate)->updated_at < kEntry + Seconds(8));
    CHECK(world.store().find_slot(Job::loss_cut, kEntryDate)->updated_at <
          kEntry + Minutes(50) + Seconds(5));
    const auto samples = world.store().load_snapshots();
    REQUIRE(samples.has_value());
    REQUIRE(samples->size() > 60);
    for (std::size_t i = 1; i < samples->size(); ++i) {
      INFO(iso_millis((*samples)[i].captured_at));
      CHECK((*samples)[i].captured_at - (*samples)[i - 1].captured_at < Seconds(68));
    }
  });
}

TEST_CASE("service: a stop is obeyed within a round trip") {
  WorldOptions options;
  options.start = some_day() + Hours(20);
  run_world(options, [](SimWorld& world) -> Task<void> {
    Clock& clock = world.loop().clock;
    const TimePoint until = clock.utc_now() + Minutes(3) + Seconds(17);
    co_await serve_until(world, entry_only(), until);
    CHECK(clock.utc_now() - until < Millis(500));
  });
}

// 19:40 in Shanghai, half a day from the entry.
const TimePoint kCheck = some_day() + Hours(11) + Minutes(40);

WorldOptions from(TimePoint start) {
  WorldOptions options;
  options.start = start;
  return options;
}

// Nonsense over the first page of a table that nobody reads here.
void spoil_database(const std::string& path) {
  auto connection = sql::Connection::open_writer(path, {}).value();
  const auto page =
      connection.query_integer("SELECT rootpage FROM sqlite_master WHERE name='locks'").value();
  const auto size = connection.query_integer("PRAGMA page_size").value();
  REQUIRE(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").has_value());
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp((page - 1) * size);
  file << std::string(static_cast<std::size_t>(size), 'Z');
}

TEST_CASE("service: damage of the database is found half a day from the entry, and told") {
  run_world(from(kCheck - Minutes(5)), [](SimWorld& world) -> Task<void> {
    spoil_database(world.database());
    co_await serve_until(world, entry_only(), kCheck - Seconds(1));
    CHECK(world.errors().empty());
    co_await serve_until(world, entry_only(), kCheck + Minutes(5));
    REQUIRE(world.errors().size() == 1);
    CHECK(world.errors()[0].find("database check failed") != std::string::npos);
    CHECK(world.errors()[0].find("is damaged") != std::string::npos);
    CHECK(has_message(world.store(), "database", "database check failed"));
  });
}

TEST_CASE("service: a sound database is checked without a word, and a late start makes up for it") {
  run_world(from(kCheck + Hours(10)), [](SimWorld& world) -> Task<void> {
    co_await serve_until(world, entry_only(), kCheck + Hours(10) + Minutes(1));
    CHECK_FALSE(has_message(world.store(), "database", "database check"));
    CHECK(world.errors().empty());
    spoil_database(world.database());
    co_await serve_until(world, entry_only(), kCheck + Hours(10) + Minutes(2));
    CHECK(has_message(world.store(), "database", "database check failed"));
  });
}

TEST_CASE("service: a start shortly before the entry does not check the database") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    spoil_database(world.database());
    co_await serve_until(world, entry_only(), kEntry - Seconds(10));
    CHECK(world.errors().empty());
  });
}

}  // namespace
}  // namespace bb::service::test
