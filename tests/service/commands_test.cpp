// What a holder does for other processes, over the whole stack in virtual time.
#include "service/commands.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "service/service.h"
#include "store/bypass_journal.h"
#include "support/sim_world.h"

namespace bb::service::test {
namespace {

using bb::test::run_world;
using bb::test::SimWorld;
using bb::test::some_day;
using bb::test::TempDir;
using control::Command;
using control::CommandKind;
using control::Report;

const TimePoint kEntry = some_day() + Hours(23) + Minutes(40);

struct Writer {
  Report operator()(const EntryDone& done) const {
    return {0, "{}", "entered " + std::to_string(done.report.opened) + " " + done.report.message,
            done.report.status == trading::EntryStatus::failed};
  }
  Report operator()(const trading::PatrolReport& report) const {
    return {0, "{}", "looked at " + std::to_string(report.total), false};
  }
  Report operator()(const trading::LossCutReport& report) const {
    return {0, "{}", "cut " + std::to_string(report.closed), false};
  }
  Report operator()(const FlattenDone& done) const {
    return {0, "{}", std::string(desk::str(done.report.verdict)), false};
  }
  Report operator()(const LatchDone& done) const {
    return {0, "{}", done.now ? "latched" : "free", false};
  }
  Report operator()(const desk::FlattenPreview& preview) const {
    return {static_cast<int>(preview.rows.size()), "{}", "preview"};
  }
  Report operator()(const HolderStatus& status) const {
    return {0, "{}", status.fence_ours ? "ours" : "not ours", false};
  }
  Report operator()(const desk::CancelReport& report) const {
    return {report.left, "{}", "canceled " + std::to_string(report.canceled), false};
  }
  Report operator()(const CatchUpDone& done) const {
    return {0, "{}", done.is_on ? "catches up" : "does not catch up", false};
  }
  Report operator()(const Error& error) const { return {1, "{}", error.text, true}; }
};

/// A holder of the world's account, with its service.
class Holder {
 public:
  explicit Holder(SimWorld& world) : world_(world), stop_(world.loop().clock) {
    settings.daily_loss_cut_enabled = false;
  }

  Task<void> start() {
    auto taken = co_await store::AccountHome::take(dir.path(), "paper", "paper", "service",
                                                   Micros(0), world_.loop().clock);
    if (!taken) FAIL(taken.error().text);
    home.emplace(std::move(*taken));
    world_.desk().parts().home = &*home;
    service.emplace(Parts{world_.desk(), world_.strategy(), settings});
    commands.emplace(
        Commands::Parts{service->jobs(), *home, {"service", 1}, [](const CommandResult& r) {
                          return std::visit(Writer(), r);
                        }});
    co_await commands->begin();
    group_.emplace(world_.loop().io.get_executor());
    group_->spawn(service->run(stop_));
  }

  Task<void> end() {
    stop_.request();
    co_await commands->finish();
    co_await group_->join();
    world_.desk().parts().home = nullptr;
  }

  Command make(CommandKind kind) const {
    Command command;
    command.id = control::make_command_id();
    command.kind = kind;
    command.made_at = world_.loop().clock.utc_now();
    command.who = "tester";
    return command;
  }
  Task<Report> ask(CommandKind kind) { return commands->carry_out(make(kind)); }

  std::string directory() const { return home->path(); }

  TempDir dir;
  Settings settings;
  std::optional<store::AccountHome> home;
  std::optional<Service> service;
  std::optional<Commands> commands;

 private:
  SimWorld& world_;
  Stop stop_;
  std::optional<TaskGroup> group_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

int entries_sent(SimWorld& world) {
  return static_cast<int>(
      std::ranges::count_if(world.exchange().journal(), [](const sim::JournalEntry& entry) {
        return entry.kind == sim::JournalEntry::Kind::position_opened;
      }));
}

bool has_message(const store::Store& store, const std::string& text) {
  return std::ranges::any_of(store.pending_messages(),
                             [&](const auto& message) { return contains(message.title, text); });
}

}  // namespace

TEST_CASE("commands: an entry command is today's slot, and the schedule leaves that alone") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    co_await world.sleep(Minutes(2));
    const auto report = co_await holder.ask(CommandKind::entry);
    CHECK(contains(report.text, "entered 10"));
    co_await world.sleep(kEntry + Minutes(30) - world.loop().clock.utc_now());
    CHECK(entries_sent(world) == 10);
    CHECK(world.store().load_runs()->size() == 1);
    co_await holder.end();
  });
}

TEST_CASE("commands: an entry command in the scheduled minute doubles nothing") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    co_await world.sleep(kEntry + Millis(30) - world.loop().clock.utc_now());
    auto one = holder.ask(CommandKind::entry);
    auto other = holder.ask(CommandKind::entry);
    const auto [first, second] = co_await both(std::move(one), std::move(other));
    CHECK(contains(first.text, "RUN_ALREADY_EXISTS"));
    CHECK(contains(second.text, "RUN_ALREADY_EXISTS"));
    CHECK(entries_sent(world) == 10);
    co_await holder.end();
  });
}

TEST_CASE("commands: the same id is executed once, and answered alike each time") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    const auto entered = co_await holder.ask(CommandKind::entry);
    CHECK_FALSE(entered.failed);
    const Qty before = world.position("C01USDT").abs();
    auto half = holder.make(CommandKind::flatten);
    half.percent = Decimal::from_int(50);
    half.symbols = {"C01USDT"};
    auto first = holder.commands->carry_out(half);
    auto twin = holder.commands->carry_out(half);
    const auto [one, other] = co_await both(std::move(first), std::move(twin));
    CHECK(one == other);
    co_await world.sleep(Minutes(5));
    const auto later = co_await holder.commands->carry_out(half);
    CHECK(later == one);
    const Qty after = world.position("C01USDT").abs();
    CHECK(after + after >= before);
    CHECK(after < before);
    half.percent = Decimal::from_int(60);
    const auto other_wish = co_await holder.commands->carry_out(half);
    CHECK(other_wish.failed);
    CHECK(contains(other_wish.text, "another command"));
    co_await holder.end();
  });
}

TEST_CASE("commands: one that is older than a minute, or from the future, is refused for good") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    auto old = holder.make(CommandKind::entry);
    old.made_at -= Seconds(61);
    const auto refused = co_await holder.commands->carry_out(old);
    CHECK(refused.failed);
    CHECK(contains(refused.text, "61 s old"));
    auto early = holder.make(CommandKind::entry);
    early.made_at += Hours(1);
    const auto too_early = co_await holder.commands->carry_out(early);
    CHECK(too_early.failed);
    old.made_at = world.loop().clock.utc_now();
    const auto again = co_await holder.commands->carry_out(old);
    CHECK(again.failed);
    CHECK(entries_sent(world) == 0);
    REQUIRE(world.store().find_command(old.id) != nullptr);
    CHECK(world.store().find_command(old.id)->state == store::CommandState::refused);
    co_await holder.end();
  });
}

TEST_CASE("commands: what a dead holder left in the middle is told as interrupted") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    auto wish = holder.make(CommandKind::flatten);
    store::CommandRecord record;
    record.id = wish.id;
    record.kind = "flatten";
    record.arguments = "{\"scope\":\"account\",\"percent\":\"100\",\"symbols\":[]}";
    record.made_at = record.received_at = wish.made_at;
    store::Batch batch;
    batch.put(record);
    (void)co_await world.store().commit(std::move(batch));
    co_await holder.start();
    const auto report = co_await holder.commands->carry_out(wish);
    CHECK(report.failed);
    CHECK(contains(report.text, "ended in the middle"));
    CHECK(world.store().find_command(wish.id)->state == store::CommandState::interrupted);
    co_await holder.end();
  });
}

TEST_CASE("commands: flatten pauses entries first, and only a resume ends that") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    const auto entered = co_await holder.ask(CommandKind::entry);
    CHECK_FALSE(entered.failed);
    const auto flat = co_await holder.ask(CommandKind::flatten);
    CHECK(flat.text == "FLAT");
    CHECK(world.position("C01USDT").is_zero());
    CHECK_FALSE(world.store().open_holdings().empty());  // the verdict waits for no record
    co_await holder.commands->finish();
    CHECK(world.store().open_holdings().empty());
    CHECK(has_message(world.store(), "closed C01USDT"));
    const auto latch = holder.home->latch().read();
    REQUIRE(latch);
    CHECK(latch->kind == store::LatchKind::paused);
    CHECK(latch->who == "tester");
    CHECK(has_message(world.store(), "entries paused"));
    auto tomorrow = holder.make(CommandKind::entry);
    tomorrow.trade_day = "2025-10-11";
    const auto refused = co_await holder.commands->carry_out(tomorrow);
    CHECK(contains(refused.text, "entries are paused by tester"));
    const auto resumed = co_await holder.ask(CommandKind::resume);
    CHECK(resumed.text == "free");
    CHECK(has_message(world.store(), "entries resumed"));
    tomorrow = holder.make(CommandKind::entry);
    tomorrow.trade_day = "2025-10-11";
    const auto allowed = co_await holder.commands->carry_out(tomorrow);
    CHECK_FALSE(contains(allowed.text, "entries are"));
    co_await holder.end();
  });
}

TEST_CASE("commands: a resume ends what its maker was shown, and no later pause") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    const auto first = co_await holder.ask(CommandKind::pause);
    CHECK(first.text == "latched");
    auto resume = holder.make(CommandKind::resume);
    resume.seen = store::mark_of(holder.home->latch().read());
    const auto second = co_await holder.ask(CommandKind::pause);
    CHECK(second.text == "latched");
    const auto refused = co_await holder.commands->carry_out(resume);
    CHECK(refused.failed);
    CHECK(contains(refused.text, "not what was shown"));
    CHECK(holder.home->latch().read());
    resume.id = control::make_command_id();
    resume.seen = store::mark_of(holder.home->latch().read());
    const auto resumed = co_await holder.commands->carry_out(resume);
    CHECK(resumed.text == "free");
    CHECK(store::mark_of(holder.home->latch().read()) == "free");
    co_await holder.end();
  });
}

TEST_CASE("commands: a misspelled symbol is refused, and pauses nothing") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    auto wish = holder.make(CommandKind::flatten);
    wish.symbols = {"C01USD"};
    const auto refused = co_await holder.commands->carry_out(wish);
    CHECK(refused.failed);
    CHECK(contains(refused.text, "'C01USD'"));
    CHECK_FALSE(holder.home->latch().read().has_value());
    co_await holder.end();
  });
}

TEST_CASE("commands: a pause keeps the scheduled entry away until it is resumed in time") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    const auto paused = co_await holder.ask(CommandKind::pause);
    CHECK(paused.text == "latched");
    co_await world.sleep(kEntry + Minutes(10) - world.loop().clock.utc_now());
    CHECK(entries_sent(world) == 0);
    const auto resumed = co_await holder.ask(CommandKind::resume);
    CHECK(resumed.text == "free");
    co_await world.sleep(Minutes(40));
    CHECK(entries_sent(world) == 10);
    co_await holder.end();
  });
}

TEST_CASE("commands: a latch that another process set is told, whoever set it") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    const store::Latch latch(holder.directory());
    CHECK(latch.set({store::LatchKind::halted, "somebody", "two traders", kEntry}).has_value());
    co_await world.sleep(Minutes(2));
    CHECK(has_message(world.store(), "account halted"));
    const auto resumed = co_await holder.ask(CommandKind::resume);
    CHECK(resumed.text == "free");
    co_await holder.end();
  });
}

TEST_CASE("commands: what went past the holder is taken over, and not done again") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    const auto entered = co_await holder.ask(CommandKind::entry);
    CHECK_FALSE(entered.failed);
    const auto wish = holder.make(CommandKind::flatten);
    const store::BypassJournal journal(holder.directory());
    CHECK(journal.append(store::BypassCommand{wish.id, "flatten", "shell", wish.made_at}));
    store::Intent sent;
    sent.client_order_id = world.desk().ids().make(
        {some_day(), Job::manual, Symbol("C01USDT"), OrderKind::close, 9000});
    sent.trade_day = utc_date(some_day());
    sent.job = Job::manual;
    sent.kind = OrderKind::close;
    sent.attempt = 9000;
    sent.symbol = Symbol("C01USDT");
    sent.side = Side::buy;
    sent.qty = world.position("C01USDT").abs();
    sent.reduce_only = true;
    sent.sent_at = world.market().exchange_now();
    sent.state = store::IntentState::refused;
    CHECK(journal.append(sent));
    CHECK(store::AccountHome::advance_fence(holder.directory()));
    const auto report = co_await holder.commands->carry_out(wish);
    CHECK(report.failed);
    CHECK_FALSE(world.position("C01USDT").is_zero());
    CHECK(world.store().find_intent(sent.client_order_id) != nullptr);
    CHECK(store::read_bypass(holder.directory())->empty());
    CHECK(has_message(world.store(), "did not answer"));
    auto status = co_await holder.ask(CommandKind::status);
    CHECK(status.text == "not ours");
    const auto resumed = co_await holder.ask(CommandKind::resume);
    CHECK_FALSE(resumed.failed);
    status = co_await holder.ask(CommandKind::status);
    CHECK(status.text == "ours");
    co_await holder.end();
  });
}

TEST_CASE("commands: loss cut and patrol are carried out beside the schedule") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    const auto entered = co_await holder.ask(CommandKind::entry);
    CHECK_FALSE(entered.failed);
    auto patrol = holder.ask(CommandKind::manage);
    auto cut = holder.ask(CommandKind::loss_cut);
    const auto [looked, closed] = co_await both(std::move(patrol), std::move(cut));
    CHECK(contains(looked.text, "looked at"));
    CHECK(contains(closed.text, "cut "));
    co_await holder.end();
  });
}

TEST_CASE("commands: who stops entries while a resume is at work is not overridden") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    const auto paused = co_await holder.ask(CommandKind::pause);
    CHECK(paused.text == "latched");
    for (const auto kind : {CommandKind::pause, CommandKind::flatten}) {
      const auto [resumed, stopped] =
          co_await both(holder.ask(CommandKind::resume), holder.ask(kind));
      CHECK(resumed.failed);
      CHECK(contains(resumed.text, "nothing is resumed"));
      CHECK_FALSE(stopped.failed);
      CHECK(holder.home->latch().read().has_value());
    }
    const store::Latch latch(holder.directory());
    const auto by_other = [&](store::LatchKind kind) -> Task<bool> {
      co_return latch.set({kind, "other process", "why", kEntry}).has_value();
    };
    for (const auto kind : {store::LatchKind::paused, store::LatchKind::halted}) {
      const auto [resumed, set] = co_await both(holder.ask(CommandKind::resume), by_other(kind));
      CHECK(set);
      CHECK(resumed.failed);
      CHECK(latch.read().has_value());
    }
    const auto resumed = co_await holder.ask(CommandKind::resume);
    CHECK(resumed.text == "free");
    co_await holder.end();
  });
}

TEST_CASE("commands: who goes past the holder while it resumes keeps the fence") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    const auto paused = co_await holder.ask(CommandKind::pause);
    CHECK(paused.text == "latched");
    const auto go_past = [&]() -> Task<bool> {
      co_return store::AccountHome::advance_fence(holder.directory()).has_value();
    };
    const auto [refused, fenced] = co_await both(holder.ask(CommandKind::resume), go_past());
    CHECK(fenced);
    CHECK(refused.failed);
    CHECK(contains(refused.text, "past this holder"));
    CHECK(holder.home->latch().read().has_value());
    CHECK_FALSE(holder.home->is_fence_ours());
    const auto resumed = co_await holder.ask(CommandKind::resume);
    CHECK(resumed.text == "free");
    CHECK(holder.home->is_fence_ours());
    co_await holder.end();
  });
}

TEST_CASE("commands: while what went past is not known, nothing is done that must not be twice") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    const auto entered = co_await holder.ask(CommandKind::entry);
    CHECK_FALSE(entered.failed);
    const std::string unreadable = holder.directory() + "/bypass.journal.taken";
    std::filesystem::create_directory(unreadable);
    auto half = holder.make(CommandKind::flatten);
    half.percent = Decimal::from_int(50);
    const Qty before = world.position("C01USDT").abs();
    const auto refused = co_await holder.commands->carry_out(half);
    CHECK(refused.failed);
    CHECK(contains(refused.text, "not in its records"));
    CHECK(world.position("C01USDT").abs() == before);
    const auto resumed = co_await holder.ask(CommandKind::resume);
    CHECK(resumed.failed);
    const auto flat = co_await holder.ask(CommandKind::flatten);
    CHECK(flat.text == "FLAT");
    std::filesystem::remove(unreadable);
    co_await holder.end();
  });
}

TEST_CASE("commands: an entry under a latch leaves the day that has ended as it ended") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    const auto entered = co_await holder.ask(CommandKind::entry);
    CHECK_FALSE(entered.failed);
    const auto paused = co_await holder.ask(CommandKind::pause);
    CHECK(paused.text == "latched");
    const auto again = co_await holder.ask(CommandKind::entry);
    CHECK(contains(again.text, "entries are paused"));
    const auto* slot = world.store().find_slot(Job::entry, "2025-10-11");
    REQUIRE(slot != nullptr);
    CHECK(slot->state == store::SlotState::done);
    co_await holder.end();
  });
}

TEST_CASE("commands: a preview changes nothing: no latch, no record, no order") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Holder holder(world);
    co_await holder.start();
    const auto entered = co_await holder.ask(CommandKind::entry);
    CHECK_FALSE(entered.failed);
    const int orders = world.order_posts();
    const auto wish = holder.make(CommandKind::preview);
    const auto report = co_await holder.commands->carry_out(wish);
    CHECK(report.text == "preview");
    CHECK(report.exit_code == 10);  // rows
    CHECK(world.order_posts() == orders);
    CHECK_FALSE(holder.home->latch().read().has_value());
    CHECK(world.store().find_command(wish.id) == nullptr);
    auto misspelled = holder.make(CommandKind::preview);
    misspelled.symbols = {"C01USDX"};
    const auto refused = co_await holder.commands->carry_out(misspelled);
    CHECK(refused.failed);
    co_await holder.end();
  });
}

TEST_CASE("commands: a flatten of the losers is not repeated as if it were the same") {
  control::Command command;
  command.kind = CommandKind::flatten;
  CHECK(control::is_repeatable(command));
  command.profits = control::Profits::losers;
  CHECK_FALSE(control::is_repeatable(command));
}

}  // namespace bb::service::test
