#include "trading/patrol.h"

#include <algorithm>
#include <map>

#include "base/plant.h"
#include "trading/explain.h"
#include "trading/lifecycle.h"
#include "trading/plan.h"

namespace bb::trading {

namespace {

constexpr Seconds kTwoReads{2};    // absence without fills needs two reads this far apart
constexpr Seconds kOrphanAge{10};  // younger orders may belong to a journey in progress
constexpr Seconds kTriggering{1};  // longer in TRIGGERING is unprotected (reference §12)

using desk::PlaceResult;
using PlaceKind = desk::PlaceResult::Kind;
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

// What stands for one holding.
struct Standing {
  const OrderView* full_stop = nullptr;  // C
  const OrderView* qty_stop = nullptr;   // Q
  const OrderView* take_profit = nullptr;
};

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

void note_stop(store::Holding& holding, Price trigger, std::int64_t id, const ClientOrderId& coid) {
  holding.sl_price = trigger;
  holding.sl_order_id = id;
  holding.sl_client_order_id = coid;
}

}  // namespace

struct Patrol::State {
  State(desk::Desk& d, const Settings& s) : desk(d), settings(s) {}

  desk::Desk& desk;
  const Settings& settings;
  std::map<std::int64_t, SteadyTime> absent_since;  // holding id -> first read without it
  std::map<std::string, SteadyTime> orphan_since;   // client order id -> first seen without one

  struct View {
    std::vector<exchange::Position> positions;
    std::vector<OrderView> orders;
  };

  Task<bool> visit(store::Holding holding, const View& view, PatrolReport& report);
  Task<void> handle_absent(store::Holding holding, PatrolReport& report);
  Task<void> guard(store::Holding holding, const exchange::Position& position, const View& view,
                   PatrolReport& report);
  Task<void> mend_stop(store::Holding& holding, const Standing& standing, Price wanted,
                       PatrolReport& report);
  Task<void> mend_take_profit(store::Holding& holding, const Standing& standing,
                              const SymbolRules& rules, PatrolReport& report);
  Task<void> adopt(const View& view, PatrolReport& report);
  Task<void> sweep(const View& view, PatrolReport& report);
  std::optional<store::Intent> find_entry_intent(Symbol symbol) const;
};

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

// A short of ours without a holding: its order's answer was lost, or we died between the fill and
// the record. It is taken over and protected like a fresh one.
Task<void> Patrol::State::adopt(const View& view, PatrolReport& report) {
  auto& parts = desk.parts();
  for (const auto& position : view.positions) {
    if (!position.qty.is_negative() || position.side != desk.short_side()) continue;
    if (desk.turns().is_taken(position.symbol) || parts.store.find_open_holding(position.symbol))
      continue;
    const auto intent = find_entry_intent(position.symbol);
    if (!intent) continue;
    const desk::Turn turn = co_await desk.turns().take(position.symbol);
    if (parts.store.find_open_holding(position.symbol)) continue;
    const auto order = co_await parts.account.find_order(
        {position.symbol, intent->client_order_id, intent->order_id, false});
    const bool filled = order && order->has_value() && (*order)->executed_qty.is_positive();
    // A holding of that intent that was closed before is not reopened by somebody's new position.
    const bool fresh = filled && (*order)->update_time + Minutes(5) >= position.update_time;
    if (!filled || !fresh) continue;
    store::Holding holding;
    holding.id = parts.store.next_holding_id();
    holding.run_id = intent->run_id;
    holding.symbol = position.symbol;
    holding.side = position.side;
    holding.qty = position.qty.abs();
    holding.entry_price = position.entry;
    holding.opened_at = (*order)->update_time;
    holding.expire_at = holding.opened_at + std::chrono::duration_cast<Millis>(settings.max_hold());
    holding.created_at = parts.market.exchange_now();
    co_await save(desk, holding);
    parts.log.warn("position adopted",
                   {{"symbol", position.symbol}, {"client_order_id", intent->client_order_id}});
    const auto state = co_await protect_new(desk, settings, holding, position.entry);
    ++report.adopted;
    if (state == ProtectionState::closed) ++report.closed_risk_off;
    if (state == ProtectionState::unguarded) ++report.errors;
  }
}

// Conditional orders of ours whose position is gone.
Task<void> Patrol::State::sweep(const View& view, PatrolReport& report) {
  auto& parts = desk.parts();
  if (planted("orphans_left")) co_return;
  const TimePoint now = parts.market.exchange_now();
  std::map<std::string, SteadyTime> still;
  for (const auto& order : view.orders) {
    if (!desk.ids().decode(order.client_order_id, order.symbol)) continue;
    if (desk.turns().is_taken(order.symbol) || parts.store.find_open_holding(order.symbol))
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
