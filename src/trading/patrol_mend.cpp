#include <algorithm>

#include "base/plant.h"
#include "desk/alarm.h"
#include "trading/impl/patrol_state.h"
#include "trading/lifecycle.h"
#include "trading/messages.h"
#include "trading/plan.h"

namespace bb::trading {

namespace {

using desk::PlaceResult;
using PlaceKind = desk::PlaceResult::Kind;
using exchange::OrderView;

constexpr int kCancelsMax = 3;  // of one short's stop, by hand

void note_stop(store::Holding& holding, Price trigger, std::int64_t id, const ClientOrderId& coid) {
  holding.sl_price = trigger;
  holding.sl_order_id = id;
  holding.sl_client_order_id = coid;
}

}  // namespace

// The stop that we knew of was cancelled, and not by us (F54): counted, once another one stands.
Task<void> Patrol::State::count_cancel(const store::Holding& before) {
  if (before.sl_client_order_id.empty()) co_return;
  const auto order = co_await desk.parts().account.find_order(
      {before.symbol, before.sl_client_order_id, before.sl_order_id, true});
  if (order && order->has_value() && (*order)->status == OrderStatus::canceled)
    ++cancelled_by_hand[before.id];
}

// A price of nothing, or one that is another coin's, moves no stop.
bool Patrol::State::is_sane(Symbol symbol, Price mark) {
  if (!mark.is_positive()) return false;
  if (marks.believes(symbol, mark, desk.parts().clock.steady_now())) return true;
  desk.parts().log.error("mark price jumped; its stop stays",
                         {{"symbol", symbol}, {"from", marks.kept(symbol)}, {"to", mark}});
  return false;
}

Task<void> Patrol::State::mend_stop(store::Holding& holding, const desk::Standing& standing,
                                    Price wanted, PatrolReport& report) {
  const auto working_type = settings.working_type();
  const auto* rules = desk.book().find_rules(holding.symbol);
  const Price tick = rules != nullptr ? rules->tick : Price();
  const OrderView* cover = standing.qty_stop;
  if (cover != nullptr && !desk.ids().decode(cover->client_order_id, holding.symbol))
    cover = nullptr;  // a person's: left alone, not counted on
  if (standing.full_stop != nullptr) {
    const OrderView& stop = *standing.full_stop;
    if (stop.trigger_price - wanted <= tick) {
      note_stop(holding, stop.trigger_price, stop.order_id, stop.client_order_id);
      // A move that was cut short after C stood again.
      if (cover != nullptr && stop.trigger_price <= cover->trigger_price &&
          co_await desk.cancel_order(cover->ref()))
        ++report.swept;
      co_return;
    }
    const bool ours = desk.ids().decode(stop.client_order_id, holding.symbol).has_value();
    if (!ours && cover != nullptr && cover->trigger_price - wanted <= tick) {
      note_stop(holding, cover->trigger_price, cover->order_id, cover->client_order_id);
      co_return;
    }
    const auto moved = co_await desk.move_stop(holding, wanted, working_type);
    if (moved.kind == PlaceKind::resting) {
      const Price before = stop.trigger_price;
      note_stop(holding, moved.order.trigger, moved.order.order_id, moved.order.client_order_id);
      ++report.updated_sl;
      co_await tell_stop_moved(desk, holding, before);
    } else {
      note_stop(holding, stop.trigger_price, stop.order_id, stop.client_order_id);
      holding.last_error = "stop not moved: " + moved.text;
      ++report.errors;
    }
    co_return;
  }
  if (planted("stop_never_restored")) co_return;
  if (cover == nullptr && cancelled_by_hand[holding.id] >= kCancelsMax) {
    co_await desk::raise_alarm(
        desk, "protection", "止损被反复撤销 / stop cancelled again and again",
        holding.symbol.str() + ": somebody cancelled its stop " + std::to_string(kCancelsMax + 1) +
            " times; a position without a stop is closed.");
    const auto end = co_await close_holding(
        desk, holding, OrderKind::risk_off, Job::patrol, utc_date(holding.opened_at),
        store::HoldingStatus::closed_risk_off, "STOP_CANCELLED_BY_HAND");
    if (end == CloseEnd::closed) {
      ++report.closed_risk_off;
      naked.erase(holding.symbol);
      holding.status = store::HoldingStatus::closed_risk_off;
      co_return;
    }
  }
  // C is missing. It may only be as tight as it was, or tighter.
  const store::Holding before = holding;
  Price trigger = wanted;
  if (holding.sl_price) trigger = std::min(trigger, *holding.sl_price);
  auto placed = co_await desk.place_protection(holding, OrderKind::stop, trigger, working_type);
  if (placed.kind == PlaceKind::failed && cover == nullptr) {
    // A short disturbance must not end in a close: once the exchange answers again, one more try.
    const auto answered = co_await desk.parts().account.fetch_positions();
    if (answered && find_short(*answered, holding) != nullptr)
      placed = co_await desk.place_protection(holding, OrderKind::stop, trigger, working_type);
  }
  if (placed.kind == PlaceKind::resting) {
    note_stop(holding, placed.order.trigger, placed.order.order_id, placed.order.client_order_id);
    ++report.restored;
    naked.erase(holding.symbol);
    co_await count_cancel(before);
    if (cover != nullptr && cover->client_order_id != placed.order.client_order_id &&
        placed.order.trigger <= cover->trigger_price)
      (void)co_await desk.cancel_order(cover->ref());
    co_return;
  }
  if (cover != nullptr) {
    holding.last_error = "stop not restored: " + placed.text;
    ++report.errors;
    co_return;
  }
  desk.parts().log.error("position unprotected",
                         {{"symbol", holding.symbol}, {"why", placed.text}});
  const auto end = co_await close_holding(
      desk, holding, OrderKind::risk_off, Job::patrol, utc_date(holding.opened_at),
      store::HoldingStatus::closed_risk_off, "EXIT_SETUP_FAILED");
  if (end == CloseEnd::closed) {
    ++report.closed_risk_off;
    naked.erase(holding.symbol);
    holding.status = store::HoldingStatus::closed_risk_off;
  } else {
    ++report.errors;
  }
}

// Covers that a move left behind because they could not be cancelled then: the tightest stays.
Task<void> Patrol::State::sweep_covers(const store::Holding& holding,
                                       const desk::Standing& standing, const View& view,
                                       PatrolReport& report) {
  if (standing.qty_stop == nullptr) co_return;
  for (const auto& order : view.orders) {
    const auto decoded = desk.ids().decode(order.client_order_id, holding.symbol);
    const bool is_surplus = &order != standing.qty_stop && decoded &&
                            decoded->kind == OrderKind::moving_stop && is_live(order.status) &&
                            order.trigger_price >= standing.qty_stop->trigger_price;
    if (is_surplus && co_await desk.cancel_order(order.ref())) ++report.swept;
  }
}

Task<void> Patrol::State::mend_take_profit(store::Holding& holding, const desk::Standing& standing,
                                           PatrolReport& report) {
  if (standing.take_profit != nullptr) {
    const OrderView& order = *standing.take_profit;
    holding.tp_price = order.trigger_price;
    holding.tp_order_id = order.order_id;
    holding.tp_client_order_id = order.client_order_id;
    co_return;
  }
  const auto* rules = desk.book().find_rules(holding.symbol);
  if (!holding.tp_price && rules == nullptr) co_return;
  const Price trigger = holding.tp_price ? *holding.tp_price
                                         : plan_take_profit(*rules, holding.entry_price, settings);
  const auto placed = co_await desk.place_protection(holding, OrderKind::take_profit, trigger,
                                                     settings.working_type());
  if (placed.kind == PlaceKind::resting) {
    holding.tp_price = placed.order.trigger;
    holding.tp_order_id = placed.order.order_id;
    holding.tp_client_order_id = placed.order.client_order_id;
    ++report.restored;
  } else if (placed.kind == PlaceKind::would_trigger) {
    const auto end = co_await close_holding(desk, holding, OrderKind::close, Job::patrol,
                                            utc_date(holding.opened_at),
                                            store::HoldingStatus::closed_tp, "TAKE_PROFIT_REACHED");
    if (end == CloseEnd::closed) {
      ++report.closed_tp;
      holding.status = store::HoldingStatus::closed_tp;
    }
  } else {
    holding.last_error = "take-profit: " + placed.text;
    ++report.errors;
  }
}

}  // namespace bb::trading
