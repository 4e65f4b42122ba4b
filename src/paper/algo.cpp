#include <algorithm>
#include <cctype>

#include "paper/handlers.h"

namespace bb::paper {

namespace {

using exchange::OrderRef;
using exchange::OrderRequest;
using exchange::OrderView;
using net::JsonWriter;

enum class Shape {
  placed,     // POST algoOrder
  queried,    // GET algoOrder
  open_list,  // openAlgoOrders: numbers as floating point text, actualQty instead of actualPrice
  history,    // allAlgoOrders: also tp and sl columns
};

std::string_view child_type(OrderType type) {
  return type == OrderType::stop || type == OrderType::take_profit ? "LIMIT" : "MARKET";
}

void write_actuals(JsonWriter& json, const OrderView& order, const Contract& contract,
                   Shape shape) {
  const bool triggered = order.child_order_id != 0;
  json.field("actualOrderId", triggered ? std::to_string(order.child_order_id) : "");
  if (shape == Shape::open_list) {
    json.field("actualQty", as_java_double(order.executed_qty.value()));
    return;
  }
  // Recorded: before there is a price its zero has at least six decimals.
  const int places =
      order.average_price.is_zero() ? std::max(contract.price_places, 6) : contract.price_places;
  json.field("actualPrice", padded(order.average_price, places));
  if (shape == Shape::queried && triggered) {
    json.field("actualType", child_type(order.type));
    json.field("actualQty", padded(order.executed_qty, contract.qty_places));
  }
}

void write_algo(JsonWriter& json, Call& call, const OrderView& order, Shape shape) {
  const auto& contract = call.venue.contract(order.symbol);
  const auto wording = call.venue.wording(call.account, order);
  const auto detail =
      call.exchange().detail(call.account, order.ref()).value_or(sim::OrderDetail());
  const auto number = [&](auto amount, int places) {
    return shape == Shape::open_list ? as_java_double(amount.value()) : padded(amount, places);
  };
  json.begin_object()
      .field("algoId", order.order_id)
      .field("clientAlgoId", order.client_order_id.str())
      .field("algoType", "CONDITIONAL")
      .field("orderType", word(order.type))
      .field("symbol", order.symbol.str())
      .field("side", word(order.side))
      .field("positionSide", word(order.position_side))
      .field("timeInForce", order.close_position ? "GTE_GTC" : word(detail.time_in_force))
      .field("quantity", number(order.qty, contract.qty_places))
      .field("algoStatus", word(order.status));
  if (shape != Shape::placed) write_actuals(json, order, contract, shape);
  json.field("triggerPrice", number(order.trigger_price, contract.price_places))
      .field("price", number(order.price, contract.price_places))
      .key("icebergQuantity")
      .null();
  if (shape == Shape::history) {
    for (const auto* name : {"tpTriggerPrice", "tpPrice", "slTriggerPrice", "slPrice"})
      json.field(name, "0.000");
  }
  if (shape == Shape::queried || shape == Shape::history) json.field("tpOrderType", "");
  json.field("selfTradePreventionMode", wording.self_trade_prevention)
      .field("workingType", word(detail.working_type))
      .field("priceMatch", "NONE")
      .field("closePosition", order.close_position)
      .field("priceProtect", wording.price_protect)
      .field("reduceOnly", order.reduce_only)
      .field("createTime", to_ms(order.create_time))
      .field("updateTime", to_ms(order.update_time))
      .field("triggerTime", to_ms(detail.trigger_time))
      .field("goodTillDate", 0)
      .end_object();
}

Reply one_algo(Call& call, const OrderView& order, Shape shape) {
  JsonWriter json;
  write_algo(json, call, order, shape);
  return ok(json);
}

bool is_remembered(const OrderView& order, TimePoint now) {
  const auto age = now - order.create_time;
  if (is_live(order.status)) return true;
  if (age > kOrderMemory) return false;
  const bool never_filled = order.executed_qty.is_zero();
  return !never_filled || age <= kUnfilledOrderMemory;
}

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
  if (params.find("triggerPrice").value_or("").empty()) params.complain_missing("triggerprice");
  order.trigger_price = Price(params.optional_decimal("triggerPrice").value_or(Decimal()));
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
  if (has_limit) {
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

struct Placement {
  OrderRequest order;
  Wording wording;
};

Placement read_placement(Call& call) {
  auto& params = call.params;
  Placement placement;
  auto& order = placement.order;
  read_heading(call, order);
  if (params.error()) return placement;
  if (const auto text = params.optional("positionSide")) {
    const auto side = parse_position_side(*text);
    if (!side) params.complain(-4060, "Invalid position side.");
    order.position_side = side.value_or(PositionSide::both);
  }
  read_size(call, order);
  if (const auto text = params.optional("workingType")) {
    const auto working = parse_working_type(*text);
    if (!working) params.complain(-4031, "Invalid parameter working type: " + std::string(*text));
    order.working_type = working.value_or(WorkingType::contract_price);
  }
  placement.wording.price_protect = params.optional_flag("priceProtect", false);
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

std::optional<OrderRef> read_ref(Call& call) {
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
  const auto placement = read_placement(call);
  if (call.params.error()) return refuse(*call.params.error());
  if (const auto late = judge_visibility(call, placement.order)) return refuse(*late);
  const auto placed = call.exchange().place(call.account, placement.order);
  if (!placed) return refuse(placed.error());
  call.venue.remember(call.account, *placed, placement.wording);
  auto reply = one_algo(call, *placed, Shape::placed);
  reply.is_accepted_order = true;
  return reply;
}

Reply query_algo_order(Call& call) {
  const auto ref = read_ref(call);
  if (!ref) return refuse(*call.params.error());
  auto& lags = call.venue.lags();
  auto found = call.exchange().find_order(call.account, *ref);
  if (!found || !*found || !is_remembered(**found, call.now) ||
      lags.is_hidden(call.account, **found, call.now))
    return refuse(-2013, "Order does not exist.");
  const auto seen = lags.not_yet_canceled(call.account, (*found)->ref(), call.now);
  return one_algo(call, seen.value_or(**found), Shape::queried);
}

Reply cancel_algo_order(Call& call) {
  const auto ref = read_ref(call);
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
  for (const auto& order : call.exchange().open_orders(call.account, true)) {
    if (contract && order.symbol != contract->symbol) continue;
    if (id && order.order_id != *id) continue;
    write_algo(json, call, order, Shape::open_list);
  }
  json.end_array();
  return ok(json);
}

Reply all_algo_orders(Call& call) {
  const auto* contract = call.required_symbol();
  const auto from_id = call.params.optional_integer("algoId");
  const auto window = read_window(call, std::chrono::days(7));
  const auto limit = call.params.limit(500, 1000);
  if (call.params.error()) return refuse(*call.params.error());
  std::vector<OrderView> rows;
  for (auto& order : call.exchange().orders(call.account, contract->symbol, true)) {
    const bool in_range = from_id
                              ? order.order_id >= *from_id
                              : order.create_time >= window.from && order.create_time <= window.to;
    if (in_range && is_remembered(order, call.now)) rows.push_back(std::move(order));
  }
  const bool from_front = from_id || window.has_start;
  const std::size_t skip = from_front || rows.size() <= limit ? 0 : rows.size() - limit;
  JsonWriter json;
  json.begin_array();
  for (std::size_t i = skip; i < rows.size() && i < skip + limit; ++i)
    write_algo(json, call, rows[i], Shape::history);
  json.end_array();
  return ok(json);
}

}  // namespace bb::paper
