#include "paper/handlers.h"
#include "paper/order_json.h"
#include "paper/order_params.h"
#include "paper/page.h"

namespace bb::paper {

namespace {

using exchange::OrderRef;
using exchange::OrderRequest;
using exchange::OrderView;
using net::JsonWriter;

/// algoType is accepted in any letter case of its name.
std::optional<std::string_view> find_algo_type(const ParamReader& params) {
  for (const auto* name : {"algoType", "algotype", "ALGOTYPE", "AlgoType"})
    if (const auto value = params.find(name)) return value;
  return std::nullopt;
}

/// Recorded order of complaints: symbol, side, algotype, its value, type, triggerprice; the missing
/// ones are named in lower case.
void read_heading(Call& call, OrderRequest& order) {
  auto& params = call.params;
  const auto* contract = call.required_symbol();
  if (contract) order.symbol = contract->symbol;
  const auto side = parse_side(params.find("side").value_or(""));
  if (!side) params.complain(-1117, "Invalid side.");
  order.side = side.value_or(Side::buy);
  const auto algo_type = find_algo_type(params);
  if (!algo_type || algo_type->empty()) {
    params.complain_missing("algotype");
  } else if (*algo_type != "CONDITIONAL") {
    params.complain(-4500, "Invalid algoType.");
  }
  const auto type_text = params.find("type").value_or("");
  if (type_text.empty()) params.complain_missing("type");
  const bool closes = params.find("closePosition").value_or("") == "true";
  if (type_text == "TRAILING_STOP_MARKET" && closes) {
    params.complain(-4136,
                    "Target strategy invalid for orderType TRAILING_STOP_MARKET,closePosition "
                    "true");
  }
  const auto type = parse_order_type(type_text);
  if (!type || !is_conditional(*type)) params.complain(-1116, "Invalid orderType.");
  order.type = type.value_or(OrderType::stop_market);
  if (order.type == OrderType::trailing_stop_market) {
    params.refuse_param("triggerPrice");
    return;
  }
  if (params.find("triggerPrice").value_or("").empty()) params.complain_missing("triggerprice");
  order.trigger_price = Price(params.optional_decimal("triggerPrice").value_or(Decimal()));
}

/// The old name of activatePrice is still understood.
void read_trailing(ParamReader& params, const OrderRequest& order, sim::OrderTerms& terms) {
  if (order.type != OrderType::trailing_stop_market) {
    for (const auto* name : {"activatePrice", "activationPrice", "callbackRate"})
      params.refuse_param(name);
    return;
  }
  const auto* name = params.has("activatePrice") ? "activatePrice" : "activationPrice";
  const auto activate = params.optional_decimal(name);
  if (activate && activate->is_zero()) params.complain(-4135, "Invalid activation price");
  terms.activate_price = Price(activate.value_or(Decimal()));
  if (params.find("callbackRate").value_or("").empty()) params.complain_missing("callbackrate");
  terms.callback_rate = percent(params.optional_decimal("callbackRate").value_or(Decimal()));
}

void read_size(Call& call, OrderRequest& order) {
  auto& params = call.params;
  const bool has_limit = order.type == OrderType::stop || order.type == OrderType::take_profit;
  order.close_position = params.optional_flag("closePosition", false);
  if (order.close_position) {
    if (has_limit) {
      params.complain(-4136, "Target strategy invalid for orderType " +
                                 std::string(word(order.type)) + ",closePosition true");
    }
    if (params.has("quantity"))
      params.complain(-4137, "Quantity must be zero with closePosition equals true");
    params.refuse_param("reduceOnly");
  } else {
    order.qty = Qty(params.required_decimal("quantity"));
    if (call.exchange().hedge(call.account)) params.refuse_param("reduceOnly");
    order.reduce_only = params.optional_flag("reduceOnly", false);
  }
  const auto match = params.find("priceMatch");
  if (has_limit && (!match || *match == "NONE")) {
    order.price = Price(params.required_decimal("price"));
  } else {
    params.refuse_param("price");
  }
  if (const auto text = params.optional("timeInForce")) {
    const auto time_in_force = parse_time_in_force(*text);
    if (!time_in_force && *text != "GTE_GTC") params.complain(-1115, "Invalid timeInForce.");
    order.time_in_force = time_in_force.value_or(TimeInForce::gtc);
  }
}

Placement read_algo_placement(Call& call) {
  auto& params = call.params;
  Placement placement;
  auto& order = placement.order;
  read_heading(call, order);
  if (params.error()) return placement;
  order.position_side = read_position_side(params);
  read_size(call, order);
  if (const auto text = params.optional("workingType")) {
    const auto working = parse_working_type(*text);
    if (!working) params.complain(-4031, "Invalid parameter working type: " + std::string(*text));
    order.working_type = working.value_or(WorkingType::contract_price);
  }
  placement.terms.price_protect = params.optional_flag("priceProtect", false);
  read_terms(params, placement.terms);
  read_trailing(params, order, placement.terms);
  (void)read_wants_result(params);
  const auto client_id = params.client_id("clientAlgoId");
  order.client_order_id =
      client_id ? ClientOrderId(std::string(*client_id)) : call.venue.make_client_id();
  return placement;
}

std::optional<Rejection> judge_visibility(Call& call, const OrderRequest& order) {
  if (!order.close_position) return std::nullopt;
  if (call.venue.lags().is_position_unseen(call.account, order, call.now))
    return Rejection{-4509,
                     "Time in Force (TIF) GTE can only be used with open positions. Please ensure "
                     "that positions are available."};
  if (call.venue.lags().still_blocks(call.account, order, call.now))
    return Rejection{-4130,
                     "An open stop or take profit order with GTE and closePosition in the "
                     "direction is existing."};
  return std::nullopt;
}

std::optional<OrderRef> read_algo_ref(Call& call) {
  const auto id = call.params.optional_integer("algoId");
  const auto client_id = call.params.optional("clientAlgoId");
  if (!id && !client_id)
    call.params.complain(
        -1102, "Param 'algoid' or 'clientalgoid' must be sent, but both were empty/null!");
  if (call.params.error()) return std::nullopt;
  OrderRef ref;
  ref.conditional = true;
  ref.order_id = id.value_or(0);
  if (!id) ref.client_order_id = ClientOrderId(std::string(*client_id));
  return ref;
}

}  // namespace

Reply place_algo_order(Call& call) {
  const auto placement = read_algo_placement(call);
  if (call.params.error()) return refuse(*call.params.error());
  if (const auto late = judge_visibility(call, placement.order)) return refuse(*late);
  const auto placed = call.exchange().place(call.account, placement.order, placement.terms);
  if (!placed) return refuse(placed.error());
  auto reply = one_algo(call, *placed, AlgoShape::placed);
  reply.is_accepted_order = true;
  return reply;
}

Reply query_algo_order(Call& call) {
  const auto ref = read_algo_ref(call);
  if (!ref) return refuse(*call.params.error());
  auto& lags = call.venue.lags();
  auto found = call.exchange().find_order(call.account, *ref);
  if (!found || !*found || lags.is_hidden(call.account, **found, call.now))
    return refuse(-2013, "Order does not exist.");
  const auto seen = lags.not_yet_canceled(call.account, (*found)->ref(), call.now);
  return one_algo(call, seen.value_or(**found), AlgoShape::queried);
}

Reply cancel_algo_order(Call& call) {
  const auto ref = read_algo_ref(call);
  if (!ref) return refuse(*call.params.error());
  const auto before = call.exchange().find_order(call.account, *ref);
  const auto canceled = call.exchange().cancel(call.account, *ref);
  if (!canceled) return refuse(canceled.error());
  if (before && *before) call.venue.lags().canceled(call.account, **before, call.now);
  JsonWriter json;
  json.begin_object()
      .field("algoId", canceled->order_id)
      .field("clientAlgoId", canceled->client_order_id.str())
      .field("code", "200")
      .field("msg", "success")
      .end_object();
  return ok(json);
}

Reply cancel_all_algo_orders(Call& call) {
  const auto* contract = call.required_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  for (const auto& order : call.exchange().open_orders(call.account, true)) {
    if (order.symbol != contract->symbol) continue;
    if (call.exchange().cancel(call.account, order.ref()))
      call.venue.lags().canceled(call.account, order, call.now);
  }
  return success("The operation of cancel all open order is done.");
}

Reply open_algo_orders(Call& call) {
  const auto* contract = call.optional_symbol();
  const auto id = call.params.optional_integer("algoId");
  if (const auto type = call.params.optional("algoType"); type && *type != "CONDITIONAL")
    call.params.complain(-4500, "Invalid algoType.");
  if (call.params.error()) return refuse(*call.params.error());
  JsonWriter json;
  json.begin_array();
  call.exchange().visit_open_orders(
      call.account, true, [&](const OrderView& order, const sim::OrderDetail& detail) {
        if ((!contract || order.symbol == contract->symbol) && (!id || order.order_id == *id))
          write_algo(json, call, order, detail, AlgoShape::open_list);
        return true;
      });
  for (const auto& order : call.venue.lags().lingering(call.account, call.now))
    if ((!contract || order.symbol == contract->symbol) && (!id || order.order_id == *id))
      write_algo(json, call, order,
                 call.exchange().detail(call.account, order.ref()).value_or(sim::OrderDetail()),
                 AlgoShape::open_list);
  json.end_array();
  return ok(json);
}

Reply all_algo_orders(Call& call) {
  const auto* contract = call.required_symbol();
  const auto from_id = call.params.optional_integer("algoId");
  const auto window = read_window(call, std::chrono::days(7));
  const auto limit = call.params.limit(500, 1000);
  if (call.params.error()) return refuse(*call.params.error());
  struct Row {
    const OrderView* view = nullptr;
    const sim::OrderDetail* detail = nullptr;
  };
  std::vector<Row> rows;
  call.exchange().visit_orders(call.account, contract->symbol, true, from_id.value_or(0),
                               [&](const OrderView& view, const sim::OrderDetail& detail) {
                                 if (!from_id && view.create_time > window.to) return false;
                                 if (from_id || view.create_time >= window.from)
                                   rows.push_back({&view, &detail});
                                 return true;
                               });
  JsonWriter json;
  json.begin_array();
  for (const auto& row : page(rows, from_id || window.has_start, limit))
    write_algo(json, call, *row.view, *row.detail, AlgoShape::history);
  json.end_array();
  return ok(json);
}

}  // namespace bb::paper
