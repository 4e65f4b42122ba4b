#include <algorithm>

#include "base/plant.h"
#include "trading/impl/patrol_state.h"
#include "trading/lifecycle.h"
#include "trading/plan.h"

namespace bb::trading {

namespace {

using desk::PlaceResult;
using PlaceKind = desk::PlaceResult::Kind;
using exchange::OrderView;

void note_stop(store::Holding& holding, Price trigger, std::int64_t id, const ClientOrderId& coid) {
  holding.sl_price = trigger;
  holding.sl_order_id = id;
  holding.sl_client_order_id = coid;
}

}  // namespace

Task<void> Patrol::State::mend_stop(store::Holding& holding, const Standing& standing, Price wanted,
                                    PatrolReport& report) {
  const auto working_type = settings.working_type();
  const auto* rules = desk.book().find_rules(holding.symbol);
  const Price tick = rules != nullptr ? rules->tick : Price();
  if (standing.full_stop != nullptr) {
    const OrderView& stop = *standing.full_stop;
    note_stop(holding, stop.trigger_price, stop.order_id, stop.client_order_id);
    if (standing.qty_stop != nullptr &&
        desk.ids().decode(standing.qty_stop->client_order_id, holding.symbol)) {
      // A move that was cut short after C stood again.
      if (co_await desk.cancel_order(standing.qty_stop->ref())) ++report.swept;
    }
    if (stop.trigger_price - wanted <= tick) co_return;
    const auto moved = co_await desk.move_stop(holding, wanted, working_type);
    if (moved.kind == PlaceKind::resting) {
      note_stop(holding, moved.order.trigger, moved.order.order_id, moved.order.client_order_id);
      ++report.updated_sl;
    } else {
      holding.last_error = "stop not moved: " + moved.text;
      ++report.errors;
    }
    co_return;
  }
  if (planted("stop_never_restored")) co_return;
  // C is missing. It may only be as tight as it was, or tighter.
  Price trigger = wanted;
  if (holding.sl_price) trigger = std::min(trigger, *holding.sl_price);
  const auto placed =
      co_await desk.place_protection(holding, OrderKind::stop, trigger, working_type);
  if (placed.kind == PlaceKind::resting) {
    note_stop(holding, placed.order.trigger, placed.order.order_id, placed.order.client_order_id);
    ++report.restored;
    if (standing.qty_stop != nullptr &&
        desk.ids().decode(standing.qty_stop->client_order_id, holding.symbol))
      (void)co_await desk.cancel_order(standing.qty_stop->ref());
    co_return;
  }
  if (standing.qty_stop != nullptr) {
    holding.last_error = "stop not restored: " + placed.text;
    ++report.errors;
    co_return;
  }
  desk.parts().log.error("position unprotected",
                         {{"symbol", holding.symbol}, {"why", placed.text}});
  const bool closed = co_await close_holding(
      desk, holding, OrderKind::risk_off, Job::patrol, utc_date(holding.opened_at),
      store::HoldingStatus::closed_risk_off, "EXIT_SETUP_FAILED");
  if (closed) {
    ++report.closed_risk_off;
    holding.status = store::HoldingStatus::closed_risk_off;
  } else {
    ++report.errors;
  }
}

Task<void> Patrol::State::mend_take_profit(store::Holding& holding, const Standing& standing,
                                           const SymbolRules& rules, PatrolReport& report) {
  if (standing.take_profit != nullptr) {
    const OrderView& order = *standing.take_profit;
    holding.tp_price = order.trigger_price;
    holding.tp_order_id = order.order_id;
    holding.tp_client_order_id = order.client_order_id;
    co_return;
  }
  const Price trigger =
      holding.tp_price.value_or(plan_take_profit(rules, holding.entry_price, settings));
  const auto placed = co_await desk.place_protection(holding, OrderKind::take_profit, trigger,
                                                     settings.working_type());
  if (placed.kind == PlaceKind::resting) {
    holding.tp_price = placed.order.trigger;
    holding.tp_order_id = placed.order.order_id;
    holding.tp_client_order_id = placed.order.client_order_id;
    ++report.restored;
  } else if (placed.kind == PlaceKind::would_trigger) {
    if (co_await close_holding(desk, holding, OrderKind::close, Job::patrol,
                               utc_date(holding.opened_at), store::HoldingStatus::closed_tp,
                               "TAKE_PROFIT_REACHED")) {
      ++report.closed_tp;
      holding.status = store::HoldingStatus::closed_tp;
    }
  } else {
    holding.last_error = "take-profit: " + placed.text;
    ++report.errors;
  }
}

}  // namespace bb::trading
