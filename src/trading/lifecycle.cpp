#include "trading/lifecycle.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/plant.h"
#include "desk/alarm.h"
#include "desk/closing.h"
#include "desk/facts.h"
#include "desk/holdings.h"
#include "trading/explain.h"
#include "trading/messages.h"
#include "trading/plan.h"

namespace bb::trading {

namespace {

using desk::PlaceResult;
using PlaceKind = desk::PlaceResult::Kind;

// The position as the exchange reports it, soon after a known fill; it may lag.
Task<std::optional<exchange::Position>> read_position(desk::Desk& desk,
                                                      const store::Holding& holding) {
  constexpr std::array kWaits{Millis(0), Millis(100), Millis(300), Millis(1000)};
  for (const auto wait : kWaits) {
    if (wait.count() > 0) co_await sleep_for(desk.parts().clock, wait);
    const auto positions = co_await desk.parts().account.fetch_positions();
    if (!positions) continue;
    if (const auto* found = find_short(*positions, holding)) co_return *found;
  }
  co_return std::nullopt;
}

Task<PlaceResult> place_first_stop(desk::Desk& desk, const store::Holding& holding,
                                   std::optional<Price> trigger, WorkingType working_type) {
  if (!trigger)
    co_return PlaceResult{PlaceKind::failed, {}, "no stop can stand between price and liquidation"};
  co_return co_await desk.place_protection(holding, OrderKind::stop, *trigger, working_type);
}

void note_stop(store::Holding& holding, const desk::PlacedOrder& order) {
  holding.sl_price = order.trigger;
  holding.sl_order_id = order.order_id;
  holding.sl_client_order_id = order.client_order_id;
}

void note_take_profit(store::Holding& holding, const desk::PlacedOrder& order) {
  holding.tp_price = order.trigger;
  holding.tp_order_id = order.order_id;
  holding.tp_client_order_id = order.client_order_id;
}

Task<ProtectionState> give_up(desk::Desk& desk, const store::Holding& holding, std::string why) {
  desk.parts().log.error("protection failed", {{"symbol", holding.symbol}, {"why", why}});
  const auto end = co_await close_holding(
      desk, holding, OrderKind::risk_off, Job::patrol, utc_date(holding.opened_at),
      store::HoldingStatus::closed_risk_off, "EXIT_SETUP_FAILED");
  const bool closed = end == CloseEnd::closed;
  if (!closed && planted("risk_off_failure_aborts")) throw std::runtime_error("risk-off failed");
  co_return closed ? ProtectionState::closed : ProtectionState::unguarded;
}

}  // namespace

const exchange::Position* find_short(const std::vector<exchange::Position>& positions,
                                     const store::Holding& holding) {
  for (const auto& position : positions)
    if (position.symbol == holding.symbol && position.side == holding.side &&
        position.qty.is_negative())
      return &position;
  return nullptr;
}

Task<ProtectionState> protect_new(desk::Desk& desk, const Settings& settings,
                                  store::Holding& holding, Price reference) {
  const auto* rules_now = desk.book().find_rules(holding.symbol);
  const auto* brackets = desk.book().find_brackets(holding.symbol);
  if (rules_now == nullptr || brackets == nullptr)
    co_return co_await give_up(desk, holding, "rules or brackets are not known");
  const SymbolRules rules = *rules_now;  // the book may be refreshed while we wait
  const auto working_type = settings.working_type();
  const auto first =
      plan_first_stop(rules, *brackets, holding.qty, reference, desk.book().taker_fee(), settings);

  auto stop_task = place_first_stop(desk, holding, first, working_type);
  auto read_task = read_position(desk, holding);
  auto [stop, position] = co_await both(std::move(stop_task), std::move(read_task));
  if (stop.kind == PlaceKind::resting) note_stop(holding, stop.order);
  if (!position && planted("unseen_position_forgotten")) {
    if (stop.kind == PlaceKind::resting)
      (void)co_await desk.cancel_order(
          {holding.symbol, stop.order.client_order_id, stop.order.order_id, true});
    (void)co_await desk::record_closed(desk, holding,
                                       {store::HoldingStatus::closed_external, "NOT_SEEN"});
    co_return ProtectionState::closed;
  }
  const Qty filled = holding.qty;
  if (position) {
    holding.entry_price = position->entry;
    holding.qty = position->qty.abs();
    holding.liq_price_open = holding.liq_price_latest = position->liquidation;
  }
  if (stop.kind == PlaceKind::failed && position && position->liquidation) {
    // Our own estimate could not be placed; the exchange's liquidation price may allow one.
    const Price exact = plan_stop(rules, *position->liquidation, settings);
    stop = co_await desk.place_protection(holding, OrderKind::stop, exact, working_type);
    if (stop.kind == PlaceKind::resting) note_stop(holding, stop.order);
  }
  if (stop.kind != PlaceKind::resting) co_return co_await give_up(desk, holding, stop.text);

  if (position && position->liquidation) {
    const Price exact = plan_stop(rules, *position->liquidation, settings);
    if (*holding.sl_price > exact) {
      const auto moved = co_await desk.move_stop(holding, exact, working_type);
      if (moved.kind == PlaceKind::resting)
        note_stop(holding, moved.order);
      else
        holding.last_error = "stop not tightened: " + moved.text;
    }
  }
  const Price target = plan_take_profit(rules, holding.entry_price, settings);
  const auto take_profit =
      co_await desk.place_protection(holding, OrderKind::take_profit, target, working_type);
  if (take_profit.kind == PlaceKind::resting) {
    note_take_profit(holding, take_profit.order);
  } else if (take_profit.kind == PlaceKind::would_trigger) {
    const auto end = co_await close_holding(desk, holding, OrderKind::close, Job::patrol,
                                            utc_date(holding.opened_at),
                                            store::HoldingStatus::closed_tp, "TAKE_PROFIT_REACHED");
    if (end == CloseEnd::closed) co_return ProtectionState::closed;
  } else {
    // The stop stands, so the position is not naked; the patrol places the take-profit.
    holding.last_error = "take-profit: " + take_profit.text;
    desk.parts().log.warn("take-profit missing",
                          {{"symbol", holding.symbol}, {"why", take_profit.text}});
  }
  co_await undo_duplicates(desk, holding, filled);
  co_await desk::save_holding(desk, holding);
  // Only now, with everything in place: what it was filled at.
  (void)co_await desk.record_fills(holding.symbol, holding.opened_at - Minutes(1), holding.id);
  co_await tell_opened(desk, holding);
  co_return ProtectionState::stands;
}

Task<void> undo_duplicates(desk::Desk& desk, store::Holding& holding, Qty expected) {
  if (holding.qty <= expected) co_return;
  const Qty surplus = co_await desk::find_duplicates(desk, holding);
  if (!surplus.is_positive()) co_return;
  desk.gate().halt(holding.symbol.str() + ": an entry was executed twice");
  co_await desk::raise_alarm(desk, "unknown_order", "重复开仓 / executed twice",
                             holding.symbol.str() + ": one entry was executed twice; " +
                                 surplus.str() + " are bought back, and entries are off.");
  std::vector<desk::CloseOrder> orders{{holding.symbol, holding.side, holding.qty - surplus}};
  const desk::ClosePurpose purpose{OrderKind::risk_off, Job::patrol, utc_date(holding.opened_at)};
  const auto closed = co_await desk::close_legs(desk, std::move(orders), purpose, {});
  const Qty left = closed.legs.front().left;
  if (left.is_negative()) holding.qty = left.abs();
}

Task<CloseEnd> record_close(desk::Desk& desk, store::Holding holding, desk::CloseResult closed,
                            store::HoldingStatus status, std::string reason) {
  // A short that stands is never recorded as closed, whatever else was found.
  if (closed.kind != desk::CloseResult::Kind::flat || closed.left.is_negative()) {
    holding.last_error = "close failed: " + closed.text;
    co_await desk::save_holding(desk, std::move(holding));
    co_return closed.is_busy ? CloseEnd::busy : CloseEnd::open;
  }
  desk::Ending ending{status, std::move(reason), closed.order_id, closed.has_all_fills()};
  if (closed.order_id == 0) {
    // Somebody else (its stop, its take-profit, a person) was first, or our answer was lost.
    const auto explained = co_await explain_close(desk, holding);
    ending = explained && *explained
                 ? **explained
                 : desk::Ending{store::HoldingStatus::closed_external, "SHORT_POSITION_NOT_FOUND"};
  }
  const auto id = holding.id;
  const Symbol symbol = holding.symbol;
  const bool is_news = co_await desk::record_closed(desk, std::move(holding), std::move(ending));
  if (is_news) co_await tell_closed(desk, id, symbol);
  co_return CloseEnd::closed;
}

Task<CloseEnd> close_holding(desk::Desk& desk, store::Holding holding, OrderKind kind, Job job,
                             const std::string& trade_day, store::HoldingStatus status,
                             std::string reason) {
  if (planted("exits_cancelled_first")) {
    for (const auto& id : {holding.sl_client_order_id, holding.tp_client_order_id})
      (void)co_await desk.cancel_order({holding.symbol, id, 0, true});
  }
  const auto closed =
      co_await desk.close_position(holding.symbol, holding.side, kind, trade_day, job);
  co_return co_await record_close(desk, std::move(holding), closed, status, std::move(reason));
}

}  // namespace bb::trading
