#include "trading/patrol.h"

#include <algorithm>

#include "base/plant.h"
#include "trading/explain.h"
#include "trading/impl/patrol_state.h"
#include "trading/lifecycle.h"
#include "trading/plan.h"

namespace bb::trading {

namespace {

constexpr Seconds kTwoReads{2};    // absence without fills needs two reads this far apart
constexpr Seconds kTriggering{1};  // longer in TRIGGERING is unprotected (reference §12)

using exchange::OrderView;

bool is_stop(const OrderView& order) {
  return order.type == OrderType::stop_market || order.type == OrderType::stop;
}

bool protects(const OrderView& order, const store::Holding& holding, TimePoint now) {
  if (order.symbol != holding.symbol || order.position_side != holding.side ||
      order.side != Side::buy || !is_live(order.status))
    return false;
  if (order.status == OrderStatus::triggering && now - order.update_time > kTriggering)
    return false;
  return order.close_position || order.qty >= holding.qty;
}

Standing find_standing(const std::vector<OrderView>& orders, const store::Holding& holding,
                       TimePoint now) {
  Standing out;
  for (const auto& order : orders) {
    if (!protects(order, holding, now)) continue;
    if (!is_stop(order))
      out.take_profit = &order;
    else if (order.close_position)
      out.full_stop = &order;
    else
      out.qty_stop = &order;
  }
  return out;
}

}  // namespace

Patrol::Patrol(desk::Desk& desk, const Settings& settings)
    : state_(std::make_unique<State>(desk, settings)) {}
Patrol::~Patrol() = default;

Task<void> Patrol::State::handle_absent(store::Holding holding, PatrolReport& report) {
  auto& parts = desk.parts();
  auto closed = co_await explain_close(desk, holding);
  if (!closed) {
    // No fills explain it: believe it only when a second read, later, agrees.
    const auto [first, is_new] = absent_since.try_emplace(holding.id, parts.clock.steady_now());
    if (is_new || parts.clock.steady_now() - first->second < kTwoReads) co_return;
    closed = ClosedBy{store::HoldingStatus::closed_external, "SHORT_POSITION_NOT_FOUND", 0};
  }
  absent_since.erase(holding.id);
  co_await record_closed(desk, holding, closed->status, closed->reason, closed->order_id);
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
  if (now >= holding.expire_at) {
    const bool closed = co_await close_holding(
        desk, holding, OrderKind::close, Job::patrol, utc_date(holding.opened_at),
        store::HoldingStatus::closed_timeout, "MAX_HOLD_EXCEEDED");
    if (closed) {
      ++report.closed_timeout;
      co_return;
    }
    ++report.errors;
    // Not closed: its protection is looked after like any other's.
    if (const auto stored = parts.store.find_open_holding(holding.symbol)) holding = *stored;
  } else {
    holding.last_error.clear();
  }
  if (planted("finished_means_filled") && !holding.tp_client_order_id.empty()) {
    const auto order = co_await parts.account.find_order(
        {holding.symbol, holding.tp_client_order_id, holding.tp_order_id, true});
    if (order && order->has_value() && (*order)->status == OrderStatus::finished) {
      co_await record_closed(desk, holding, store::HoldingStatus::closed_tp, "STATUS_WORD", 0);
      co_return;
    }
  }
  const auto* rules_now = desk.book().find_rules(holding.symbol);
  if (rules_now == nullptr) {
    holding.last_error = "the contract is not listed any more";
    ++report.errors;
    co_await save(desk, std::move(holding));
    co_return;
  }
  const SymbolRules rules = *rules_now;
  const Standing standing = find_standing(view.orders, holding, now);
  if (position.liquidation || holding.sl_price) {
    const Price wanted = position.liquidation ? plan_stop(rules, *position.liquidation, settings)
                                              : *holding.sl_price;
    co_await mend_stop(holding, standing, wanted, report);
  } else {
    holding.last_error = "no liquidation price, so no stop can be derived";
    ++report.errors;
  }
  if (holding.status == store::HoldingStatus::open)
    co_await mend_take_profit(holding, standing, rules, report);
  if (holding.status != store::HoldingStatus::open) co_return;
  const bool changed = holding.qty != before.qty || holding.entry_price != before.entry_price ||
                       holding.liq_price_latest != before.liq_price_latest ||
                       holding.sl_client_order_id != before.sl_client_order_id ||
                       holding.tp_client_order_id != before.tp_client_order_id ||
                       holding.sl_price != before.sl_price ||
                       holding.last_error != before.last_error;
  if (changed) co_await save(desk, std::move(holding));
}

Task<bool> Patrol::State::visit(store::Holding seen, const View& view, PatrolReport& report) {
  // Somebody acts on it right now: its state in our view is older than what he does.
  if (desk.turns().is_taken(seen.symbol)) co_return true;
  const desk::Turn turn = co_await desk.turns().take(seen.symbol);
  const auto holding = desk.parts().store.find_open_holding(seen.symbol);
  if (!holding || holding->id != seen.id) co_return true;
  if (const auto* position = find_short(view.positions, *holding))
    co_await guard(*holding, *position, view, report);
  else
    co_await handle_absent(*holding, report);
  co_return true;
}

Task<PatrolReport> Patrol::run_once() {
  State& s = *state_;
  auto& parts = s.desk.parts();
  PatrolReport report;
  if (s.desk.book().rules().symbols.empty()) {
    const auto book = co_await s.desk.book().refresh_if_older(Hours(6), parts.clock);
    if (!book) parts.log.warn("rules not read", {{"why", book.error().text}});
  }
  if (!parts.store.unresolved_intents().empty()) (void)co_await s.desk.settle_intents();
  const auto holdings = parts.store.open_holdings();
  report.total = static_cast<int>(holdings.size());
  auto [positions, orders] =
      co_await both(parts.account.fetch_positions(), parts.account.fetch_open_conditional_orders());
  if (!positions || !orders) {
    // Nothing is concluded from an answer that is not there.
    ++report.errors;
    parts.log.warn("patrol could not read the account",
                   {{"why", positions ? orders.error().text : positions.error().text}});
    co_return report;
  }
  const State::View view{std::move(*positions), std::move(*orders)};
  std::vector<Task<bool>> visits;
  for (const auto& holding : holdings)
    visits.push_back(s.visit(holding, view, report));
  (void)co_await gather(std::move(visits));
  co_await s.adopt(view, report);
  co_await s.sweep(view, report);
  co_return report;
}

}  // namespace bb::trading
