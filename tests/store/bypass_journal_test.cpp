#include "store/bypass_journal.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "support/run.h"

namespace bb::store::test {
namespace {

using bb::test::some_day;
using bb::test::TempDir;

Intent a_close(const std::string& id) {
  Intent intent;
  intent.client_order_id = ClientOrderId(id);
  intent.trade_day = "2025-10-10";
  intent.job = Job::manual;
  intent.kind = OrderKind::close;
  intent.attempt = 9000;
  intent.symbol = Symbol("BTCUSDT");
  intent.side = Side::buy;
  intent.qty = Qty(Decimal::parse("0.001").value());
  intent.reduce_only = true;
  intent.sent_at = some_day();
  return intent;
}

}  // namespace

TEST_CASE("bypass: what was written is read, the last word of an order counts") {
  TempDir dir;
  const BypassJournal journal(dir.path());
  REQUIRE(journal.append(BypassCommand{"0123", "flatten", "shell\tof\nuid 0", some_day()}));
  REQUIRE(journal.append(a_close("a")));
  REQUIRE(journal.append(a_close("b")));
  Intent answered = a_close("a");
  answered.state = IntentState::done;
  answered.order_id = 77;
  answered.executed_qty = answered.qty;
  answered.evidence = "answer\tof the exchange";
  REQUIRE(journal.append(answered));
  CHECK(is_bypass_order(dir.path(), ClientOrderId("b")));
  CHECK_FALSE(is_bypass_order(dir.path(), ClientOrderId("c")));
  const auto content = read_bypass(dir.path());
  REQUIRE(content);
  REQUIRE(content->commands.size() == 1);
  CHECK(content->commands[0].id == "0123");
  CHECK(content->commands[0].who == "shell of uid 0");
  CHECK(content->commands[0].made_at == some_day());
  REQUIRE(content->intents.size() == 2);
  CHECK(content->intents[0].client_order_id.str() == "a");
  CHECK(content->intents[0].state == IntentState::done);
  CHECK(content->intents[0].order_id == 77);
  CHECK(content->intents[0].executed_qty == answered.qty);
  CHECK(content->intents[0].job == Job::manual);
  CHECK(content->intents[0].attempt == 9000);
  CHECK(content->intents[0].reduce_only);
  CHECK(content->intents[1].state == IntentState::sent);
  CHECK(content->unreadable == 0);
}

TEST_CASE("bypass: a torn line is not read and hurts no other") {
  TempDir dir;
  const BypassJournal journal(dir.path());
  REQUIRE(journal.append(a_close("a")));
  std::ofstream(dir.file("bypass.journal"), std::ios::app) << "\norder\tb\t2025-";
  const auto torn = read_bypass(dir.path());
  CHECK(torn->intents.size() == 1);
  CHECK(torn->unreadable == 0);
  REQUIRE(journal.append(a_close("c")));
  const auto content = read_bypass(dir.path());
  CHECK(content->intents.size() == 2);
  CHECK(content->unreadable == 1);
}

TEST_CASE("bypass: what is taken comes again until it is dropped, and nothing new is lost") {
  TempDir dir;
  const BypassJournal journal(dir.path());
  CHECK(take_bypass(dir.path())->empty());
  REQUIRE(journal.append(a_close("a")));
  CHECK(take_bypass(dir.path())->intents.size() == 1);
  REQUIRE(journal.append(a_close("b")));
  CHECK(take_bypass(dir.path())->intents.size() == 1);
  CHECK(read_bypass(dir.path())->intents.size() == 2);
  REQUIRE(drop_bypass(dir.path()));
  const auto next = take_bypass(dir.path());
  REQUIRE(next->intents.size() == 1);
  CHECK(next->intents[0].client_order_id.str() == "b");
  REQUIRE(drop_bypass(dir.path()));
  CHECK(take_bypass(dir.path())->empty());
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("bypass: garbage is counted, not believed") {
  TempDir dir;
  std::ofstream(dir.file("bypass.journal"))
      << "order\tx\ncommand\nhello\norder" << std::string(19, '\t') << "\n";
  const auto content = read_bypass(dir.path());
  CHECK(content->intents.empty());
  CHECK(content->commands.empty());
  CHECK(content->unreadable == 4);
}

}  // namespace bb::store::test
