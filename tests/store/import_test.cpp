// The Python program's database into ours: exact, once, whole, or not at all.
#include "store/import.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "store/account_home.h"
#include "store/store.h"
#include "support/python_state.h"
#include "support/run.h"

namespace bb::store {
namespace {

using bb::test::TempDir;
using bb::test::write_python_state;

const TimePoint kNow = parse_utc_instant("2025-10-10T01:00:00Z").value();

struct Scene {
  TempDir dir;
  ImportOptions options;
  Scene() {
    options.source = dir.file("old.db");
    options.target = dir.file("state.db");
    options.apply = true;
    options.now = kNow;
    // 07:40 in Shanghai: the slot of the next local day.
    options.slots_of = [](const std::string& day, TimePoint) {
      const auto next = utc_date(parse_utc_date(day).value_or(kNow) + Hours(24));
      return std::vector<SlotName>{{next, day}};
    };
  }
  ImportReport import() {
    const auto report = import_python_database(options);
    CAPTURE(report ? "" : report.error().text);
    REQUIRE(report.has_value());
    return *report;
  }
  std::string refusal() {
    const auto report = import_python_database(options);
    REQUIRE(!report.has_value());
    return report.error().text;
  }
};

const TableImport& table(const ImportReport& report, const std::string& name) {
  for (const auto& each : report.tables)
    if (each.table == name) return each;
  FAIL("no table " << name);
  return report.tables.front();
}

std::unique_ptr<Store> open(const std::string& path, bb::test::SimLoop& loop) {
  auto store = Store::open({.path = path, .threaded = false, .sync = false}, "paper-me",
                           loop.io.get_executor(), loop.clock, Log(LogLevel::error, null_sink()));
  CAPTURE(store ? "" : store.error().text);
  REQUIRE(store.has_value());
  return std::move(*store);
}

TEST_CASE("import: every row is there, its money exactly, and the service opens what was made") {
  Scene scene;
  write_python_state(scene.options.source);
  const auto report = scene.import();
  CHECK(report.is_whole());
  CHECK(!report.has_fills);
  for (const auto& each : report.tables) {
    CAPTURE(each.table);
    CHECK(each.added == each.found);
    CHECK(each.total_there == each.total_here);
  }
  CHECK(table(report, "wallet_snapshots").total_here == "1000.70");
  CHECK(table(report, "cashflow_events").total_here == "1000.00");

  bb::test::SimLoop loop(kNow);
  const auto store = open(scene.options.target, loop);
  const auto held = store->find_open_holding(Symbol("BTCUSDT"));
  REQUIRE(held.has_value());
  CHECK(held->qty.str() == "0.003");
  CHECK(held->entry_price.str() == "102100.1");
  CHECK(held->sl_price->str() == "148500.2");
  CHECK(held->sl_client_order_id.str() == "t10s-sl-BTCUSDT-dddddddd");
  CHECK(held->sl_order_id == 2002);
  CHECK(held->run_id == "r2");
  CHECK(held->side == PositionSide::both);
  CHECK(iso_seconds(held->expire_at) == "2025-10-11T23:10:02+00:00");
  const auto holdings = store->load_holdings();
  REQUIRE(holdings.has_value());
  REQUIRE(holdings->size() == 2);
  CHECK(holdings->front().status == HoldingStatus::closed_daily_loss_cut);
  CHECK(holdings->front().close_reason == "DAILY_FLOATING_LOSS_CHECK");
  const auto snapshots = store->load_snapshots();
  REQUIRE(snapshots.has_value());
  REQUIRE(snapshots->size() == 3);
  CHECK(snapshots->back().equity.str() == "0.3");  // not 0.30000000000000004
  const auto events = store->load_order_events(held->id);
  REQUIRE(events.has_value());
  REQUIRE(events->size() == 1);
  CHECK(events->front().price.str() == "148500.2");
  const auto income = store->load_income();
  REQUIRE(income.has_value());
  REQUIRE(income->size() == 1);
  CHECK(income->front().transaction_id == 98765432101);
  CHECK(store->last_income_time() == parse_utc_instant("2025-10-01T08:00:00Z").value());
}

TEST_CASE("import: a second time adds nothing; what closed meanwhile closes, what is new comes") {
  Scene scene;
  write_python_state(scene.options.source, true);
  const auto first = scene.import();
  CHECK(first.has_fills);
  CHECK(table(first, "fills").added == 1);
  CHECK(table(first, "rebalance_actions").added == 1);
  const auto second = scene.import();
  for (const auto& each : second.tables) {
    CAPTURE(each.table);
    CHECK(each.added == 0);
    CHECK(each.changed == 0);
    CHECK(each.known == each.found);
  }
  {
    auto db = sql::Connection::open_writer(scene.options.source, {});
    REQUIRE(db.has_value());
    const auto changed = db->execute(
        "UPDATE positions SET status='CLOSED_TP', closed_at_utc='2025-10-10T00:30:00+00:00' "
        "WHERE id=8;"
        "INSERT INTO wallet_snapshots VALUES(4,'2025-10-09T23:43:00+00:00',7.25,'API',NULL,'');");
    REQUIRE(changed.has_value());
  }
  const auto third = scene.import();
  CHECK(table(third, "positions").changed == 1);
  CHECK(table(third, "positions").added == 0);
  CHECK(table(third, "wallet_snapshots").added == 1);
  bb::test::SimLoop loop(kNow);
  const auto store = open(scene.options.target, loop);
  CHECK(store->open_holdings().empty());
  CHECK(store->load_journal("python.fills")->size() == 1);
}

TEST_CASE("import: after the service has written beside it, nothing of either is doubled or lost") {
  Scene scene;
  write_python_state(scene.options.source);
  scene.import();
  bb::test::run_sim([&scene](bb::test::SimLoop& loop) -> Task<void> {
    const auto store = open(scene.options.target, loop);
    Batch batch;
    Run run{"run-2025-10-10", "2025-10-10", kNow, {}, RunStatus::success, ""};
    Holding holding;
    holding.id = store->next_holding_id();
    holding.run_id = run.run_id;
    holding.symbol = Symbol("SOLUSDT");
    holding.qty = Qty::parse("2").value();
    batch.put(run).put(holding);
    batch.add(WalletSnapshot{kNow, Usdt::parse("5").value(), "API", {}});
    const auto stored = co_await store->commit(std::move(batch));
    CHECK(stored.has_value());
  });
  const auto again = scene.import();
  for (const auto& each : again.tables)
    CHECK(each.added == 0);
  bb::test::SimLoop loop(kNow);
  const auto store = open(scene.options.target, loop);
  CHECK(store->open_holdings().size() == 2);
  CHECK(store->load_snapshots()->size() == 4);
  // Another account's database is another's.
  CHECK(find_owner(scene.options.target).value() == "paper-me");
}

TEST_CASE("import: the slots that its runs used are over, whatever became of them") {
  Scene scene;
  write_python_state(scene.options.source);
  const auto report = scene.import();
  CHECK(report.used_slots == std::vector<std::string>{"2025-10-09", "2025-10-10"});
  bb::test::SimLoop loop(kNow);
  const auto store = open(scene.options.target, loop);
  const auto* slot = store->find_slot(Job::entry, "2025-10-10");
  REQUIRE(slot != nullptr);
  CHECK(slot->state == SlotState::done);
  CHECK(store->find_run("2025-10-09")->status == RunStatus::failed);
}

TEST_CASE("import: a run under another day's key uses up the day that it was meant for, too") {
  Scene scene;
  write_python_state(scene.options.source, false,
                     "UPDATE runs SET trade_day_utc='2025-10-10', "
                     "started_at_utc='2025-10-10T00:10:00+00:00' WHERE run_id='r2';");
  scene.options.slots_of = [](const std::string& day, TimePoint) {
    if (day != "2025-10-10") return std::vector<SlotName>{{"2025-10-09", "2025-10-08"}};
    return std::vector<SlotName>{{"2025-10-10", "2025-10-09"}, {"2025-10-11", "2025-10-10"}};
  };
  scene.import();
  bb::test::SimLoop loop(kNow);
  const auto store = open(scene.options.target, loop);
  CHECK(store->find_run("2025-10-10")->run_id == "r2");
  REQUIRE(store->find_run("2025-10-09") != nullptr);
  CHECK(store->find_run("2025-10-09")->run_id == "python-r2-2025-10-09");
  CHECK(store->find_slot(Job::entry, "2025-10-10") != nullptr);
  CHECK(store->find_slot(Job::entry, "2025-10-11") != nullptr);
}

TEST_CASE("import: a dry run reports the same and writes no byte") {
  Scene scene;
  write_python_state(scene.options.source);
  scene.options.apply = false;
  const auto looked = scene.import();
  CHECK(table(looked, "positions").added == 2);
  CHECK(!std::filesystem::exists(scene.options.target));
  scene.options.apply = true;
  scene.import();
  scene.options.apply = false;
  const auto size = std::filesystem::file_size(scene.options.target);
  const auto again = scene.import();
  CHECK(table(again, "positions").known == 2);
  CHECK(std::filesystem::file_size(scene.options.target) == size);
}

TEST_CASE("import: of two open rows of a symbol the newer one is open") {
  Scene scene;
  write_python_state(scene.options.source, false,
                     "INSERT INTO positions SELECT 9,'r1',symbol,side,qty,entry_price,"
                     "NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-10-07T23:40:00+00:00',"
                     "expire_at_utc,NULL,NULL,'OPEN',NULL,NULL,created_at_utc,updated_at_utc FROM "
                     "positions WHERE id=8;");
  const auto report = scene.import();
  CHECK(report.open.size() == 1);
  bb::test::SimLoop loop(kNow);
  const auto store = open(scene.options.target, loop);
  REQUIRE(store->open_holdings().size() == 1);
  CHECK(iso_seconds(store->open_holdings().front().opened_at) == "2025-10-09T23:40:02+00:00");
}

TEST_CASE("import: what cannot be understood is left out by name; an open position stops it all") {
  Scene scene;
  write_python_state(scene.options.source, false,
                     "UPDATE wallet_snapshots SET captured_at_utc='yesterday' WHERE id=1;"
                     "UPDATE positions SET side='LONG' WHERE id=7;");
  const auto report = scene.import();
  CHECK(!report.is_whole());
  CHECK(table(report, "wallet_snapshots").left_out == 1);
  CHECK(table(report, "positions").left_out == 1);
  std::string notes;
  for (const auto& note : report.notes)
    notes += note + "\n";
  CHECK(notes.find("wallet_snapshots 1: captured_at_utc is 'yesterday'") != std::string::npos);
  CHECK(notes.find("positions 7: side is 'LONG'") != std::string::npos);

  Scene broken;
  write_python_state(broken.options.source, false,
                     "UPDATE positions SET opened_at_utc='' WHERE id=8;");
  CHECK(broken.refusal().find("1 of 1 open positions") != std::string::npos);
  bb::test::SimLoop loop(kNow);
  CHECK(open(broken.options.target, loop)->load_runs()->empty());  // all, or nothing
}

TEST_CASE("import: a wrong source is refused with a sentence, and the source is never written") {
  Scene scene;
  CHECK(scene.refusal().find("there is no database") != std::string::npos);
  write_python_state(scene.options.source);
  const auto before = std::filesystem::last_write_time(scene.options.source);
  Scene other;
  other.options.source = scene.options.source;
  other.options.target = scene.options.source;
  CHECK(other.refusal().find("the Python program's own file") != std::string::npos);
  scene.import();
  CHECK(std::filesystem::last_write_time(scene.options.source) == before);
  Scene ours;
  ours.options.source = scene.options.target;
  CHECK(ours.refusal().find("marked as another's") != std::string::npos);
}

}  // namespace
}  // namespace bb::store
