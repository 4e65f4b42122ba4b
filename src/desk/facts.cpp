#include "desk/facts.h"

#include <fmt/format.h>

#include <set>

#include "desk/impl/journal.h"
#include "store/bypass_journal.h"

namespace bb::desk {

namespace {

// Older orders may have been forgotten by the store's memory.
constexpr Hours kSurelyRemembered{24 * 7};

bool opens(OrderKind kind) { return kind == OrderKind::entry || kind == OrderKind::redistribute; }

}  // namespace

bool advance(store::Intent& intent, const exchange::OrderView& order, const std::string& evidence) {
  using store::IntentState;
  const store::Intent before = intent;
  if (order.executed_qty > intent.executed_qty) intent.executed_qty = order.executed_qty;
  if (intent.order_id == 0) {
    intent.order_id = order.order_id;
    // What reduces risk leaves without waiting for the disk: after a death its id may be given out
    // again, and what rests under it is the earlier order, with terms of its own.
    if (order.conditional == is_conditional(intent.type)) {
      if (order.qty.is_positive()) intent.qty = order.qty;
      if (order.trigger_price.is_positive()) intent.trigger_price = order.trigger_price;
    }
  }
  const bool is_open = before.state == IntentState::sent || before.state == IntentState::unknown;
  // What was given up, and lives after all.
  const bool is_late = before.state == IntentState::refused &&
                       (order.executed_qty.is_positive() || is_live(order.status));
  if (is_open || is_late) intent.state = state_of(order);
  const bool changed = intent.state != before.state || intent.order_id != before.order_id ||
                       intent.executed_qty != before.executed_qty;
  if (changed) intent.evidence = evidence;
  return changed;
}

store::FillRecord fill_record(const Parts& parts, const exchange::Fill& fill,
                              const ClientOrderId& client_order_id) {
  store::FillRecord record;
  if (const auto holding = parts.store.find_open_holding(fill.symbol);
      holding && holding->side == fill.position_side)
    record.holding_id = holding->id;
  else if (const auto* intent = parts.store.find_intent(client_order_id))
    record.holding_id = intent->holding_id;
  record.symbol = fill.symbol;
  record.trade_id = fill.trade_id;
  record.order_id = fill.order_id;
  record.client_order_id = client_order_id;
  record.side = fill.side;
  record.position_side = fill.position_side;
  record.qty = fill.qty;
  record.price = fill.price;
  record.realized_pnl = fill.realized_pnl;
  record.commission = fill.commission;
  record.commission_asset = fill.commission_asset;
  record.maker = fill.maker;
  record.time = fill.time;
  return record;
}

Task<void> record_change(Desk& desk, exchange::OrderChanged change) {
  Parts& parts = desk.parts();
  const exchange::OrderView& order = change.order;
  desk.tell_waiting(order);
  store::Batch batch;
  store::JournalRow row;
  row.source = "stream";
  row.key = fmt::format("{}{}:{}:{}:{}:{}", order.conditional ? "algo" : "order",
                        order.symbol.str(), order.order_id, str(order.status),
                        order.executed_qty.str(), to_ms(order.update_time));
  row.exchange_time = order.update_time;
  row.seen_at = parts.market.exchange_now();
  row.body =
      fmt::format("{} {} {} qty={} executed={} trigger={} child={} {}", order.client_order_id.str(),
                  str(order.side), str(order.type), order.qty.str(), order.executed_qty.str(),
                  order.trigger_price.str(), order.child_order_id, change.reason);
  batch.add(row);
  if (change.fill) batch.add(fill_record(parts, *change.fill, order.client_order_id));
  const auto* known = parts.store.find_intent(order.client_order_id);
  // A conditional order's child has the same client id; only the first kind is the intent's.
  const bool is_its_order = known != nullptr && is_conditional(known->type) == order.conditional;
  if (is_its_order) {
    store::Intent intent = *known;
    const bool twice = opens(intent.kind) && intent.order_id != 0 &&
                       order.order_id != intent.order_id && order.executed_qty.is_positive();
    if (twice)
      desk.gate().halt(fmt::format("{}: one entry id filled twice, as orders {} and {}",
                                   order.symbol.str(), intent.order_id, order.order_id));
    else if (advance(intent, order, "stream"))
      batch.put(intent);
  }
  co_await commit_or_log(parts, std::move(batch));
}

Task<Qty> find_duplicates(Desk& desk, store::Holding holding) {
  auto& parts = desk.parts();
  const auto orders =
      co_await parts.account.fetch_orders(holding.symbol, holding.opened_at - Minutes(5));
  if (!orders) co_return Qty();
  std::set<ClientOrderId> seen;
  Qty surplus;
  for (const auto& order : *orders) {
    const auto decoded = desk.ids().decode(order.client_order_id, order.symbol);
    if (!decoded || !opens(decoded->kind) || order.conditional) continue;
    if (!order.executed_qty.is_positive()) continue;
    if (!seen.insert(order.client_order_id).second) surplus += order.executed_qty;
  }
  co_return surplus;
}

bool is_foreign(Desk& desk, const exchange::OrderView& order) {
  const Parts& parts = desk.parts();
  const auto decoded = desk.ids().decode(order.client_order_id, order.symbol);
  if (!decoded || !opens(decoded->kind)) return false;
  if (parts.store.find_intent(order.client_order_id) != nullptr) return false;
  // Sent past us by another process of ours, and not in our records yet.
  if (parts.home != nullptr && store::is_bypass_order(parts.home->path(), order.client_order_id))
    return false;
  const TimePoint made = order.create_time == TimePoint{} ? order.update_time : order.create_time;
  if (parts.market.exchange_now() - made > kSurelyRemembered) return false;
  return decoded->attempt >= parts.store.next_attempt(utc_date(decoded->day), decoded->job,
                                                      order.symbol, decoded->kind);
}

}  // namespace bb::desk
