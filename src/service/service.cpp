#include "service/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string>

#include "base/plant.h"
#include "trading/reconcile.h"

namespace bb::service {

namespace {

// What can be known before the minute is known before it (design §3.7).
constexpr Millis kPrepareLead{180'000};
constexpr Millis kDecideLead{2'000};
// A failed entry is tried again after 1, 2, 4 ... minutes while its window is open.
constexpr Micros kRetryFirst{60'000'000};
constexpr int kRetryDoublingsMax = 5;
constexpr Micros kCutRetry{15'000'000};

constexpr Micros kAfterFault{1'000'000};

// The database is checked half a day away from the entry; a start within eleven hours of that
// instant makes up for it, a later one would come near the next entry.
constexpr int kCheckHoursAfterEntry = 12;
constexpr StartWindow kCheckWindow{.grace = Hours(11)};

// Why a slot cannot start any more.
std::string why_missed(const store::Slot* slot) {
  if (slot == nullptr) return "its start window had passed when the service came to it";
  if (slot->reason.empty()) return "it was interrupted, and its start window has passed";
  return "it failed until its start window had passed: " + slot->reason;
}

}  // namespace

Service::Service(Parts parts)
    : parts_(parts),
      jobs_({parts.desk, parts.strategy, parts.settings}),
      watch_(parts.desk, jobs_.eyes()),
      sentinel_(parts.desk) {}

Task<void> Service::run(Stop& stop) {
  auto& desk = parts_.desk.parts();
  desk.log.info("service started", {{"account", desk.identity.alias},
                                    {"environment", desk.identity.environment},
                                    {"entry", parts_.settings.entry_enabled},
                                    {"loss_cut", parts_.settings.daily_loss_cut_enabled}});
  (void)co_await guard("latch", jobs_.tell_latch(true));
  (void)co_await guard("sentinel", sentinel_.start());
  (void)co_await guard("recovery", recover());
  desk.log.info("service ready");
  TaskGroup loops(co_await boost::asio::this_coro::executor);
  if (parts_.settings.entry_enabled) loops.spawn(entry_loop(stop));
  if (parts_.settings.daily_loss_cut_enabled) loops.spawn(loss_cut_loop(stop));
  loops.spawn(patrol_loop(stop));
  loops.spawn(event_loop(stop));
  loops.spawn(watch_loop(stop));
  loops.spawn(check_loop(stop));
  co_await loops.join();
  desk.log.info("service stopped");
}

// One reconcile settles what a crash left open, adopts, protects and sweeps. An account with
// nothing open may start without one, as configured. One that fails is tried again by the watch,
// and nothing is opened before.
Task<void> Service::recover() {
  auto& store = parts_.desk.parts().store;
  // Before an event may name an order that was sent past us.
  (void)co_await jobs_.take_over();
  const bool something_open = !store.open_holdings().empty() || !store.unresolved_intents().empty();
  if (!parts_.settings.run_manage_on_startup && !something_open) co_return;
  parts_.desk.gate().doubt("start-up");
  const auto report = co_await jobs_.reconcile();
  if (!report) {
    parts_.desk.parts().log.warn("account not read at start", {{"why", report.error().text}});
    co_return;
  }
  co_await tell(parts_.desk, *report);
  auto problem = co_await take_samples(parts_.desk, parts_.settings);
  co_await sentinel_.see(std::move(problem));
}

// A fault of one step must not take the other loops' protection away.
Task<bool> Service::guard(const char* what, Task<void> step) {
  std::optional<desk::Turn> thread;
  if (planted("jobs_in_one_thread"))
    thread.emplace(co_await parts_.desk.turns().take(Symbol("THREAD")));
  try {
    co_await std::move(step);
    co_return true;
  } catch (const std::exception& error) {
    parts_.desk.parts().log.error("step failed", {{"step", what}, {"why", error.what()}});
  }
  co_return false;
}

Task<void> Service::wait_for(Stop& stop, Millis left) {
  Micros span = std::clamp<Micros>(left, Micros(1'000), parts_.settings.slice());
  if (planted("busy_loop")) span = Micros(1'000);
  (void)co_await stop.sleep_until(parts_.desk.parts().clock.after(span));
}

bool Service::is_over(Job job, LocalDate date) const {
  const auto& newest = job == Job::entry ? newest_entry_ : newest_cut_;
  if (newest && date <= *newest) return true;
  const auto& store = parts_.desk.parts().store;
  if (is_slot_over(store, job, date)) return true;
  if (job != Job::entry) return false;
  // The run had ended, and the slot's row had not been written yet.
  const auto* run = store.find_run(parts_.settings.entry_schedule().on(date).trade_day_utc());
  return run != nullptr && run->status == store::RunStatus::success;
}

Task<void> Service::entry_loop(Stop& stop) {
  while (!stop.requested()) {
    const bool ok = co_await guard("entry", entry_step(stop));
    if (!ok) (void)co_await stop.sleep_until(parts_.desk.parts().clock.after(kAfterFault));
  }
}

Task<void> Service::entry_step(Stop& stop) {
  auto& desk = parts_.desk.parts();
  const auto schedule = parts_.settings.entry_schedule();
  const TimePoint now = desk.market.exchange_now();
  const auto fire = next_fire(schedule, jobs_.entry_window(), now,
                              [this](LocalDate date) { return is_over(Job::entry, date); });
  switch (fire.kind) {
    case NextFire::Kind::missed:
      newest_entry_ = fire.slot.date;
      failures_ = 0;
      co_await skip_slot(parts_.desk, Job::entry, fire.slot, time_text(schedule),
                         why_missed(desk.store.find_slot(Job::entry, str(fire.slot.date))));
      co_return;
    case NextFire::Kind::run:
      if (desk.clock.steady_now() < entry_again_) {
        const auto pause = entry_again_ - desk.clock.steady_now();
        co_await wait_for(stop, std::chrono::ceil<Millis>(pause));
      } else {
        co_await fire_entry(fire.slot);
      }
      co_return;
    case NextFire::Kind::wait:
      break;
  }
  const Millis left = fire.slot.at - now;
  co_await get_ready(fire.slot, left);
  Millis next = left;
  if (left > kPrepareLead)
    next = left - kPrepareLead;
  else if (left > kDecideLead)
    next = left - kDecideLead;
  const TimePoint wake = now + next;
  co_await wait_for(stop, wake - desk.market.exchange_now());
}

Task<void> Service::get_ready(Slot slot, Millis left) {
  auto& desk = parts_.desk.parts();
  if (left <= kDecideLead && decided_ != slot.date) {
    decided_ = slot.date;
    const auto decided = co_await jobs_.decide_entry(slot);
    if (!decided) desk.log.warn("entry not decided early", {{"why", decided.error().text}});
  } else if (left <= kPrepareLead && left > kDecideLead && prepared_ != slot.date) {
    prepared_ = slot.date;
    const auto prepared = co_await jobs_.prepare_entry(slot);
    if (!prepared) desk.log.warn("entry not prepared", {{"why", prepared.error().text}});
  }
}

Task<void> Service::fire_entry(Slot slot) {
  // Set before, so that an exception backs off like a failure.
  const int doublings = std::min(failures_++, kRetryDoublingsMax);
  entry_again_ = parts_.desk.parts().clock.after(kRetryFirst * (1 << doublings));
  const auto report = co_await jobs_.enter(slot);
  if (!report || report->status == trading::EntryStatus::failed) {
    entry_again_ = parts_.desk.parts().clock.after(kRetryFirst * (1 << doublings));
    co_return;
  }
  newest_entry_ = slot.date;
  failures_ = 0;
  entry_again_ = {};
}

Task<void> Service::loss_cut_loop(Stop& stop) {
  while (!stop.requested()) {
    const bool ok = co_await guard("loss cut", loss_cut_step(stop));
    if (!ok) (void)co_await stop.sleep_until(parts_.desk.parts().clock.after(kAfterFault));
  }
}

Task<void> Service::loss_cut_step(Stop& stop) {
  auto& desk = parts_.desk.parts();
  const auto schedule = parts_.settings.loss_cut_schedule();
  const TimePoint now = desk.market.exchange_now();
  const auto fire = next_fire(schedule, parts_.settings.loss_cut_window(), now,
                              [this](LocalDate date) { return is_over(Job::loss_cut, date); });
  switch (fire.kind) {
    case NextFire::Kind::missed:
      newest_cut_ = fire.slot.date;
      co_await skip_slot(parts_.desk, Job::loss_cut, fire.slot, time_text(schedule),
                         why_missed(desk.store.find_slot(Job::loss_cut, str(fire.slot.date))));
      co_return;
    case NextFire::Kind::run:
      co_await fire_loss_cut(fire.slot);
      if (!is_over(Job::loss_cut, fire.slot.date))
        co_await wait_for(stop, std::chrono::ceil<Millis>(kCutRetry));
      co_return;
    case NextFire::Kind::wait:
      co_await wait_for(stop, fire.slot.at - now);
      co_return;
  }
}

Task<void> Service::fire_loss_cut(Slot slot) {
  co_await end_slot(parts_.desk, Job::loss_cut, slot, store::SlotState::running, "");
  const auto report = co_await jobs_.cut_losses(slot.trade_day_utc(),
                                                time_text(parts_.settings.loss_cut_schedule()));
  if (report.failed || report.errors > 0) {
    // Losers may be left: it is tried again while its window is open.
    std::string why = report.details.empty() ? "unknown" : report.details.front();
    if (!report.failed) why = fmt::format("{} positions not closed", report.errors);
    co_await end_slot(parts_.desk, Job::loss_cut, slot, store::SlotState::failed, why);
    co_return;
  }
  newest_cut_ = slot.date;
  if (planted("cut_slot_left_open")) co_return;
  co_await end_slot(parts_.desk, Job::loss_cut, slot, store::SlotState::done, "");
}

// A steady cadence: after a delay at most manager_max_catch_up_runs patrols follow each other.
Task<void> Service::patrol_loop(Stop& stop) {
  auto& desk = parts_.desk.parts();
  const Micros interval = parts_.settings.manager_interval();
  SteadyTime next = desk.clock.after(interval);
  while (!stop.requested()) {
    if (!co_await stop.sleep_until(next)) co_return;
    std::int64_t runs = 0;
    while (!stop.requested() && desk.clock.steady_now() >= next &&
           runs < parts_.settings.manager_max_catch_up_runs) {
      ++runs;
      next += interval;
      (void)co_await guard("patrol", patrol_step());
    }
    if (desk.clock.steady_now() >= next) {
      desk.log.warn("patrol fell behind", {{"runs", runs}});
      next = desk.clock.after(interval);
    }
  }
}

Task<void> Service::patrol_step() {
  (void)co_await jobs_.patrol();
  auto problem = co_await take_samples(parts_.desk, parts_.settings);
  co_await sentinel_.see(std::move(problem));
}

Task<void> Service::check_loop(Stop& stop) {
  while (!stop.requested()) {
    const bool ok = co_await guard("database check", check_step(stop));
    if (!ok) (void)co_await stop.sleep_until(parts_.desk.parts().clock.after(kAfterFault));
  }
}

Task<void> Service::check_step(Stop& stop) {
  auto schedule = parts_.settings.entry_schedule();
  schedule.hour = (schedule.hour + kCheckHoursAfterEntry) % 24;
  const TimePoint now = parts_.desk.parts().market.exchange_now();
  const auto fire = next_fire(schedule, kCheckWindow, now,
                              [this](LocalDate date) { return checked_ && date <= *checked_; });
  switch (fire.kind) {
    case NextFire::Kind::missed:
      checked_ = fire.slot.date;
      co_return;
    case NextFire::Kind::run:
      checked_ = fire.slot.date;
      co_await check_database(parts_.desk);
      co_return;
    case NextFire::Kind::wait:
      co_await wait_for(stop, fire.slot.at - now);
      co_return;
  }
}

}  // namespace bb::service
