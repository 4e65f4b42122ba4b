#include "sim/impl/orders.h"

#include <algorithm>

#include "sim/impl/checks.h"
#include "sim/impl/depth.h"
#include "sim/impl/ledger.h"
#include "sim/impl/lifecycle.h"
#include "sim/impl/margin.h"
#include "sim/impl/positions.h"
#include "sim/impl/refusals.h"

namespace bb::sim::impl {

namespace {

constexpr int kImmediateRemainder = 2;
constexpr int kMarketRemainder = 9;

// Matches an accepted order. What is left of it rests, or expires.
void execute(Core& core, Account& account, Seat& seat, Order& order, const SymbolRules& rules) {
  if (order.view.type == OrderType::market) {
    const Price mark = mark_of(core, seat.symbol);
    take(core, account, seat, order, rules, market_limit(rules, mark, order.view.side), true);
    if (is_live(order.view.status))
      close_order(core, account, seat, order, OrderStatus::expired, kMarketRemainder);
    return;
  }
  take(core, account, seat, order, rules, order.view.price, true);
  if (is_live(order.view.status) && order.detail.time_in_force == TimeInForce::ioc)
    close_order(core, account, seat, order, OrderStatus::expired, kImmediateRemainder);
}

// Everything is decided before anything is changed. Amounts beyond the range of decimals can only
// come from absurd quantities.
Verdict judge(const Situation& at, const OrderRequest& request,
              Verdict (*check)(const Situation&, const OrderRequest&)) {
  try {
    return check(at, request);
  } catch (const DecimalOverflow&) {
    return refuse::qty_above_max();
  }
}

OrderRequest child_of(const Seat& seat, const Order& order) {
  OrderRequest child;
  child.symbol = seat.symbol;
  child.side = order.view.side;
  child.position_side = order.view.position_side;
  const bool market =
      order.view.type == OrderType::stop_market || order.view.type == OrderType::take_profit_market;
  child.type = market ? OrderType::market : OrderType::limit;
  child.qty = order.view.qty;
  child.price = order.view.price;
  child.time_in_force = order.detail.time_in_force;
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

}  // namespace

Seat default_seat(const Core& core, const Account& account, Symbol symbol) {
  Seat seat;
  seat.symbol = symbol;
  seat.margin = account.options.default_margin;
  seat.leverage = account.options.default_leverage;
  if (core.market.find_brackets(symbol) != nullptr) {
    int most = 1;
    for (const auto& bracket : brackets_of(core, symbol))
      most = std::max(most, bracket.max_leverage);
    seat.leverage = std::min(seat.leverage, most);
  }
  return seat;
}

Seat& seat_of(const Core& core, Account& account, Symbol symbol) {
  const auto it = account.seats.find(symbol);
  if (it != account.seats.end()) return it->second;
  return account.seats.emplace(symbol, default_seat(core, account, symbol)).first->second;
}

void take(Core& core, Account& account, Seat& seat, Order& order, const SymbolRules& rules,
          std::optional<Price> limit, bool charged) {
  for (const Level& level : depth_for(core, rules, order.view.side)) {
    const Qty left = order.remaining();
    if (left.is_zero() || (limit && !within(order.view.side, level.price, *limit))) break;
    const Qty qty = std::min(left, level.qty.value_or(left));
    fill(core, account, seat, order, {.qty = qty, .price = level.price, .charged = charged});
  }
}

Answer<OrderView> place(Core& core, Account& account, const OrderRequest& request) {
  const auto rules = core.market.find_rules(request.symbol, core.now);
  if (!rules) return refuse::bad_symbol();
  Seat& seat = seat_of(core, account, request.symbol);
  const Situation at{core, account, seat, *rules, mark_of(core, request.symbol)};
  const auto check = is_conditional(request.type) ? check_conditional : check_regular;
  if (const auto verdict = judge(at, request, check); !verdict)
    return std::unexpected(verdict.error());
  Order& order = open_order(core, account, seat, new_order(core, request));
  if (!order.view.conditional) execute(core, account, seat, order, *rules);
  tidy(core, account, seat);
  OrderView answer = order.view;
  answer.average_price = {};
  return answer;
}

const Order* find_order(const Account& account, const exchange::OrderRef& ref) {
  for (const auto& [symbol, seat] : account.seats) {
    if (!ref.symbol.empty() && ref.symbol != symbol) continue;
    if (ref.symbol.empty() && !ref.conditional) continue;
    std::int64_t id = ref.order_id;
    if (id == 0) {
      const auto& newest = ref.conditional ? seat.conditional_by_client : seat.regular_by_client;
      const auto it = newest.find(ref.client_order_id.str());
      if (it == newest.end()) continue;
      id = it->second;
    }
    const OrderBook& orders = ref.conditional ? seat.conditional : seat.regular;
    const auto it = orders.find(id);
    if (it != orders.end()) return &it->second;
  }
  return nullptr;
}

Answer<OrderView> cancel(Core& core, Account& account, const exchange::OrderRef& ref) {
  const Order* found = find_order(account, ref);
  if (found == nullptr) return refuse::unknown_order();
  Seat& seat = seat_of(core, account, found->view.symbol);
  const std::int64_t id = found->view.order_id;
  const auto& open = ref.conditional ? seat.open_conditional : seat.open_regular;
  if (!open.contains(id)) return refuse::unknown_order();
  Order& order = (ref.conditional ? seat.conditional : seat.regular).at(id);
  close_order(core, account, seat, order, OrderStatus::canceled);
  tidy(core, account, seat);
  OrderView answer = order.view;
  answer.average_price = {};
  return answer;
}

void trigger(Core& core, Account& account, Seat& seat, Order& order) {
  seat.open_conditional.erase(order.view.order_id);
  order.view.status = OrderStatus::triggering;
  order.view.update_time = order.detail.trigger_time = core.now;
  write_order(core, account, Kind::order_updated, order);

  const auto rules = core.market.find_rules(seat.symbol, core.now);
  const OrderRequest request = child_of(seat, order);
  const Situation at{core, account, seat, *rules, mark_of(core, seat.symbol)};
  if (const auto verdict = judge(at, request, check_child); !verdict) {
    reject_trigger(core, account, seat, order, verdict.error());
  } else {
    Order child = new_order(core, request);
    child.detail.parent_id = order.view.order_id;
    order.view.child_order_id = child.view.order_id;
    order.view.status = OrderStatus::triggered;
    write_order(core, account, Kind::order_updated, order);
    execute(core, account, seat, open_order(core, account, seat, std::move(child)), *rules);
  }
  tidy(core, account, seat);
}

void reach_limit(Core& core, Account& account, Seat& seat, Order& order) {
  fill(core, account, seat, order,
       {.qty = order.remaining(), .price = order.view.price, .maker = true});
  tidy(core, account, seat);
}

}  // namespace bb::sim::impl
