#include "sim/impl/triggers.h"

#include <algorithm>

#include "sim/impl/agenda.h"
#include "sim/impl/checks.h"
#include "sim/impl/ledger.h"
#include "sim/impl/lifecycle.h"
#include "sim/impl/margin.h"
#include "sim/impl/matching.h"
#include "sim/impl/orders.h"
#include "sim/impl/positions.h"
#include "sim/impl/refusals.h"
#include "sim/impl/trailing.h"

namespace bb::sim::impl {

namespace {

constexpr int kPositionGone = 6;

// triggerProtect of exchangeInfo: the same for all contracts here.
constexpr Ratio kTriggerProtect = Ratio(Decimal::from_raw(5'000'000));

constexpr Millis kProtectedFor{1000};

bool becomes_market(OrderType type) {
  return type == OrderType::stop_market || type == OrderType::take_profit_market ||
         type == OrderType::trailing_stop_market;
}

OrderRequest child_of(const Seat& seat, const Order& order) {
  OrderRequest child;
  child.symbol = seat.symbol;
  child.side = order.view.side;
  child.position_side = order.view.position_side;
  child.type = becomes_market(order.view.type) ? OrderType::market : OrderType::limit;
  child.qty = order.view.qty;
  child.price = order.view.price;
  if (child.type == OrderType::limit) child.time_in_force = order.detail.time_in_force;
  child.reduce_only = order.view.reduce_only;
  child.client_order_id = order.view.client_order_id;
  if (order.view.close_position) {
    child.qty = closable(seat.leg(child.position_side), child.side);
  } else if (child.reduces_only()) {
    child.qty = std::min(child.qty, spare_reduction(seat, child));
  }
  return child;
}

void reject_trigger(Core& core, Account& account, Seat& seat, Order& order, const Rejection& why) {
  constexpr int kReduceOnlyReject = -2022;
  order.detail.reject_reason = why.code == kReduceOnlyReject ? "Reduce Only reject" : why.text;
  close_order(core, account, seat, order, OrderStatus::rejected);
}

void activate(Core& core, Account& account, Seat& seat, Order& order) {
  start_trail(core, order);
  order.view.update_time = core.now;
  write_order(core, account, Kind::order_updated, order);
  touch(core, account, seat);
}

bool is_reached(const Core& core, const Order& order) {
  const Price price = watched_price(core, order.view.symbol, order.watch.on_mark);
  return order.watch.falling ? price <= order.watch.level : price >= order.watch.level;
}

bool is_protected(const Core& core, const Order& order) {
  return order.detail.terms.price_protect &&
         is_price_protected(watched_price(core, order.view.symbol, false),
                            mark_of(core, order.view.symbol));
}

// It is looked at again each second, and wherever one of the two prices turns.
void hold_back(Core& core, Account& account, Seat& seat, Order& order) {
  TimePoint next = core.now + kProtectedFor;
  for (const auto& point : {core.market.next_point(seat.symbol, core.now),
                            core.market.next_mark_point(seat.symbol, core.now)})
    if (point) next = std::min(next, *point);
  order.is_held_back = true;
  order.watch.hit = PathPoint{next, order.watch.level};
  tidy(core, account, seat);
}

// The price went back before the two came together: it waits for its trigger as before.
void wait_again(Core& core, Account& account, Seat& seat, Order& order) {
  order.is_held_back = false;
  if (order.trail) {
    resume_trail(core, order);
  } else {
    order.watch.searched = core.now;
    order.watch.hit.reset();
  }
  tidy(core, account, seat);
}

void become_child(Core& core, Account& account, Seat& seat, Order& order,
                  const SymbolRules& rules) {
  OrderRequest request = child_of(seat, order);
  const Situation at{core, account, seat, rules, mark_of(core, seat)};
  if (order.detail.terms.price_match != PriceMatch::none) {
    const auto price = matched_price(at, request.side, order.detail.terms.price_match);
    if (!price) return reject_trigger(core, account, seat, order, refuse::no_depth().error());
    request.price = *price;
  }
  const OrderTerms& terms = order.detail.terms;
  if (const auto verdict = judge([&] { return check_child(at, request); }); !verdict)
    return reject_trigger(core, account, seat, order, verdict.error());
  Order child = new_order(core, request, terms);
  child.detail.parent_id = order.view.order_id;
  order.view.child_order_id = child.view.order_id;
  order.view.status = OrderStatus::triggered;
  write_order(core, account, Kind::order_updated, order);
  execute(core, account, seat, open_order(core, account, seat, std::move(child)), rules);
}

}  // namespace

bool is_price_protected(Price last, Price mark) {
  return (last - mark).abs() > mark * kTriggerProtect;
}

void trigger(Core& core, Account& account, Seat& seat, Order& order) {
  if (order.view.type == OrderType::trailing_stop_market && !order.trail)
    return activate(core, account, seat, order);
  if (order.is_held_back && !is_reached(core, order)) return wait_again(core, account, seat, order);
  if (is_protected(core, order)) return hold_back(core, account, seat, order);
  const auto rules = core.market.find_rules(seat.symbol, core.now);
  retire_order(account, seat, order);
  order.view.status = OrderStatus::triggering;
  order.view.update_time = order.detail.trigger_time = core.now;
  write_order(core, account, Kind::order_updated, order);
  if (core.held_triggers > 0) {
    --core.held_triggers;
  } else {
    become_child(core, account, seat, order, *rules);
  }
  tidy(core, account, seat);
}

void reach_limit(Core& core, Account& account, Seat& seat, Order& order) {
  fill(core, account, seat, order,
       {.qty = order.remaining(), .price = order.view.price, .maker = true});
  tidy(core, account, seat);
}

void end_order(Core& core, Account& account, Seat& seat, Order& order) {
  const bool is_over = order.ends && *order.ends <= core.now;
  if (!is_over && !closable(seat.leg(order.view.position_side), order.view.side).is_zero()) {
    order.founded_by.reset();
    return touch(core, account, seat);
  }
  close_order(core, account, seat, order, OrderStatus::expired, is_over ? 0 : kPositionGone);
  tidy(core, account, seat);
}

void run_countdown(Core& core, Account& account, Seat& seat) {
  seat.countdown.reset();
  for (const std::int64_t id : ids_in(seat.regular.open))
    close_order(core, account, seat, seat.regular.open.at(id), OrderStatus::canceled);
  tidy(core, account, seat);
}

}  // namespace bb::sim::impl
