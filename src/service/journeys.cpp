#include "service/journeys.h"

#include <fmt/format.h>

#include "base/plant.h"
#include "service/messages.h"
#include "service/sampler.h"

namespace bb::service {

namespace {

using store::SlotState;
bool has_ended(const store::Slot* slot) {
  if (slot == nullptr) return false;
  switch (slot->state) {
    case SlotState::done:
    case SlotState::partial:
    case SlotState::skipped:
      return true;
    case SlotState::running:
    case SlotState::failed:
      return false;
  }
  return false;
}

Task<void> put_slot(desk::Desk& desk, Job job, Slot slot, SlotState state, std::string reason) {
  auto& parts = desk.parts();
  store::Batch batch;
  batch.put(
      store::Slot{job, str(slot.date), state, std::move(reason), parts.market.exchange_now()});
  const auto stored = co_await parts.store.commit(std::move(batch));
  if (!stored) parts.log.error("slot not stored", {{"why", stored.error().text}});
}

SlotState state_of(trading::EntryStatus status) {
  switch (status) {
    case trading::EntryStatus::success:
      return SlotState::done;
    case trading::EntryStatus::partial:
      return SlotState::partial;
    case trading::EntryStatus::failed:
      return SlotState::failed;
    case trading::EntryStatus::skipped:
      return SlotState::done;  // its run had succeeded before
  }
  return SlotState::failed;
}

}  // namespace

Task<void> put_note(desk::Desk& desk, store::OutboxMessage message) {
  auto& parts = desk.parts();
  store::Batch batch;
  put_message(parts.store, batch, std::move(message));
  const auto stored = co_await parts.store.commit(std::move(batch));
  if (!stored) parts.log.error("message not stored", {{"why", stored.error().text}});
  while (planted("delivery_awaited") && !parts.store.pending_messages().empty())
    co_await sleep_for(parts.clock, Seconds(1));
}

Task<trading::EntryReport> run_entry(desk::Desk& desk, trading::Entry& entry, Slot slot) {
  co_await put_slot(desk, Job::entry, slot, SlotState::running, "");
  trading::EntrySlot named{slot.trade_day_utc(), slot.at};
  if (planted("day_key_from_now"))
    named.trade_day_utc = utc_date(desk.parts().market.exchange_now());
  auto report = co_await entry.run(named);
  co_await put_slot(desk, Job::entry, slot, state_of(report.status), report.message);
  co_return report;
}

Task<void> tell(desk::Desk& desk, trading::PatrolReport report) {
  if (auto message = patrol_message(report, desk.parts().market.exchange_now()))
    co_await put_note(desk, std::move(*message));
}

Task<trading::PatrolReport> run_patrol(desk::Desk& desk, trading::Patrol& patrol) {
  auto report = co_await patrol.run_once();
  co_await tell(desk, report);
  co_return report;
}

Task<std::optional<Error>> take_samples(desk::Desk& desk, const Settings& settings) {
  std::optional<Error> problem;
  (void)co_await sample_equity(desk, settings, &problem);
  if (settings.sync_cashflows) (void)co_await sync_income(desk, settings);
  co_return problem;
}

Task<void> check_database(desk::Desk& desk) {
  auto& parts = desk.parts();
  const auto checked = co_await parts.store.check();
  if (checked) {
    parts.log.info("database checked");
    co_return;
  }
  parts.log.error("database check failed", {{"why", checked.error().text}});
  co_await put_note(desk, damage_message(checked.error().text, parts.market.exchange_now()));
}

Task<trading::LossCutReport> run_loss_cut(desk::Desk& desk, const Settings& settings,
                                          std::string trade_day, std::string time_text) {
  auto& parts = desk.parts();
  const auto scope = loss_cut_scope(settings);
  auto report = co_await trading::cut_losses(desk, scope, std::move(trade_day));
  parts.log.info("loss cut finished",
                 {{"total", report.total}, {"closed", report.closed}, {"errors", report.errors}});
  if (auto message = loss_cut_message(report, scope, time_text, parts.market.exchange_now()))
    co_await put_note(desk, std::move(*message));
  co_return report;
}

bool is_slot_over(const store::Store& store, Job job, LocalDate date) {
  constexpr int kDaysAhead = 3;
  for (int ahead = 0; ahead < kDaysAhead; ++ahead)
    if (has_ended(store.find_slot(job, str(date + std::chrono::days(ahead))))) return true;
  return false;
}

Task<void> end_slot(desk::Desk& desk, Job job, Slot slot, store::SlotState state,
                    std::string reason) {
  co_await put_slot(desk, job, slot, state, std::move(reason));
}

Task<void> skip_slot(desk::Desk& desk, Job job, Slot slot, std::string time_text,
                     std::string reason) {
  auto& parts = desk.parts();
  const TimePoint now = parts.market.exchange_now();
  parts.log.warn("slot skipped", {{"job", str(job)}, {"date", str(slot.date)}, {"reason", reason}});
  store::Batch batch;
  batch.put(store::Slot{job, str(slot.date), SlotState::skipped, reason, now});
  if (job == Job::entry) {
    // A run that was interrupted stays unfinished otherwise.
    const auto* run = parts.store.find_run(slot.trade_day_utc());
    if (run != nullptr && run->status == store::RunStatus::running) {
      store::Run ended = *run;
      ended.status = store::RunStatus::failed;
      ended.completed_at = now;
      ended.message = "interrupted, and not resumed: " + reason;
      batch.put(ended);
    }
  }
  put_message(parts.store, batch, missed_message(job, slot, time_text, reason, now));
  const auto stored = co_await parts.store.commit(std::move(batch));
  if (!stored) parts.log.error("slot not stored", {{"why", stored.error().text}});
}

trading::LossCutScope loss_cut_scope(const Settings& settings) {
  return settings.daily_loss_cut_scope == "exchange" ? trading::LossCutScope::exchange
                                                     : trading::LossCutScope::tracked;
}

std::string time_text(const DailySchedule& schedule) {
  return fmt::format("{:02}:{:02} {}", schedule.hour, schedule.minute, schedule.zone.name());
}

}  // namespace bb::service
