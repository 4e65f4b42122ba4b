#include "sim/impl/lifecycle.h"

#include <fmt/format.h>

#include "sim/impl/ledger.h"

namespace bb::sim::impl {

namespace {

void finish_parent(Core& core, Account& account, Seat& seat, const Order& child) {
  const auto it = seat.conditional.find(child.detail.parent_id);
  if (it == seat.conditional.end()) return;
  Order& parent = it->second;
  parent.view.status = OrderStatus::finished;
  parent.view.executed_qty = child.view.executed_qty;
  parent.view.average_price = child.view.average_price;
  parent.view.update_time = core.now;
  parent.detail.executed_quote = child.detail.executed_quote;
  write_order(core, account, Kind::order_updated, parent);
}

// Triggers of stops lie beyond the market against the position they close, those of take-profits
// on the winning side (reference §12).
Watch watch_of(const Core& core, const OrderRequest& request) {
  Watch watch;
  watch.searched = core.now;
  if (!is_conditional(request.type)) {
    watch.level = request.price;
    watch.falling = request.side == Side::buy;
    return watch;
  }
  const bool stop = request.type == OrderType::stop || request.type == OrderType::stop_market;
  watch.level = request.trigger_price;
  watch.falling = stop == (request.side == Side::sell);
  watch.on_mark = request.working_type == WorkingType::mark_price;
  return watch;
}

}  // namespace

Order new_order(Core& core, const OrderRequest& request) {
  const bool conditional = is_conditional(request.type);
  Order order;
  OrderView& view = order.view;
  view.symbol = request.symbol;
  view.order_id = conditional ? ++core.last_algo_id : ++ids_of(core, request.symbol).order;
  view.client_order_id = request.client_order_id.empty()
                             ? ClientOrderId(fmt::format("x-{}", view.order_id))
                             : request.client_order_id;
  view.conditional = conditional;
  view.side = request.side;
  view.position_side = request.position_side;
  view.type = request.type;
  view.status = OrderStatus::open;
  view.qty = request.qty;
  view.price = request.price;
  view.trigger_price = request.trigger_price;
  view.reduce_only = request.reduce_only || request.close_position;
  view.close_position = request.close_position;
  view.create_time = view.update_time = core.now;
  order.detail.time_in_force = request.time_in_force;
  order.detail.working_type = request.working_type;
  order.watch = watch_of(core, request);
  return order;
}

Order& open_order(Core& core, Account& account, Seat& seat, Order order) {
  const std::int64_t id = order.view.order_id;
  const bool conditional = order.view.conditional;
  (conditional ? seat.open_conditional : seat.open_regular).insert(id);
  (conditional ? seat.conditional_by_client
               : seat.regular_by_client)[order.view.client_order_id.str()] = id;
  OrderBook& orders = conditional ? seat.conditional : seat.regular;
  Order& placed = orders.emplace(id, std::move(order)).first->second;
  write_order(core, account, Kind::order_accepted, placed);
  return placed;
}

void close_order(Core& core, Account& account, Seat& seat, Order& order, OrderStatus status,
                 int expiry_reason) {
  (order.view.conditional ? seat.open_conditional : seat.open_regular).erase(order.view.order_id);
  order.view.status = status;
  order.view.update_time = core.now;
  order.detail.expiry_reason = expiry_reason;
  write_order(core, account, Kind::order_updated, order);
  if (order.detail.parent_id != 0) finish_parent(core, account, seat, order);
}

}  // namespace bb::sim::impl
