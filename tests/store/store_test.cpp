#include "store/store.h"

#include <doctest/doctest.h>

#include "builders.h"

namespace bb::test {
namespace {

using store::Batch;
using store::HoldingStatus;
using store::IntentState;

TEST_CASE("store: open state is the same after a reopen") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    {
      auto opened = open_store(loop, path);
      Batch batch;
      store::Holding holding = a_holding(opened->next_holding_id(), "BTCUSDT");
      holding.run_id = a_run("2025-10-10").run_id;
      holding.sl_price = Price(dec("2.4"));
      holding.sl_client_order_id = ClientOrderId("stop-1");
      holding.sl_order_id = 42;
      batch.put(a_run("2025-10-10")).put(holding).put(an_intent("entry-1", "BTCUSDT"));
      batch.put(store::Slot{Job::entry, "2025-10-10", store::SlotState::running, "", some_day()});
      const Status committed = co_await opened->commit(std::move(batch));
      CHECK(committed.has_value());
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
    REQUIRE(opened->unresolved_intents().size() == 1);
    CHECK(opened->unresolved_intents()[0].state == IntentState::sent);
    CHECK(opened->holdings_of_run("run-2025-10-10").size() == 1);
  });
}

}  // namespace
}  // namespace bb::test
