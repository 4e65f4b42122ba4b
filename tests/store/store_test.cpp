// What the store remembers and refuses, on one loop, inline.
#include "store/store.h"

#include <doctest/doctest.h>

#include "builders.h"
#include "sql/connection.h"

namespace bb::test {
namespace {

using store::Batch;
using store::HoldingStatus;
using store::IntentState;
using store::Store;

void append(Batch& batch, const auto& row) {
  if constexpr (requires { batch.put(row); })
    batch.put(row);
  else
    batch.add(row);
}

// Commits the rows as one batch; it must succeed.
Task<void> commit(Store& opened, const auto&... rows) {
  Batch batch;
  (append(batch, rows), ...);
  const Status status = co_await opened.commit(std::move(batch));
  CHECK(status.has_value());
}

// What the batch of these rows is refused with; empty when it is not.
Task<std::string> refusal(Store& opened, const auto&... rows) {
  Batch batch;
  (append(batch, rows), ...);
  const Status status = co_await opened.commit(std::move(batch));
  if (status) co_return std::string();
  CHECK(status.error().kind == ErrorKind::conflict);
  co_return status.error().text;
}

TEST_CASE("store: open state is the same after a reopen") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    {
      auto opened = open_store(loop, path);
      store::Holding holding = a_holding(opened->next_holding_id(), "BTCUSDT");
      holding.run_id = a_run("2025-10-10").run_id;
      holding.sl_price = Price(dec("2.4"));
      holding.sl_client_order_id = ClientOrderId("stop-1");
      holding.sl_order_id = 42;
      const store::Slot slot{Job::entry, "2025-10-10", store::SlotState::running, "", some_day()};
      co_await commit(*opened, a_run("2025-10-10"), holding, an_intent("entry-1", "BTCUSDT"), slot);
    }
    auto opened = open_store(loop, path);
    const auto holding = opened->find_open_holding(Symbol("BTCUSDT"));
    REQUIRE(holding.has_value());
    CHECK(holding->run_id == "run-2025-10-10");
    CHECK(holding->qty == Qty(dec("10")));
    CHECK(holding->sl_price == Price(dec("2.4")));
    CHECK(!holding->tp_price.has_value());
    CHECK(holding->sl_client_order_id.str() == "stop-1");
    CHECK(holding->sl_order_id == 42);
    CHECK(holding->expire_at == some_day() + Hours(47));
    CHECK(opened->next_holding_id() == holding->id + 1);
    REQUIRE(opened->find_run("2025-10-10") != nullptr);
    CHECK(opened->find_run("2025-10-10")->status == store::RunStatus::running);
    REQUIRE(opened->find_slot(Job::entry, "2025-10-10") != nullptr);
    CHECK(opened->find_slot(Job::loss_cut, "2025-10-10") == nullptr);
    REQUIRE(opened->unresolved_intents().size() == 1);
    CHECK(opened->unresolved_intents()[0].state == IntentState::sent);
    CHECK(opened->holdings_of_run("run-2025-10-10").size() == 1);
  });
}

TEST_CASE("store: a change is in memory and on its way before anybody awaits the commit") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_store(loop, dir.file("state.db"));
    Batch batch;
    batch.put(an_intent("close-1", "BTCUSDT"));
    {
      const Task<Status> never_awaited = opened->commit(std::move(batch));
      CHECK(opened->find_intent(ClientOrderId("close-1")) != nullptr);
    }
    CHECK(count_rows(dir.file("state.db"), "intents") == 1);
    co_return;
  });
}

TEST_CASE("store: applying the same rows twice changes nothing") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_store(loop, dir.file("state.db"));
    store::Holding holding = a_holding(opened->next_holding_id(), "BTCUSDT");
    store::IncomeRecord funding;
    funding.type = "FUNDING_FEE";
    funding.transaction_id = 9;
    funding.asset = "USDT";
    funding.amount = Usdt(dec("-0.5"));
    funding.time = some_day();
    funding.is_cashflow = true;
    const store::JournalRow fact{"stream", "order-1", some_day(), some_day(), "{}"};
    store::FillRecord other = a_fill("BTCUSDT", 5);
    other.qty = Qty(dec("99"));
    for (int i = 0; i < 2; ++i) {
      co_await commit(*opened, a_run("2025-10-10"), holding, an_intent("e", "BTCUSDT"));
      co_await commit(*opened, a_fill("BTCUSDT", 5), funding, fact);
    }
    co_await commit(*opened, other);
    for (const char* table :
         {"runs", "positions", "intents", "fills", "income", "cashflow_events", "journal"}) {
      CAPTURE(table);
      CHECK(count_rows(dir.file("state.db"), table) == 1);
    }
    CHECK(opened->load_fills().value()[0].qty == Qty(dec("10")));
    CHECK(opened->open_holdings().size() == 1);
  });
}

TEST_CASE("store: a batch that contradicts the open state changes nothing") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_store(loop, dir.file("state.db"));
    const auto first = opened->next_holding_id();
    const auto second = opened->next_holding_id();
    co_await commit(*opened, a_run("2025-10-10"), a_holding(first, "BTCUSDT"));

    const std::string two_open =
        co_await refusal(*opened, a_holding(second, "BTCUSDT"), a_run("2025-10-11"));
    CHECK(two_open.find("BTCUSDT already has the open holding") != std::string::npos);
    CHECK(opened->find_run("2025-10-11") == nullptr);
    CHECK(opened->open_holdings().size() == 1);

    store::Run again = a_run("2025-10-10");
    again.run_id = "another";
    const std::string two_runs = co_await refusal(*opened, again);
    CHECK(two_runs.find("already has run run-2025-10-10") != std::string::npos);

    store::Run moved = a_run("2025-10-12");
    moved.run_id = "run-2025-10-10";
    const std::string other_day = co_await refusal(*opened, moved);
    CHECK(other_day.find("is of trade day 2025-10-10") != std::string::npos);

    store::Holding stray = a_holding(second, "ETHUSDT");
    stray.run_id = "no-such-run";
    const std::string no_run = co_await refusal(*opened, stray);
    CHECK(no_run.find("is not known") != std::string::npos);
    const std::string no_id = co_await refusal(*opened, a_holding(0, "ETHUSDT"));
    CHECK(no_id.find("next_holding_id()") != std::string::npos);

    store::FillRecord fill = a_fill("BTCUSDT", 1);
    fill.holding_id = 777;
    const std::string no_holding = co_await refusal(*opened, fill);
    CHECK(no_holding.find("holding 777 is not known") != std::string::npos);
    // A number that was given out and never put names no row, also when later ones were put.
    const auto reserved = opened->next_holding_id();
    co_await commit(*opened, a_holding(opened->next_holding_id(), "ETHUSDT"));
    fill.holding_id = reserved;
    const std::string not_put = co_await refusal(*opened, fill, an_intent("e", "BTCUSDT"));
    CHECK(not_put.find("is not known") != std::string::npos);
    CHECK(opened->find_intent(ClientOrderId("e")) == nullptr);
    CHECK(count_rows(dir.file("state.db"), "runs") == 1);
    CHECK(count_rows(dir.file("state.db"), "positions") == 2);
    CHECK(opened->healthy());
  });
}

TEST_CASE("store: rows of a batch may refer to rows that are put after them") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_store(loop, dir.file("state.db"));
    store::Holding holding = a_holding(opened->next_holding_id(), "BTCUSDT");
    holding.run_id = "run-2025-10-10";
    store::FillRecord fill = a_fill("BTCUSDT", 1);
    fill.holding_id = holding.id;
    co_await commit(*opened, fill, holding, a_run("2025-10-10"));
    CHECK(opened->load_fills().value()[0].holding_id == holding.id);
  });
}

TEST_CASE("store: a fill of a holding that is older than memory reaches is taken") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    auto opened = open_store(loop, path);
    store::Holding old = a_holding(opened->next_holding_id(), "BTCUSDT");
    old.status = HoldingStatus::closed_tp;
    co_await commit(*opened, old);
    co_await sleep_for(loop.clock, Hours(24 * 41));
    store::FillRecord fill = a_fill("BTCUSDT", 1);
    fill.holding_id = old.id;
    co_await commit(*opened, fill);
    opened.reset();
    opened = open_store(loop, path);
    fill.trade_id = 2;
    co_await commit(*opened, fill);
    CHECK(count_rows(path, "fills") == 2);
  });
}

TEST_CASE("store: a symbol can be closed and opened again, also in one batch") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_store(loop, dir.file("state.db"));
    store::Holding first = a_holding(opened->next_holding_id(), "BTCUSDT");
    const store::Holding second = a_holding(opened->next_holding_id(), "BTCUSDT");
    co_await commit(*opened, first);
    first.status = HoldingStatus::closed_tp;
    first.closed_at = some_day() + Hours(1);
    first.close_reason = "TAKE_PROFIT_FILLED";
    co_await commit(*opened, first, second);
    CHECK(opened->find_open_holding(Symbol("BTCUSDT"))->id == second.id);
    const auto all = opened->load_holdings().value();
    REQUIRE(all.size() == 2);
    CHECK(all[0].status == HoldingStatus::closed_tp);
    CHECK(all[0].close_reason == "TAKE_PROFIT_FILLED");
    CHECK(all[0].closed_at == some_day() + Hours(1));
  });
}

TEST_CASE("store: an intent that was answered never becomes sent again") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_store(loop, dir.file("state.db"));
    store::Intent intent = an_intent("entry-1", "BTCUSDT");
    co_await commit(*opened, intent);
    co_await commit(*opened, intent);
    intent.state = IntentState::unknown;
    co_await commit(*opened, intent);
    CHECK(opened->unresolved_intents().size() == 1);
    intent.state = IntentState::done;
    intent.executed_qty = Qty(dec("10"));
    intent.evidence = "fills";
    co_await commit(*opened, intent);
    CHECK(opened->unresolved_intents().empty());
    intent.state = IntentState::sent;
    const std::string again = co_await refusal(*opened, intent);
    CHECK(again.find("already sent") != std::string::npos);
    CHECK(opened->find_intent(intent.client_order_id)->state == IntentState::done);
    CHECK(opened->load_intents().value()[0].evidence == "fills");
  });
}

TEST_CASE("store: attempt numbers go on after a reopen and after intents have left memory") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    auto opened = open_store(loop, path);
    const Symbol btc("BTCUSDT");
    const auto next = [&opened, btc] {
      return opened->next_attempt("2025-10-10", Job::entry, btc, OrderKind::entry);
    };
    CHECK(next() == 0);
    store::Intent done = an_intent("e0", "BTCUSDT", 0);
    done.state = IntentState::done;
    co_await commit(*opened, done, an_intent("e3", "BTCUSDT", 3));
    CHECK(next() == 4);
    CHECK(opened->next_attempt("2025-10-10", Job::entry, btc, OrderKind::stop) == 0);
    CHECK(opened->intents_of("2025-10-10", btc).size() == 2);

    co_await sleep_for(loop.clock, Hours(24 * 9));
    for (int i = 0; i < 2; ++i) {
      co_await commit(*opened, store::WalletSnapshot{loop.clock.utc_now(), {}, "API", ""});
      CHECK(opened->find_intent(ClientOrderId("e0")) == nullptr);
      CHECK(opened->find_intent(ClientOrderId("e3")) != nullptr);
      CHECK(opened->unresolved_intents().size() == 1);
      CHECK(next() == 4);
      opened.reset();
      opened = open_store(loop, path);
    }
    CHECK(opened->load_intents().value().size() == 2);
  });
}

TEST_CASE("store: unresolved intents come oldest first, open holdings by symbol") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto opened = open_store(loop, ":memory:");
    store::Intent late = an_intent("a", "AUSDT"), early = an_intent("b", "BUSDT");
    late.sent_at += Seconds(5);
    const auto one = opened->next_holding_id();
    const auto two = opened->next_holding_id();
    co_await commit(*opened, late, early, a_holding(one, "ZUSDT"), a_holding(two, "AUSDT"));
    REQUIRE(opened->unresolved_intents().size() == 2);
    CHECK(opened->unresolved_intents()[0].client_order_id.str() == "b");
    REQUIRE(opened->open_holdings().size() == 2);
    CHECK(opened->open_holdings()[0].symbol == Symbol("AUSDT"));
  });
}

TEST_CASE("store: amounts are exact at both ends of their range") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    store::FillRecord fill = a_fill("\u4ed3USDT", 1);
    fill.qty = Qty(dec("92233720368.54775807"));
    fill.price = Price(dec("0.00000001"));
    fill.realized_pnl = Usdt(Decimal::from_raw(std::numeric_limits<std::int64_t>::min()));
    fill.commission = Usdt(dec("-0.00000001"));
    fill.client_order_id = ClientOrderId("c");
    fill.maker = true;
    fill.position_side = PositionSide::short_;
    {
      auto opened = open_store(loop, path);
      co_await commit(*opened, fill);
    }
    const auto read = open_store(loop, path)->load_fills().value();
    REQUIRE(read.size() == 1);
    CHECK(read[0].symbol.str() == "\u4ed3USDT");
    CHECK(read[0].qty.str() == "92233720368.54775807");
    CHECK(read[0].price == fill.price);
    CHECK(read[0].realized_pnl == fill.realized_pnl);
    CHECK(read[0].commission.str() == "-0.00000001");
    CHECK(read[0].maker);
    CHECK(read[0].position_side == PositionSide::short_);
    CHECK(read[0].client_order_id.str() == "c");
  });
}

TEST_CASE("store: the outbox keeps what is pending over a reopen") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    {
      auto opened = open_store(loop, path);
      store::OutboxMessage sent = a_message(opened->next_outbox_id(), some_day());
      store::OutboxMessage waiting = a_message(opened->next_outbox_id(), some_day());
      co_await commit(*opened, sent, waiting);
      sent.state = "delivered";
      waiting.attempts = 2;
      waiting.last_error = "no line";
      co_await commit(*opened, sent, waiting);
      CHECK(opened->pending_messages().size() == 1);
    }
    auto opened = open_store(loop, path);
    REQUIRE(opened->pending_messages().size() == 1);
    CHECK(opened->pending_messages()[0].title == "title 2");
    CHECK(opened->pending_messages()[0].attempts == 2);
    CHECK(opened->pending_messages()[0].last_error == "no line");
    CHECK(opened->next_outbox_id() == 3);
  });
}

TEST_CASE("store: what each channel did is kept over a reopen, as long as its message is pending") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    store::OutboxMessage first = a_message(1, some_day()), second = a_message(2, some_day());
    first.attachment = "equity 7";
    {
      auto opened = open_store(loop, path);
      store::Delivery seen{1, "telegram:42"}, failed{1, "webhook"}, other{2, "webhook"};
      seen.state = "delivered";
      seen.times = 3;
      seen.shown_at = some_day();
      seen.reference = "77";
      failed.attempts = 4;
      failed.next_attempt = some_day() + Hours(1);
      failed.last_error = "no line";
      co_await commit(*opened, first, second, seen, failed, other);
      second.state = "delivered";
      co_await commit(*opened, second, other);
    }
    auto opened = open_store(loop, path);
    REQUIRE(opened->pending_messages().size() == 1);
    CHECK(opened->pending_messages()[0].attachment == "equity 7");
    CHECK(opened->deliveries_of(2).empty());
    const auto found = opened->deliveries_of(1);
    REQUIRE(found.size() == 2);
    CHECK(found[0].channel == "telegram:42");
    CHECK(found[0].state == "delivered");
    CHECK(found[0].times == 3);
    CHECK(found[0].shown_at == some_day());
    CHECK(found[0].reference == "77");
    CHECK(found[1].attempts == 4);
    CHECK(found[1].next_attempt == some_day() + Hours(1));
    CHECK(found[1].last_error == "no line");
  });
}

TEST_CASE("store: history is read back as it was added") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_store(loop, dir.file("state.db"));
    CHECK(!opened->last_income_time().has_value());
    CHECK(!opened->first_snapshot_time().has_value());
    const auto id = opened->next_holding_id();
    co_await commit(*opened, a_holding(id, "BTCUSDT"));

    store::OrderEvent event;
    event.holding_id = id;
    event.symbol = Symbol("BTCUSDT");
    event.order_id = 5;
    event.type = "MARKET";
    event.side = "SELL";
    event.status = "FILLED";
    event.event_time = some_day();
    event.detail = "{}";
    store::OrderEvent stray = event;
    stray.holding_id = 0;
    co_await commit(*opened, event, event, stray);
    CHECK(opened->load_order_events(id).value().size() == 2);
    CHECK(opened->load_order_events(0).value().size() == 1);
    CHECK(opened->load_order_events(id).value()[0].detail == "{}");

    const store::WalletSnapshot late{some_day() + Hours(1), Usdt(dec("100")), "API", ""};
    const store::WalletSnapshot early{some_day(), Usdt(dec("99")), "API", "slow"};
    co_await commit(*opened, late, early);
    const auto snapshots = opened->load_snapshots().value();
    REQUIRE(snapshots.size() == 2);
    CHECK(snapshots[0].error == "slow");
    CHECK(snapshots[1].equity == Usdt(dec("100")));
    CHECK(opened->first_snapshot_time() == some_day());

    store::IncomeRecord income;
    income.type = "TRANSFER";
    income.transaction_id = 1;
    income.asset = "USDT";
    income.amount = Usdt(dec("50"));
    income.time = some_day() + Hours(2);
    co_await commit(*opened, income);
    CHECK(opened->last_income_time() == some_day() + Hours(2));
    CHECK(opened->load_income().value()[0].amount == Usdt(dec("50")));
    CHECK(count_rows(dir.file("state.db"), "cashflow_events") == 0);

    store::Run older = a_run("2025-10-09"), newer = a_run("2025-10-08");
    newer.started_at += Hours(1);
    co_await commit(*opened, older, newer);
    CHECK(opened->find_latest_run()->run_id == newer.run_id);
    CHECK(opened->load_runs().value().size() == 2);
  });
}

TEST_CASE("store: others read the file while it is written, with the original's names") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_store(loop, dir.file("state.db"));
    auto reader = sql::Connection::open_reader(dir.file("state.db"), Millis(250));
    REQUIRE(reader.has_value());
    CHECK(reader->query_integer("SELECT count(*) FROM positions").value() == 0);
    co_await commit(*opened, a_holding(opened->next_holding_id(), "BTCUSDT"));
    CHECK(reader->query_text("SELECT symbol FROM positions WHERE status='OPEN'").value() ==
          "BTCUSDT");
    CHECK(reader->query_integer("SELECT opened_at_utc FROM positions").value() ==
          to_ms(some_day()));
    CHECK(reader->query_integer("SELECT entry_price FROM positions").value() == 200'000'000);
    CHECK(!reader->execute("DELETE FROM positions").has_value());
  });
}

TEST_CASE("store: a store in memory needs no file") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto opened = open_store(loop, ":memory:");
    co_await commit(*opened, an_intent("e", "BTCUSDT"));
    CHECK(opened->load_intents().value().size() == 1);
    const Status nothing = co_await opened->commit(Batch());
    CHECK(nothing.has_value());
  });
}

}  // namespace
}  // namespace bb::test
