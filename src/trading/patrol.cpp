#include "trading/patrol.h"

#include <algorithm>

#include "base/plant.h"
#include "desk/alarm.h"
#include "trading/explain.h"
#include "trading/impl/patrol_state.h"
#include "trading/lifecycle.h"
#include "trading/messages.h"
#include "trading/plan.h"

namespace bb::trading {

namespace {

constexpr Seconds kTwoReads{2};  // absence without fills needs two reads this far apart

// A contract that ends is left before it does (F59).
constexpr Hours kBeforeDelivery{2};

}  // namespace

Patrol::Patrol(desk::Desk& desk, const Settings& settings)
    : state_(std::make_unique<State>(desk, settings)) {}
Patrol::~Patrol() = default;

Task<void> Patrol::State::handle_absent(store::Holding holding, PatrolReport& report) {
  auto& parts = desk.parts();
  const auto explained = co_await explain_close(desk, holding);
  if (!explained) {
    ++report.errors;
    co_return;
  }
  auto closed = *explained;
  if (!closed) {
    // No fills explain it: believe it only when a second read, later, agrees.
    const auto [first, is_new] = absent_since.try_emplace(holding.id, parts.clock.steady_now());
    if (is_new || parts.clock.steady_now() - first->second < kTwoReads) co_return;
    closed = desk::Ending{store::HoldingStatus::closed_external, "SHORT_POSITION_NOT_FOUND", 0};
  }
  absent_since.erase(holding.id);
  naked.erase(holding.symbol);
  busy.erase(holding.symbol);
  const bool is_news = co_await desk::record_closed(desk, holding, *closed);
  if (is_news) co_await tell_closed(desk, holding.id, holding.symbol);
  if (closed->reason.starts_with("EXTERNAL_"))
    co_await desk::raise_alarm(desk, "仓位被交易所关闭 / closed by the exchange",
                               holding.symbol.str() + ": " + closed->reason);
  switch (closed->status) {
    case store::HoldingStatus::closed_tp:
      ++report.closed_tp;
      break;
    case store::HoldingStatus::closed_sl:
      ++report.closed_sl;
      break;
    case store::HoldingStatus::closed_timeout:
      ++report.closed_timeout;
      break;
    case store::HoldingStatus::closed_risk_off:
      ++report.closed_risk_off;
      break;
    case store::HoldingStatus::open:
    case store::HoldingStatus::closed_external:
    case store::HoldingStatus::closed_daily_loss_cut:
    case store::HoldingStatus::closed_flatten:
      ++report.closed_external;
      break;
  }
}

Task<void> Patrol::State::guard(store::Holding holding, const exchange::Position& position,
                                const View& view, PatrolReport& report) {
  auto& parts = desk.parts();
  const TimePoint now = parts.market.exchange_now();
  const store::Holding before = holding;
  absent_since.erase(holding.id);
  holding.qty = position.qty.abs();
  holding.entry_price = position.entry;
  if (position.liquidation) holding.liq_price_latest = position.liquidation;
  if (!holding.liq_price_open) holding.liq_price_open = position.liquidation;
  const auto* contract = desk.book().find_rules(holding.symbol);
  const bool ends_soon = contract != nullptr && contract->status == SymbolStatus::trading &&
                         contract->delivery_time - now < kBeforeDelivery;
  if ((now >= holding.expire_at || ends_soon) && may_try(holding.id)) {
    const auto end = co_await close_holding(
        desk, holding, OrderKind::close, Job::patrol, utc_date(holding.opened_at),
        store::HoldingStatus::closed_timeout, ends_soon ? "CONTRACT_ENDS" : "MAX_HOLD_EXCEEDED");
    if (end != CloseEnd::busy) busy.erase(holding.symbol);
    if (end == CloseEnd::closed) {
      ++report.closed_timeout;
      co_return;
    }
    ++report.errors;
    if (end == CloseEnd::busy)
      co_await keep_trying(holding.symbol);
    else
      back_off(holding.id);
    // Not closed: its protection is looked after like any other's.
    if (const auto stored = parts.store.find_open_holding(holding.symbol)) holding = *stored;
  } else {
    holding.last_error.clear();
  }
  if (planted("finished_means_filled") && !holding.tp_client_order_id.empty()) {
    const auto order = co_await parts.account.find_order(
        {holding.symbol, holding.tp_client_order_id, holding.tp_order_id, true});
    if (order && order->has_value() && (*order)->status == OrderStatus::finished) {
      (void)co_await desk::record_closed(desk, holding,
                                         {store::HoldingStatus::closed_tp, "STATUS_WORD"});
      co_return;
    }
  }
  co_await undo_duplicates(desk, holding, before.qty);
  const auto* rules = desk.book().find_rules(holding.symbol);
  const desk::Standing standing = desk::standing_of(view.orders, holding, now);
  std::optional<Price> wanted = holding.sl_price;
  if (position.liquidation && rules != nullptr && is_sane(holding.symbol, position.mark))
    wanted = plan_stop(*rules, *position.liquidation, settings);
  if (rules == nullptr) holding.last_error = "the rules of this contract are not known";
  const bool is_over = rules != nullptr && (rules->status == SymbolStatus::settling ||
                                            rules->status == SymbolStatus::closed);
  if (standing.is_naked() && !is_over)
    naked.try_emplace(holding.symbol, parts.clock.steady_now());
  else
    naked.erase(holding.symbol);
  if (is_over) {
    // The exchange takes no orders for it any more and settles it (F59).
    holding.last_error = "the contract is being settled";
  } else if (wanted) {
    co_await mend_stop(holding, standing, *wanted, report);
    if (holding.status == store::HoldingStatus::open)
      co_await sweep_covers(holding, standing, view, report);
  } else {
    holding.last_error = "no liquidation price, so no stop can be derived";
    ++report.errors;
  }
  if (holding.status == store::HoldingStatus::open && !is_over)
    co_await mend_take_profit(holding, standing, report);
  if (holding.status != store::HoldingStatus::open) co_return;
  const bool changed = holding.qty != before.qty || holding.entry_price != before.entry_price ||
                       holding.liq_price_latest != before.liq_price_latest ||
                       holding.sl_client_order_id != before.sl_client_order_id ||
                       holding.tp_client_order_id != before.tp_client_order_id ||
                       holding.sl_price != before.sl_price ||
                       holding.last_error != before.last_error;
  if (changed) co_await desk::save_holding(desk, std::move(holding));
}

bool Patrol::State::may_try(std::int64_t holding_id) const {
  const auto found = retries.find(holding_id);
  return found == retries.end() || desk.parts().clock.steady_now() >= found->second.not_before;
}

void Patrol::State::back_off(std::int64_t holding_id) {
  Retry& retry = retries[holding_id];
  const auto wait = Minutes(1) * (1 << std::min(retry.failures, 4));
  ++retry.failures;
  // A little less than the wait, so that the patrol of that minute is not just too early.
  retry.not_before = desk.parts().clock.steady_now() + wait - Seconds(5);
}

// An overload ends at some time, and nobody knows when: people are told that it lasts.
Task<void> Patrol::State::keep_trying(Symbol symbol) {
  const bool is_new = busy.try_emplace(symbol, desk.parts().clock.steady_now()).second;
  if (is_new)
    co_await desk::raise_alarm(desk, "protection", "平仓受阻 / a close does not get through",
                               symbol.str() +
                                   ": the exchange takes no close for now. Its stop "
                                   "stands; the close is tried again and again.");
}

Task<bool> Patrol::State::visit(store::Holding seen, const View& view, PatrolReport& report) {
  try {
    co_await look_after(seen, view, report);
  } catch (const std::exception& error) {
    // One holding's broken figures must not keep the patrol from the others.
    desk.parts().log.error("patrol failed", {{"symbol", seen.symbol}, {"why", error.what()}});
    ++report.errors;
  }
  co_return true;
}

Task<void> Patrol::State::look_after(store::Holding seen, const View& view, PatrolReport& report) {
  // Somebody acts on it right now: its state in our view is older than what he does.
  if (desk.turns().is_taken(seen.symbol) || desk.turns().is_closing(seen.symbol)) co_return;
  const desk::Turn turn = co_await desk.turns().take(seen.symbol);
  const auto holding = desk.parts().store.find_open_holding(seen.symbol);
  if (!holding || holding->id != seen.id) co_return;
  if (const auto* position = find_short(view.positions, *holding))
    co_await guard(*holding, *position, view, report);
  else
    co_await handle_absent(*holding, report);
}

// People are told when errors begin, change or end their silence of an hour, not every minute.
void Patrol::State::judge_errors(PatrolReport& report) {
  const SteadyTime now = desk.parts().clock.steady_now();
  report.tell_errors =
      report.errors > 0 && (report.errors != last_errors || now - told >= Hours(1));
  last_errors = report.errors;
  if (report.tell_errors) told = now;
}

bool Patrol::wants_second_look() const {
  return !state_->absent_since.empty() || !state_->orphan_since.empty();
}

const std::map<Symbol, SteadyTime>& Patrol::busy() const { return state_->busy; }

const std::map<Symbol, SteadyTime>& Patrol::naked() const { return state_->naked; }

Task<void> Patrol::judge_foreign(std::vector<exchange::OrderView> orders) {
  co_await state_->judge_foreign(std::move(orders));
}

// Two requests, whatever the number of positions.
Task<bool> Patrol::State::read(View& view, PatrolReport& report) {
  auto& parts = desk.parts();
  auto [positions, orders] =
      co_await both(parts.account.fetch_positions(), parts.account.fetch_open_conditional_orders());
  if (planted("error_read_as_empty")) {
    if (!positions) positions.emplace();
    if (!orders) orders.emplace();
  }
  if (!positions || !orders) {
    // Nothing is concluded from an answer that is not there.
    ++report.errors;
    report.unreadable = true;
    parts.log.warn("patrol could not read the account",
                   {{"why", positions ? orders.error().text : positions.error().text}});
    judge_errors(report);
    co_return false;
  }
  view = {std::move(*positions), std::move(*orders)};
  desk.gate().note_conditionals(view.orders.size());
  co_return true;
}

Task<PatrolReport> Patrol::look_at(std::optional<std::set<Symbol>> symbols) {
  State& s = *state_;
  PatrolReport report;
  std::vector<store::Holding> holdings;
  for (auto& holding : s.desk.parts().store.open_holdings())
    if (!symbols || symbols->contains(holding.symbol)) holdings.push_back(std::move(holding));
  report.total = static_cast<int>(holdings.size());
  State::View view;
  if (!co_await s.read(view, report)) co_return report;
  std::vector<Task<bool>> visits;
  for (auto& holding : holdings)
    visits.push_back(s.visit(std::move(holding), view, report));
  (void)co_await gather(std::move(visits));
  if (symbols)
    std::erase_if(view.positions, [&](const auto& p) { return !symbols->contains(p.symbol); });
  co_await s.adopt(view, report);
  s.forget_gone();
  s.judge_errors(report);
  co_return report;
}

Task<PatrolReport> Patrol::run_once() {
  State& s = *state_;
  auto& parts = s.desk.parts();
  const desk::Turn round = co_await s.rounds.take(Symbol("ROUND"));
  PatrolReport report;
  const auto book = co_await s.desk.book().refresh_if_older(Hours(6), parts.clock);
  if (!book) parts.log.warn("rules not read", {{"why", book.error().text}});
  if (!parts.store.unresolved_intents().empty() && !planted("unknowns_forgotten"))
    (void)co_await s.desk.settle_intents();
  const auto holdings = parts.store.open_holdings();
  report.total = static_cast<int>(holdings.size());
  State::View view;
  if (!co_await s.read(view, report)) co_return report;
  std::vector<Task<bool>> visits;
  for (const auto& holding : holdings)
    visits.push_back(s.visit(holding, view, report));
  (void)co_await gather(std::move(visits));
  co_await s.adopt(view, report);
  co_await s.judge_foreign(view.orders);
  co_await s.sweep(view, report);
  s.forget_gone();
  s.judge_errors(report);
  co_return report;
}

}  // namespace bb::trading
