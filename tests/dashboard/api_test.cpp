#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "dashboard/site.h"
#include "net/json.h"
#include "sql/connection.h"

namespace bb::dashboard::test {
namespace {

using net::JsonDocument;
using net::Method;

Task<void> add_history(World& world) {
  const TimePoint now = world.loop().clock.utc_now();
  store::Batch batch;
  store::Run run{"run-1",
                 "2025-10-09",
                 now - Hours(30),
                 now - Hours(30) + Seconds(3),
                 store::RunStatus::success,
                 "10 opened"};
  batch.put(run);
  store::Holding held;
  held.id = world.store->next_holding_id();
  held.run_id = run.run_id;
  held.symbol = Symbol("<IMG>USDT");
  held.qty = Qty::parse("10").value();
  held.entry_price = Price::parse("2").value();
  held.tp_price = Price::parse("1.6").value();
  held.opened_at = held.created_at = held.updated_at = now - Hours(30);
  held.expire_at = now + Hours(17);
  batch.put(held);
  store::OrderEvent event;
  event.holding_id = held.id;
  event.symbol = held.symbol;
  event.type = "MARKET";
  event.side = "SELL";
  event.status = "FILLED";
  event.event_time = held.opened_at;
  batch.add(event);
  for (int i = 0; i < 120; ++i)
    batch.add(store::WalletSnapshot{now - Minutes(120 - i), Usdt(Decimal::from_int(1000 + i)),
                                    "API", ""});
  store::IncomeRecord flow{"TRANSFER", 1,  "USDT",        Usdt(Decimal::from_int(50)),
                           "",         "", now - Hours(1)};
  flow.is_cashflow = true;
  batch.add(flow);
  const auto stored = co_await world.store->commit(std::move(batch));
  REQUIRE(stored.has_value());
}

TEST_CASE("api: /api/dashboard has the original's fields, one by one") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    co_await add_history(world);
    const auto response = co_await world.ask({Method::get, "/api/dashboard?window_hours=2"});
    REQUIRE(response.status == 200);
    const auto document = JsonDocument::parse(response.body);
    REQUIRE(document.has_value());
    const auto root = document->root();
    const auto members = [](net::JsonView view) {
      std::string names;
      view.for_each_member(
          [&](std::string_view name, net::JsonView) { names += std::string(name) + " "; });
      return names;
    };
    CHECK(
        members(root) ==
        "generated_at_utc timezone now_local next_entry_local seconds_to_next_entry "
        "curve_window_hours curve_points summary wallet latest_run runs open_positions events "
        "cashflow_events unpriced_closed_details strategy_equity_curve balance_curve equity_curve "
        "drawdown_stats_strategy drawdown_stats_balance drawdown_stats log_tail config_path "
        "db_path service runtime_settings ");
    CHECK(members(root.at("summary")) ==
          "open_positions open_symbols recent_errors last_run_status wallet_balance_usdt "
          "net_cashflow_usdt ");
    CHECK(members(root.at("drawdown_stats_strategy")) ==
          "wallet_balance_usdt total_realized_pnl closed_trades_priced wins losses breakeven "
          "win_rate_pct gross_profit gross_loss_abs avg_win avg_loss_abs profit_factor "
          "avg_win_loss_ratio max_drawdown max_drawdown_pct current_drawdown current_drawdown_pct "
          "unpriced_closed_positions equity_baseline net_cashflow_usdt trade_realized_pnl ");
    CHECK(root.at("summary").at("open_positions").integer() == 1);
    CHECK(root.at("summary").at("net_cashflow_usdt").decimal() == Decimal::from_int(50));
    CHECK(root.at("balance_curve").size() == 120);
    CHECK(root.at("wallet").at("source").text() == "DB");
    // 119 earned on the account's curve, 50 of them paid in.
    CHECK(root.at("drawdown_stats").at("total_realized_pnl").decimal() == Decimal::from_int(119));
    CHECK(root.at("drawdown_stats_strategy").at("total_realized_pnl").decimal() ==
          Decimal::from_int(69));
  });
}

TEST_CASE("api: every address that looks answers, and refuses a parameter that it does not have") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    std::ofstream(world.folder.file("strategy_2025-10-10.log"))
        << "2025-10-10 00:00:00.000 - info - service started\n";
    co_await add_history(world);
    for (const auto& route : routes()) {
      if (route.method != Method::get || route.path.ends_with("/events")) continue;
      std::string path(route.path);
      if (const auto id = path.find("{id}"); id != std::string::npos)
        path.replace(id, 4, path.find("runs") != std::string::npos ? "run-1" : "1");
      if (route.path.ends_with("/candles")) continue;  // nobody here asks an exchange
      const auto response = co_await world.ask({Method::get, path});
      const bool is_health = path == "/healthz";
      CHECK_MESSAGE(response.status == (is_health ? 503 : 200), path, " ", response.body);
      if (!path.ends_with(".csv"))
        CHECK_MESSAGE(JsonDocument::parse(response.body).has_value(), path);
      if (route.access == Access::open) continue;
      const auto refused = co_await world.ask({Method::get, path + "?nonsense=1"});
      CHECK_MESSAGE(refused.status == 422, path);
    }
  });
}

TEST_CASE("api: out-of-range parameters of the original are a 422 that says the range") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    struct Bad {
      const char* query;
      const char* range;
    };
    for (const Bad& bad : {Bad{"log_lines=301", "from 0 to 300"},
                           {"window_hours=0", "above 0"},
                           {"window_hours=8785", "at most 8784"},
                           {"curve_points=99", "from 100"},
                           {"curve_points=5001", "to 5000"}}) {
      const auto response =
          co_await world.ask({Method::get, std::string("/api/dashboard?") + bad.query});
      CHECK(response.status == 422);
      CHECK_MESSAGE(error_of(response).find(bad.range) != std::string::npos, error_of(response));
    }
  });
}

TEST_CASE("api: a run is told with its positions; an unknown one and an unknown position are 404") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    co_await add_history(world);
    const auto run = co_await world.ask({Method::get, "/api/v1/runs/run-1"});
    CHECK(run.body.find("\"symbol\":\"<IMG>USDT\"") != std::string::npos);
    const auto none = co_await world.ask({Method::get, "/api/v1/runs/no-such"});
    CHECK(none.status == 404);
    const auto position = co_await world.ask({Method::get, "/api/v1/positions/77"});
    CHECK(position.status == 404);
  });
}

/// What the page says of the database; the addresses that need it agree.
Task<std::string> problem_of(World& world) {
  const auto state = co_await world.ask({Method::get, "/api/v1/state"});
  CHECK(state.status == 200);
  const auto document = JsonDocument::parse(state.body);
  CHECK(document->root().at("holder").at("state").text() == "unknown");
  std::string text;
  if (document->root().has("database_error")) text = document->root().at("database_error").text();
  const auto runs = co_await world.ask({Method::get, "/api/v1/runs"});
  CHECK(runs.status == (text.empty() ? 200 : 503));
  const auto old = co_await world.ask({Method::get, "/api/dashboard"});
  CHECK((old.body.find("DB_ERROR") != std::string::npos) == !text.empty());
  co_return text;
}

TEST_CASE("api: a missing, foreign, newer or damaged database is explained, and the rest is told") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string path = world.folder.file("state.db");
    const auto well = co_await problem_of(world);
    CHECK(well == "");
    world.store.reset();
    {
      auto writer = sql::Connection::open_writer(path, {});
      REQUIRE(writer->execute("PRAGMA user_version=99").has_value());
    }
    world.site().library.close();
    const auto newer = co_await problem_of(world);
    CHECK(newer.find("newer") != std::string::npos);
    {
      auto writer = sql::Connection::open_writer(path, {});
      REQUIRE(writer->execute("PRAGMA user_version=3").has_value());
    }
    const auto older = co_await problem_of(world);
    CHECK(older.find("the next start of the service") != std::string::npos);
    std::filesystem::remove(path);
    const auto missing = co_await problem_of(world);
    CHECK(missing.find("there is no database") != std::string::npos);
    std::ofstream(path) << "this is no database, whatever its name says, and long enough to tell";
    const auto nonsense = co_await problem_of(world);
    CHECK(nonsense.find("not a database") != std::string::npos);
  });
}

TEST_CASE("api: the log is told from its end, by level and text, without what a terminal obeys") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    {
      std::ofstream out(world.folder.file("strategy_2025-10-10.log"));
      for (int i = 0; i < 5000; ++i)
        out << "2025-10-10 00:00:00.000 - " << (i % 10 == 0 ? "error" : "info") << " - line n=" << i
            << " \x1b[31m<script>alert(1)</script>\n";
    }
    const auto all = co_await world.ask({Method::get, "/api/v1/logs?lines=3"});
    CHECK(all.body.find("n=4999") != std::string::npos);
    CHECK(all.body.find("n=4997") != std::string::npos);
    CHECK(all.body.find("n=4996") == std::string::npos);
    CHECK(all.body.find('\x1b') == std::string::npos);
    CHECK(all.body.find("\\u001b") == std::string::npos);
    const auto errors = co_await world.ask({Method::get, "/api/v1/logs?lines=1&level=error"});
    CHECK(errors.body.find("n=4990") != std::string::npos);
    const auto found = co_await world.ask({Method::get, "/api/v1/logs?text=N%3D1234"});
    CHECK(found.body.find("n=1234") != std::string::npos);
  });
}

TEST_CASE("api: a cell of the CSV that a spreadsheet would compute is quoted as text") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const TimePoint now = loop.clock.utc_now();
    store::Holding held;
    held.id = world.store->next_holding_id();
    held.symbol = Symbol("=HYPERLINK(\"http://evil\")");
    held.qty = Qty::parse("1").value();
    held.entry_price = Price::parse("2").value();
    held.opened_at = held.expire_at = held.created_at = held.updated_at = now;
    held.closed_at = now;
    held.status = store::HoldingStatus::closed_tp;
    held.close_reason = "TAKE_PROFIT_FILLED";
    store::Batch batch;
    batch.put(held);
    const auto stored = co_await world.store->commit(std::move(batch));
    REQUIRE(stored.has_value());
    const auto csv = co_await world.ask({Method::get, "/api/v1/closed.csv"});
    CHECK(csv.body.find("\"'=HYPERLINK(\"\"http://evil\"\")\"") != std::string::npos);
    CHECK(net::find_header(csv.headers, "Content-Type") == "text/csv; charset=utf-8");
  });
}

TEST_CASE("api: an action that says more than is understood does nothing") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, true);
    auto asked =
        co_await world.signed_in("correct horse battery", Method::post, "/api/v1/actions/prepare");
    for (const char* body :
         {R"({"action":"entry"})", R"({"action":"status"})",
          R"({"action":"flatten","side":"long"})", R"({"action":"flatten","percent":"101"})",
          R"({"action":"flatten","percent":50})", R"({"action":"pause","symbol":"BTCUSDT"})",
          R"({"action":"flatten","symbol":"A B"})", R"({})", "[]", "not json", ""}) {
      asked.body = body;
      const auto response = co_await world.ask(asked);
      CHECK_MESSAGE((response.status == 422 || response.status == 400), body);
    }
  });
}

}  // namespace
}  // namespace bb::dashboard::test
