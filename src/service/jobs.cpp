#include "service/jobs.h"

#include <fmt/format.h>

#include "service/messages.h"
#include "store/bypass_journal.h"

namespace bb::service {

namespace {

// Jobs wait for each other as journeys do for a symbol; these are no symbols of any exchange.
const Symbol kEntry("(entry)");
const Symbol kPatrol("(patrol)");
const Symbol kLossCut("(loss cut)");
const Symbol kTakeOver("(take over)");

trading::EntrySlot named(Slot slot) { return {slot.trade_day_utc(), slot.at}; }

bool is_same(const std::optional<store::LatchNote>& a, const std::optional<store::LatchNote>& b) {
  if (!a || !b) return !a && !b;
  return a->kind == b->kind && a->since == b->since;
}

store::CommandRecord record_of(const store::BypassCommand& command, TimePoint now) {
  store::CommandRecord record;
  record.id = command.id;
  record.kind = command.kind;
  record.arguments = "{}";
  record.who = command.who;
  record.made_at = command.made_at;
  record.received_at = now;
  record.ended_at = now;
  record.state = store::CommandState::bypassed;
  record.exit_code = 1;
  record.report_json = "{}";
  record.report_text = "its caller acted itself, past a holder that did not answer\n";
  return record;
}

}  // namespace

std::string describe(const store::LatchNote& note) {
  return fmt::format(
      "{} by {} since {}: {}", note.kind == store::LatchKind::paused ? "paused" : "halted",
      note.who.empty() ? "nobody known" : note.who, iso_seconds(note.since), note.why);
}

Jobs::Jobs(Parts parts)
    : parts_(parts),
      entry_(parts.desk, parts.strategy),
      patrol_(parts.desk, parts.strategy),
      told_latch_(read_latch()) {}

std::optional<store::LatchNote> Jobs::read_latch() const {
  const auto* home = parts_.desk.parts().home;
  return home == nullptr ? std::nullopt : home->latch().read();
}

Task<Status> Jobs::prepare_entry(Slot slot) {
  const desk::Turn turn = co_await turns_.take(kEntry);
  co_return co_await entry_.prepare(named(slot));
}

Task<Status> Jobs::decide_entry(Slot slot) {
  const desk::Turn turn = co_await turns_.take(kEntry);
  co_return co_await entry_.decide(named(slot));
}

Task<std::optional<trading::EntryReport>> Jobs::enter(Slot slot,
                                                      std::optional<TimePoint> not_after) {
  const desk::Turn turn = co_await turns_.take(kEntry);
  if (not_after && parts_.desk.parts().clock.utc_now() > *not_after) co_return std::nullopt;
  if (const auto latch = read_latch()) {
    trading::EntryReport report;
    report.message =
        fmt::format("entries are {}; `bubble-buster resume` ends that", describe(*latch));
    // What ended keeps its end.
    const auto* known = parts_.desk.parts().store.find_slot(Job::entry, str(slot.date));
    if (known == nullptr || known->state == store::SlotState::running ||
        known->state == store::SlotState::failed)
      co_await end_slot(parts_.desk, Job::entry, slot, store::SlotState::failed, report.message);
    co_return report;
  }
  co_return co_await run_entry(parts_.desk, entry_, slot);
}

Task<trading::PatrolReport> Jobs::patrol() {
  const desk::Turn turn = co_await turns_.take(kPatrol);
  (void)co_await take_over();
  co_await tell_latch();
  const auto report = co_await run_patrol(parts_.desk, patrol_);
  last_patrol_ = Beat{parts_.desk.parts().clock.utc_now(), !report.unreadable};
  co_return report;
}

Task<Result<trading::PatrolReport>> Jobs::reconcile() {
  const desk::Turn turn = co_await turns_.take(kPatrol);
  (void)co_await take_over();
  co_await tell_latch();
  auto report = co_await trading::reconcile(parts_.desk, patrol_);
  last_patrol_ = Beat{parts_.desk.parts().clock.utc_now(), report.has_value()};
  co_return report;
}

StartWindow Jobs::entry_window() const {
  Settings settings = parts_.settings;
  settings.entry_catchup_enabled = catch_up_.value_or(settings.entry_catchup_enabled);
  return settings.entry_window();
}

Task<trading::LossCutReport> Jobs::cut_losses(std::string trade_day, std::string time_text) {
  const desk::Turn turn = co_await turns_.take(kLossCut);
  (void)co_await take_over();
  co_return co_await run_loss_cut(parts_.desk, parts_.settings, std::move(trade_day),
                                  std::move(time_text));
}

Task<bool> Jobs::take_over() {
  auto& desk = parts_.desk.parts();
  if (desk.home == nullptr) co_return true;
  const desk::Turn turn = co_await turns_.take(kTakeOver);
  const std::string& directory = desk.home->path();
  // Twice: what an earlier take-over left aside, and what was written since.
  for (int part = 0; part < 2; ++part) {
    const auto content = store::take_bypass(directory);
    if (!content) {
      desk.log.error("bypass journal not read", {{"why", content.error().text}});
      co_return false;
    }
    if (content->empty()) break;
    store::Batch batch;
    for (const auto& command : content->commands)
      if (desk.store.find_command(command.id) == nullptr)
        batch.put(record_of(command, desk.clock.utc_now()));
    int orders = 0;
    for (const auto& intent : content->intents) {
      const auto* known = desk.store.find_intent(intent.client_order_id);
      const bool has_news = known == nullptr || known->state == store::IntentState::sent;
      if (!has_news) continue;
      ++orders;
      batch.put(intent);
    }
    if (content->unreadable > 0)
      desk.log.error("bypass journal has lines that cannot be read",
                     {{"lines", content->unreadable}, {"directory", directory}});
    if (orders > 0)
      put_message(desk.store, batch,
                  bypass_message(content->commands, orders, desk.market.exchange_now()));
    const auto stored = co_await desk.store.commit(std::move(batch));
    if (!stored) {
      // It stays aside and comes again; memory has it, so its orders are known from now on.
      desk.log.error("bypass journal not stored", {{"why", stored.error().text}});
      co_return false;
    }
    desk.log.warn("bypass journal taken over",
                  {{"commands", content->commands.size()}, {"orders", orders}});
    if (const auto dropped = store::drop_bypass(directory); !dropped) {
      desk.log.error("bypass journal not removed", {{"why", dropped.error().text}});
      co_return false;
    }
  }
  co_return true;
}

Task<void> Jobs::tell_latch(bool at_start) {
  auto& desk = parts_.desk.parts();
  const auto now = read_latch();
  if (is_same(now, told_latch_) && !(at_start && now)) co_return;
  told_latch_ = now;
  if (now)
    desk.log.warn("entries latched", {{"latch", describe(*now)}});
  else
    desk.log.info("entries resumed");
  const TimePoint when = desk.market.exchange_now();
  co_await put_note(parts_.desk, now ? latch_message(*now, when) : resumed_message(when));
}

}  // namespace bb::service
