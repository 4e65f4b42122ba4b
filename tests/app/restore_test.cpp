#include "app/restore_guard.h"

#include <doctest/doctest.h>

#include "app/setup.h"
#include "store/backup.h"

namespace bb::app::test {
namespace {

using bb::test::run_sim;
using bb::test::SimLoop;
using bb::test::TempDir;
using store::SlotState;

const TimePoint kEntry = parse_utc_instant("2025-10-10T23:40:00Z").value();  // 07:40 in Shanghai
constexpr const char* kDay = "2025-10-11";

Result<std::unique_ptr<store::Store>> open(const std::string& path, SimLoop& loop) {
  return store::Store::open({.path = path, .threaded = false}, "paper-me", loop.io.get_executor(),
                            loop.clock, Log(LogLevel::error, null_sink()));
}

/// A copy made with the slot in that state, put back over a database whose entry ran meanwhile.
Task<std::optional<store::Slot>> after_restore(SimLoop& loop, std::optional<SlotState> in_copy,
                                               TimePoint copied, TimePoint restored) {
  const TempDir dir;
  const auto path = dir.file("state.db");
  const service::DailySchedule schedule = Config().runtime.entry_schedule();
  std::string copy;
  {
    const auto store = open(path, loop);
    REQUIRE(store.has_value());
    store::Batch before;
    before.put(store::Slot{Job::entry, "2025-10-10", SlotState::done, "", copied - Hours(24)});
    if (in_copy) before.put(store::Slot{Job::entry, kDay, *in_copy, "as it was", copied});
    const Status kept = co_await (*store)->commit(std::move(before));
    REQUIRE(kept.has_value());
    const auto made = store::make_backup(path, dir.file("backups"), copied);
    REQUIRE(made.has_value());
    copy = made->path;
    store::Batch after;
    after.put(store::Slot{Job::entry, kDay, SlotState::done, "", restored});
    const Status gone_on = co_await (*store)->commit(std::move(after));
    REQUIRE(gone_on.has_value());
  }
  REQUIRE(store::put_back(copy, path, restored).has_value());
  const auto store = open(path, loop);
  REQUIRE(store.has_value());
  const auto guarded = co_await skip_latest_entry(**store, schedule, restored, "restored");
  REQUIRE(guarded.has_value());
  const auto* slot = (*store)->find_slot(Job::entry, kDay);
  co_return slot == nullptr ? std::nullopt : std::optional(*slot);
}

TEST_CASE("restore: an entry that the copy does not know as over does not run again") {
  struct Case {
    const char* what;
    std::optional<SlotState> in_copy;
    Micros copied;  // after the minute of the entry
  };
  for (const Case& each :
       {Case{"copied the evening before", std::nullopt, -Hours(12)},
        Case{"copied between the minute and the catch-up", std::nullopt, Minutes(5)},
        Case{"failed in the copy", SlotState::failed, Minutes(5)},
        Case{"running in the copy", SlotState::running, Seconds(10)}}) {
    CAPTURE(each.what);
    run_sim([&each](SimLoop& loop) -> Task<void> {
      const auto slot = co_await after_restore(
          loop, each.in_copy, kEntry + std::chrono::duration_cast<Millis>(each.copied),
          kEntry + Hours(1));
      REQUIRE(slot.has_value());
      CHECK(slot->state == SlotState::skipped);
      CHECK(slot->reason == "restored");
    });
  }
}

TEST_CASE("restore: an entry that was over when the copy was made stays as it ended") {
  for (const auto state : {SlotState::done, SlotState::partial, SlotState::skipped}) {
    run_sim([state](SimLoop& loop) -> Task<void> {
      const auto slot = co_await after_restore(loop, state, kEntry + Minutes(5), kEntry + Hours(1));
      REQUIRE(slot.has_value());
      CHECK(slot->state == state);
      CHECK(slot->reason == "as it was");
    });
  }
}

}  // namespace
}  // namespace bb::app::test
