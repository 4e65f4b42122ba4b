#include <algorithm>

#include "base/plant.h"
#include "desk/alarm.h"
#include "desk/facts.h"
#include "trading/impl/patrol_state.h"
#include "trading/lifecycle.h"

namespace bb::trading {

namespace {

constexpr Seconds kTwoReads{2};    // an orphan is one in two reads this far apart
constexpr Seconds kOrphanAge{10};  // younger orders may belong to a journey in progress

}  // namespace

std::optional<store::Intent> Patrol::State::find_entry_intent(Symbol symbol) const {
  auto& parts = desk.parts();
  const TimePoint now = parts.market.exchange_now();
  std::optional<store::Intent> found;
  for (TimePoint day = now - Hours(8 * 24); day <= now + Hours(24); day += Hours(24))
    for (const auto& intent : parts.store.intents_of(utc_date(day), symbol))
      if (intent.kind == OrderKind::entry && intent.state != store::IntentState::refused)
        found = intent;
  return found;
}

// The intent's holding was closed, and this short is another one (a person's).
bool Patrol::State::is_somebody_elses(const store::Intent& intent,
                                      const exchange::Position& position) const {
  for (const auto& holding : desk.parts().store.holdings_of_run(intent.run_id))
    if (holding.symbol == position.symbol && holding.entry_price != position.entry) return true;
  return false;
}

// A short of ours without a holding: its order's answer was lost, or we died between the fill and
// the record. It is taken over and protected like a fresh one.
Task<void> Patrol::State::adopt(const View& view, PatrolReport& report) {
  std::vector<Task<bool>> adoptions;
  for (const auto& seen : view.positions) {
    if (!seen.qty.is_negative() || seen.side != desk.short_side()) continue;
    if (desk.turns().is_taken(seen.symbol) || desk.turns().is_closing(seen.symbol)) continue;
    if (desk.parts().store.find_open_holding(seen.symbol)) continue;
    if (auto intent = find_entry_intent(seen.symbol))
      adoptions.push_back(try_adopting(std::move(*intent), report));
  }
  // All at once: each of them stands without a stop until it is its turn.
  (void)co_await gather(std::move(adoptions));
}

Task<bool> Patrol::State::try_adopting(store::Intent intent, PatrolReport& report) {
  const Symbol symbol = intent.symbol;
  try {
    co_await adopt_one(std::move(intent), report);
  } catch (const std::exception& error) {
    desk.parts().log.error("adoption failed", {{"symbol", symbol}, {"why", error.what()}});
    ++report.errors;
    co_return false;
  }
  co_return true;
}

// When the entry filled: by its order, or, where the exchange has forgotten that, by fills since it
// was sent that cover the position (the symbol was flat when it was planned).
Task<std::optional<TimePoint>> Patrol::State::find_fill(const store::Intent& intent, Qty qty) {
  auto& parts = desk.parts();
  const auto order = co_await parts.account.find_order(
      {intent.symbol, intent.client_order_id, intent.order_id, false});
  if (order && order->has_value() && (*order)->executed_qty.is_positive())
    co_return (*order)->update_time;
  if (order && order->has_value()) co_return std::nullopt;
  const auto fills = co_await parts.account.fetch_fills(intent.symbol, intent.sent_at - Seconds(1));
  if (!fills) co_return std::nullopt;
  Qty sold;
  for (const auto& fill : *fills)
    if (fill.side == Side::sell) sold += fill.qty;
  if (sold < qty) co_return std::nullopt;
  co_return fills->front().time;
}

Task<void> Patrol::State::adopt_one(store::Intent intent, PatrolReport& report) {
  auto& parts = desk.parts();
  const desk::Turn turn = co_await desk.turns().take(intent.symbol);
  if (parts.store.find_open_holding(intent.symbol)) co_return;
  // Read anew: the patrol's view is older than what this very round may have closed.
  const auto positions = co_await parts.account.fetch_positions();
  if (!positions) co_return;
  store::Holding holding;
  holding.symbol = intent.symbol;
  holding.side = desk.short_side();
  const auto* position = find_short(*positions, holding);
  if (position == nullptr) co_return;
  if (is_somebody_elses(intent, *position)) {
    const std::string what = intent.client_order_id.str() + " at " + position->entry.str();
    if (foreign.insert(what).second)
      parts.log.error(
          "a short stands that is not taken over: its entry is not that of our position",
          {{"symbol", intent.symbol},
           {"qty", position->qty},
           {"client_order_id", intent.client_order_id}});
    co_return;
  }
  const auto filled_at = co_await find_fill(intent, position->qty.abs());
  if (!filled_at) {
    ++report.errors;
    parts.log.error("a short stands that an unresolved entry may have opened",
                    {{"symbol", intent.symbol}, {"client_order_id", intent.client_order_id}});
    co_return;
  }
  holding.id = parts.store.next_holding_id();
  holding.run_id = intent.run_id;
  holding.qty = position->qty.abs();
  holding.entry_price = position->entry;
  holding.opened_at = *filled_at;
  holding.expire_at = holding.opened_at + std::chrono::duration_cast<Millis>(settings.max_hold());
  holding.created_at = parts.market.exchange_now();
  co_await desk::save_holding(desk, holding);
  parts.log.warn("position adopted",
                 {{"symbol", intent.symbol}, {"client_order_id", intent.client_order_id}});
  const auto state = co_await protect_new(desk, settings, holding, holding.entry_price);
  ++report.adopted;
  if (state == ProtectionState::closed) ++report.closed_risk_off;
  if (state == ProtectionState::unguarded) ++report.errors;
}

namespace {

// Orders that were given up because no query knew them, and stand in the list: late evidence wins.
Task<void> correct_given_up(desk::Desk& desk, std::vector<exchange::OrderView> orders) {
  auto& store = desk.parts().store;
  store::Batch batch;
  for (const auto& order : orders) {
    const auto* known = store.find_intent(order.client_order_id);
    if (known == nullptr || known->state != store::IntentState::refused) continue;
    auto intent = *known;
    if (desk::advance(intent, order, "open orders")) batch.put(intent);
  }
  if (batch.empty()) co_return;
  if (const auto stored = co_await store.commit(std::move(batch)); !stored)
    desk.parts().log.error("store refused a record", {{"error", stored.error().text}});
}

}  // namespace

// Orders with our id form that nobody here gave out: somebody else trades with our key (I34).
Task<void> Patrol::State::judge_foreign(std::vector<exchange::OrderView> orders) {
  co_await correct_given_up(desk, orders);
  std::erase_if(orders, [&](const auto& order) {
    return foreign.contains(order.client_order_id.str()) || !desk::is_foreign(desk, order);
  });
  for (const auto& order : orders) {
    foreign.insert(order.client_order_id.str());
    const std::string what = order.symbol.str() + ": order " + order.client_order_id.str() +
                             " carries our mark and is not ours";
    desk.gate().halt(what);
    co_await desk::raise_alarm(desk, "intruder",
                               "发现他人使用本账户 / somebody else trades with this key",
                               what + ". Nothing is opened until you resume.");
  }
}

void Patrol::State::forget_gone() {
  const auto is_gone = [&](const auto& each) {
    return !desk.parts().store.find_open_holding(each.first);
  };
  std::erase_if(naked, is_gone);
  std::erase_if(busy, is_gone);
  marks.forget_if(
      [&](Symbol symbol) { return !desk.parts().store.find_open_holding(symbol).has_value(); });
}

// Conditional orders of ours whose position is gone.
Task<void> Patrol::State::sweep(const View& view, PatrolReport& report) {
  auto& parts = desk.parts();
  if (planted("orphans_left")) co_return;
  const TimePoint now = parts.market.exchange_now();
  std::set<Symbol> unresolved;  // an entry of theirs may still fill
  for (const auto& intent : parts.store.unresolved_intents())
    if (intent.kind == OrderKind::entry || intent.kind == OrderKind::redistribute)
      unresolved.insert(intent.symbol);
  std::map<std::string, SteadyTime> still;
  for (const auto& order : view.orders) {
    if (!desk.ids().decode(order.client_order_id, order.symbol)) continue;
    if (desk.turns().is_taken(order.symbol) || desk.turns().is_closing(order.symbol) ||
        unresolved.contains(order.symbol) || parts.store.find_open_holding(order.symbol))
      continue;
    const bool has_position = std::ranges::any_of(
        view.positions, [&](const auto& position) { return position.symbol == order.symbol; });
    if (has_position || now - order.create_time < kOrphanAge) continue;
    const std::string& id = order.client_order_id.str();
    const auto known = orphan_since.find(id);
    const SteadyTime first = known != orphan_since.end() ? known->second : parts.clock.steady_now();
    if (parts.clock.steady_now() - first < kTwoReads) {
      still.emplace(id, first);
      continue;
    }
    const desk::Turn turn = co_await desk.turns().take(order.symbol);
    if (co_await desk.cancel_order(order.ref())) ++report.swept;
  }
  orphan_since = std::move(still);
}

}  // namespace bb::trading
