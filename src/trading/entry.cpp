#include "trading/entry.h"

#include <fmt/format.h>

#include <utility>

#include "base/plant.h"
#include "desk/alarm.h"
#include "trading/impl/entry_state.h"
#include "trading/messages.h"

namespace bb::trading {

namespace {

constexpr Seconds kPlanAgeMax{10};
constexpr int kHeldDaysMax = 60;

// After a liquidation or an auto-deleveraging nothing is opened until the next UTC day (F55).
std::string forced_close_today(const desk::Parts& parts) {
  const TimePoint midnight = utc_midnight(parts.market.exchange_now());
  for (int day = 0; day <= kHeldDaysMax; ++day) {
    const auto* run = parts.store.find_run(utc_date(midnight - Hours(24) * day));
    if (run == nullptr) continue;
    for (const auto& holding : parts.store.holdings_of_run(run->run_id))
      if (holding.closed_at && *holding.closed_at >= midnight &&
          (holding.close_reason == "EXTERNAL_LIQUIDATION" ||
           holding.close_reason == "EXTERNAL_ADL"))
        return holding.symbol.str() + " was closed by the exchange today (" + holding.close_reason +
               "); nothing is opened until tomorrow";
  }
  return {};
}

}  // namespace

Entry::Entry(desk::Desk& desk, const Settings& settings)
    : state_(std::make_unique<State>(desk, settings)) {}
Entry::~Entry() = default;

std::string_view str(EntryStatus status) {
  switch (status) {
    case EntryStatus::success:
      return "SUCCESS";
    case EntryStatus::partial:
      return "PARTIAL";
    case EntryStatus::failed:
      return "FAILED";
    case EntryStatus::skipped:
      return "SKIPPED";
  }
  return "";
}

Task<Status> Entry::prepare(EntrySlot slot) {
  State& s = *state_;
  if (const auto* run = s.desk.parts().store.find_run(slot.trade_day_utc);
      run != nullptr && run->status == store::RunStatus::success)
    co_return Status{};
  const auto plan = co_await s.make_plan(slot, true);
  if (!plan) co_return std::unexpected(plan.error());
  std::vector<Symbol> likely;
  for (const auto& pick : plan->picks)
    likely.push_back(pick.symbol);
  co_return co_await s.set_up_symbols(std::move(likely));
}

Task<Status> Entry::decide(EntrySlot slot) {
  State& s = *state_;
  s.plan.reset();
  if (const auto* run = s.desk.parts().store.find_run(slot.trade_day_utc);
      run != nullptr && run->status == store::RunStatus::success)
    co_return Status{};
  auto plan = co_await s.make_plan(slot, false);
  if (!plan) co_return std::unexpected(plan.error());
  std::vector<Symbol> picked;
  for (const auto& pick : plan->picks)
    picked.push_back(pick.symbol);
  const auto connections = static_cast<std::size_t>(s.settings.top_n) + 2;
  auto set_up = s.set_up_symbols(std::move(picked));
  auto warm = s.desk.parts().market.prepare(connections);
  (void)co_await both(std::move(set_up), std::move(warm));
  s.plan = std::move(*plan);
  co_return Status{};
}

Task<EntryReport> Entry::State::finish(EntrySlot slot, store::Run run, EntryReport report,
                                       Usdt available) {
  auto& parts = desk.parts();
  report.run_id = run.run_id;
  if (report.message.empty())
    report.message = fmt::format(
        "run_id={} opened={} failed={} entry_failed={} exit_setup_failed={} unknown={} "
        "skipped_existing={} failed_notional={}",
        run.run_id, report.opened, report.entry_failed + report.protection_failed,
        report.entry_failed, report.protection_failed, report.unknown, report.skipped_existing,
        report.failed_notional.str());
  // A run that opened something, or had nothing to do, is done; any other may be tried again.
  const bool done = report.status == EntryStatus::success || report.status == EntryStatus::partial;
  run.status = done ? store::RunStatus::success : store::RunStatus::failed;
  run.message = report.message;
  run.completed_at = parts.market.exchange_now();
  auto message = entry_message(report, slot, available, settings, *run.completed_at);
  message.id = parts.store.next_outbox_id();
  store::Batch batch;
  batch.put(run);
  batch.put(message);
  // Why these contracts and no others: for whoever asks later.
  if (!why.empty()) batch.add({"entry", run.run_id, run.started_at, *run.completed_at, why});
  if (!ranking.empty()) batch.add(store::journal_row(run, ranking));
  const auto stored = co_await parts.store.commit(std::move(batch));
  if (!stored) parts.log.error("run not stored", {{"error", stored.error().text}});
  if (report.unknown > 0)
    co_await desk::raise_alarm(
        desk, "unknown_order", "订单结果未知 / orders whose fate nobody knows",
        fmt::format("{} of {} are unresolved. They are watched and not sent again; compare with "
                    "the exchange.",
                    report.unknown, run.trade_day_utc));
  parts.log.info("entry finished", {{"trade_day", run.trade_day_utc},
                                    {"status", str(report.status)},
                                    {"opened", report.opened},
                                    {"message", report.message}});
  co_return report;
}

Task<EntryReport> Entry::run(EntrySlot slot) {
  State& s = *state_;
  auto& parts = s.desk.parts();
  store::Run run;
  run.run_id = run_id_of(slot.trade_day_utc);
  run.trade_day_utc = slot.trade_day_utc;
  run.started_at = parts.market.exchange_now();
  if (const auto* known = parts.store.find_run(slot.trade_day_utc)) {
    // What another program did that day is in none of our intents: it cannot be resumed.
    const bool is_foreign = known->run_id != run.run_id;
    const bool consumed =
        is_foreign || known->status == store::RunStatus::success ||
        planted("run_row_consumes_day") ||
        (planted("failed_day_consumed") && known->status == store::RunStatus::failed);
    if (consumed) {
      EntryReport report;
      report.status = EntryStatus::skipped;
      report.run_id = known->run_id;
      report.message = "RUN_ALREADY_EXISTS";
      co_return report;
    }
    run = *known;
  }
  run.status = store::RunStatus::running;
  s.run_id = run.run_id;
  s.trade_day = slot.trade_day_utc;
  s.why.clear();
  s.ranking = {};

  std::optional<Plan> plan = std::exchange(s.plan, std::nullopt);
  const bool fresh = plan && plan->trade_day == slot.trade_day_utc &&
                     parts.clock.steady_now() - plan->made <= kPlanAgeMax;
  store::Batch batch;
  batch.put(run);
  const auto stored = co_await parts.store.commit(std::move(batch));
  EntryReport report;
  if (!stored) {
    report.message = stored.error().text;
    co_return co_await s.finish(slot, run, report, {});
  }
  if (!fresh) {
    auto made = co_await s.make_plan(slot, false);
    if (!made && planted("data_failure_is_success")) {
      report.status = EntryStatus::success;
      co_return co_await s.finish(slot, run, report, {});
    }
    if (!made) {
      report.message = made.error().text;
      co_return co_await s.finish(slot, run, report, {});
    }
    plan = std::move(*made);
  }
  s.ranking = plan->ranking;
  if (parts.modes.multi_assets || !parts.modes.can_trade) {
    report.message = parts.modes.multi_assets
                         ? "the account is in multi-assets mode; isolated shorts need "
                           "single-asset mode"
                         : "the account is not allowed to trade";
    co_return co_await s.finish(slot, run, report, plan->available);
  }
  if (!plan->available.is_positive()) {
    report.message = "no available USDT balance";
    co_return co_await s.finish(slot, run, report, plan->available);
  }
  if (report.message = forced_close_today(parts); !report.message.empty())
    co_return co_await s.finish(slot, run, report, plan->available);
  co_await wait_for_certainty(s.desk);
  if (const auto refusal = s.desk.gate().refusal()) {
    report.message = "nothing is opened: " + *refusal;
    parts.log.warn("entry refused", {{"why", *refusal}});
    co_return co_await s.finish(slot, run, report, plan->available);
  }
  s.why = plan->why;
  report = co_await s.trade(*plan);
  co_return co_await s.finish(slot, run, std::move(report), plan->available);
}

}  // namespace bb::trading
