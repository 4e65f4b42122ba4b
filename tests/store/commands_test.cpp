#include <doctest/doctest.h>

#include "store/builders.h"

namespace bb::test {
namespace {

store::CommandRecord a_record(const std::string& id, TimePoint at) {
  store::CommandRecord record;
  record.id = id;
  record.kind = "flatten";
  record.arguments = "{}";
  record.who = "shell";
  record.made_at = record.received_at = at;
  return record;
}

}  // namespace

TEST_CASE("commands: what was begun is known after a crash, what ended keeps its report") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const TimePoint now = loop.clock.utc_now();
    {
      auto opened = open_store(loop, dir.file("state.db"));
      auto ended = a_record("a", now);
      store::Batch first;
      first.put(ended).put(a_record("b", now));
      const auto begun = co_await opened->commit(std::move(first));
      CHECK(begun.has_value());
      ended.state = store::CommandState::done;
      ended.ended_at = now + Seconds(2);
      ended.exit_code = 3;
      ended.report_json = "{\"x\":1}\n";
      ended.report_text = "平仓\n";
      store::Batch second;
      second.put(ended);
      const auto finished = co_await opened->commit(std::move(second));
      CHECK(finished.has_value());
      copy_database(dir.file("state.db"), dir.file("copy.db"));
    }
    auto opened = open_store(loop, dir.file("copy.db"));
    const auto* ended = opened->find_command("a");
    REQUIRE(ended != nullptr);
    CHECK(ended->state == store::CommandState::done);
    CHECK(ended->exit_code == 3);
    CHECK(ended->report_json == "{\"x\":1}\n");
    CHECK(ended->report_text == "平仓\n");
    CHECK(ended->ended_at == now + Seconds(2));
    REQUIRE(opened->running_commands().size() == 1);
    CHECK(opened->running_commands()[0].id == "b");
    CHECK(opened->find_command("c") == nullptr);
  });
}

TEST_CASE("commands: one that has ended does not end again") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_store(loop, dir.file("state.db"));
    auto record = a_record("a", loop.clock.utc_now());
    record.state = store::CommandState::refused;
    store::Batch first;
    first.put(record);
    const auto stored = co_await opened->commit(std::move(first));
    CHECK(stored.has_value());
    record.state = store::CommandState::running;
    store::Batch again;
    again.put(record);
    const auto refused = co_await opened->commit(std::move(again));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::conflict);
  });
}

TEST_CASE("commands: watchers count what is committed, table by table") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_store(loop, dir.file("state.db"));
    const auto before = opened->change_counts();
    store::Batch batch;
    batch.put(a_record("a", loop.clock.utc_now())).put(a_message(1, loop.clock.utc_now()));
    const auto stored = co_await opened->commit(std::move(batch));
    CHECK(stored.has_value());
    const auto after = opened->change_counts();
    REQUIRE(after.size() == before.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
      const bool changed = after[i].first == "messages" || after[i].first == "commands";
      CHECK(after[i].second == before[i].second + (changed ? 1 : 0));
    }
  });
}

}  // namespace bb::test
