#include "paper/handlers.h"
#include "paper/order_json.h"
#include "paper/order_params.h"

namespace bb::paper {

namespace {

using exchange::OrderRef;
using exchange::OrderView;
using net::JsonWriter;

std::optional<OrderView> find(Call& call, const OrderRef& ref) {
  auto found = call.exchange().find_order(call.account, ref);
  if (!found || !*found) return std::nullopt;
  if (call.venue.lags().is_hidden(call.account, **found, call.now)) return std::nullopt;
  return **found;
}

Reply no_such_order() { return refuse(-2013, "Order does not exist."); }

// The side is named by every request, and must be the order's.
sim::Amendment read_amendment(Call& call) {
  auto& params = call.params;
  sim::Amendment change;
  const auto side_text = params.required("side");
  const auto side = parse_side(side_text);
  if (!side_text.empty() && !side) params.complain(-1117, "Invalid side.");
  change.side = side.value_or(Side::buy);
  change.qty = Qty(params.required_decimal("quantity"));
  sim::OrderTerms terms;
  read_terms(params, terms);
  change.price_match = terms.price_match;
  if (terms.price_match == sim::PriceMatch::none) {
    change.price = Price(params.required_decimal("price"));
  } else {
    params.refuse_param("price");
  }
  change.reduce_only = params.optional_flag("reduceOnly", false);
  change.modify_id = params.optional_integer("modifyId").value_or(0);
  return change;
}

}  // namespace

Reply place_order(Call& call) {
  const auto placement = read_placement(call);
  if (call.params.error()) return refuse(*call.params.error());
  auto placed = call.exchange().place(call.account, placement.order, placement.terms);
  if (!placed) return refuse(placed.error());
  if (!placement.wants_result || call.acknowledges) {
    // An acknowledgement is sent on acceptance, before anything is matched.
    placed->status = OrderStatus::open;
    placed->executed_qty = Qty();
  }
  auto reply = one_order(call, *placed, OrderShape::placed);
  reply.is_accepted_order = true;
  return reply;
}

Reply check_order(Call& call) {
  const auto placement = read_placement(call);
  if (call.params.error()) return refuse(*call.params.error());
  const auto& [order, terms, wants_result] = placement;
  const auto checked = call.exchange().check(call.account, order, terms);
  if (!checked) return refuse(checked.error());
  OrderView view;  // of an order that there is not
  view.symbol = order.symbol;
  view.client_order_id = order.client_order_id;
  view.status = OrderStatus::open;
  view.side = order.side;
  view.position_side = order.position_side;
  view.type = order.type;
  view.qty = order.qty;
  view.price = order.price;
  view.reduce_only = order.reduce_only;
  view.update_time = call.now;
  sim::OrderDetail detail;
  detail.terms = terms;
  detail.time_in_force = order.time_in_force;
  JsonWriter json;
  write_order(json, call, view, detail, OrderShape::placed);
  auto reply = ok(json);
  reply.is_accepted_order = true;
  return reply;
}

Reply amend_order(Call& call) {
  const auto ref = read_ref(call);
  if (!ref) return refuse(*call.params.error());
  const auto change = read_amendment(call);
  if (call.params.error()) return refuse(*call.params.error());
  const auto amended = call.exchange().amend(call.account, *ref, change);
  if (!amended) return refuse(amended.error());
  auto reply = one_order(call, *amended, OrderShape::amended);
  reply.is_accepted_order = true;
  return reply;
}

Reply query_order(Call& call) {
  const auto ref = read_ref(call);
  if (!ref) return refuse(*call.params.error());
  const auto order = find(call, *ref);
  return order ? one_order(call, *order, OrderShape::queried) : no_such_order();
}

Reply open_order(Call& call) {
  const auto ref = read_ref(call);
  if (!ref) return refuse(*call.params.error());
  const auto order = find(call, *ref);
  return order && is_live(order->status) ? one_order(call, *order, OrderShape::queried)
                                         : no_such_order();
}

Reply cancel_order(Call& call) {
  const auto ref = read_ref(call);
  if (!ref) return refuse(*call.params.error());
  const auto canceled = call.exchange().cancel(call.account, *ref);
  return canceled ? one_order(call, *canceled, OrderShape::placed) : refuse(canceled.error());
}

Reply open_orders(Call& call) {
  const auto* contract = call.optional_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  JsonWriter json;
  json.begin_array();
  call.exchange().visit_open_orders(call.account, false,
                                    [&](const OrderView& order, const sim::OrderDetail& detail) {
                                      if (!contract || order.symbol == contract->symbol)
                                        write_order(json, call, order, detail, OrderShape::queried);
                                      return true;
                                    });
  json.end_array();
  return ok(json);
}

Reply cancel_all_orders(Call& call) {
  const auto* contract = call.required_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  for (const auto& order : call.exchange().open_orders(call.account, false)) {
    if (order.symbol != contract->symbol) continue;
    // An order that ended in the meantime needs no cancel.
    (void)call.exchange().cancel(call.account, order.ref());
  }
  return success("The operation of cancel all open order is done.");
}

Reply set_countdown(Call& call) {
  const auto* contract = call.required_symbol();
  const auto after = call.params.required_integer("countdownTime");
  // A year is longer than any heartbeat, and far within what times can hold.
  if (after > 365LL * 86'400'000)
    call.params.complain(-1130, "Data sent for parameter 'countdownTime' is not valid.");
  if (call.params.error()) return refuse(*call.params.error());
  const auto set = call.exchange().set_countdown(call.account, contract->symbol, Millis(after));
  if (!set) return refuse(set.error());
  JsonWriter json;
  json.begin_object()
      .field("symbol", contract->symbol.str())
      .field("countdownTime", std::to_string(after))
      .end_object();
  return ok(json);
}

}  // namespace bb::paper
