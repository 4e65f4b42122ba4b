#include <algorithm>
#include <tuple>

#include "paper/handlers.h"

namespace bb::paper {

namespace {

using exchange::OrderRef;
using exchange::OrderRequest;
using exchange::OrderView;
using net::JsonWriter;

enum class Shape {
  placed,   // answers of place and cancel: no fill data since 2026-06-30
  queried,  // order, openOrder, openOrders
  listed,   // allOrders: also pair and cumBase
};

void write_order(JsonWriter& json, Call& call, const OrderView& order, Shape shape) {
  const auto& contract = call.venue.contract(order.symbol);
  const auto wording = call.venue.wording(call.account, order);
  const auto detail =
      call.exchange().detail(call.account, order.ref()).value_or(sim::OrderDetail());
  const int price = contract.price_places;
  const int qty = contract.qty_places;
  const bool is_query = shape != Shape::placed;
  json.begin_object().field("orderId", order.order_id).field("symbol", order.symbol.str());
  if (shape == Shape::listed) json.field("pair", order.symbol.str());
  json.field("status", word(order.status))
      .field("clientOrderId", order.client_order_id.str())
      .field("price", padded(order.price, price));
  if (is_query) json.field("avgPrice", padded(order.average_price, price));
  json.field("origQty", padded(order.qty, qty))
      .field("executedQty", padded(order.executed_qty, qty));
  if (is_query) {
    json.field("cumQuote", padded(detail.executed_quote, 5));
    if (shape == Shape::listed) json.field("cumBase", "0");
  } else {
    json.field("cumQty", padded(order.executed_qty, qty));
  }
  json.field("timeInForce", word(detail.time_in_force))
      .field("type", word(order.type))
      .field("reduceOnly", order.reduce_only)
      .field("closePosition", order.close_position)
      .field("side", word(order.side))
      .field("positionSide", word(order.position_side))
      .field("stopPrice", is_query ? "0" : padded(Price(), price))
      .field("workingType", word(detail.working_type))
      .field("priceProtect", wording.price_protect)
      .field("origType", word(order.type))
      .field("priceMatch", "NONE")
      .field("selfTradePreventionMode", wording.self_trade_prevention)
      .field("goodTillDate", 0);
  if (is_query) json.field("time", to_ms(order.create_time));
  json.field("updateTime", to_ms(order.update_time)).end_object();
}

Reply one_order(Call& call, const OrderView& order, Shape shape) {
  JsonWriter json;
  write_order(json, call, order, shape);
  return ok(json);
}

bool is_remembered(const OrderView& order, TimePoint now) {
  const auto age = now - order.create_time;
  if (is_live(order.status)) return true;
  if (age > kOrderMemory) return false;
  const bool never_filled =
      order.executed_qty.is_zero() &&
      (order.status == OrderStatus::canceled || order.status == OrderStatus::expired);
  return !never_filled || age <= kUnfilledOrderMemory;
}

/// The order named by orderId or origClientOrderId, or what Binance says to a request without.
std::optional<OrderRef> read_ref(Call& call) {
  const auto* contract = call.required_symbol();
  const auto id = call.params.optional_integer("orderId");
  const auto client_id = call.params.optional("origClientOrderId");
  if (!id && !client_id)
    call.params.complain(-1102,
                         "Param 'origClientOrderId' or 'orderId' must be sent, but both were "
                         "empty/null!");
  if (call.params.error()) return std::nullopt;
  OrderRef ref;
  ref.symbol = contract->symbol;
  ref.order_id = id.value_or(0);
  if (!id) ref.client_order_id = ClientOrderId(std::string(*client_id));
  return ref;
}

std::optional<OrderView> find(Call& call, const OrderRef& ref) {
  auto found = call.exchange().find_order(call.account, ref);
  if (!found || !*found) return std::nullopt;
  const OrderView& order = **found;
  if (!is_remembered(order, call.now)) return std::nullopt;
  if (call.venue.lags().is_hidden(call.account, order, call.now)) return std::nullopt;
  return order;
}

Reply no_such_order() { return refuse(-2013, "Order does not exist."); }

void read_type_and_price(ParamReader& params, OrderRequest& order) {
  if (order.type == OrderType::limit) {
    const auto text = params.required("timeInForce");
    const auto time_in_force = parse_time_in_force(text);
    if (!text.empty() && !time_in_force) params.complain(-1115, "Invalid timeInForce.");
    order.time_in_force = time_in_force.value_or(TimeInForce::gtc);
    order.qty = Qty(params.required_decimal("quantity"));
    order.price = Price(params.required_decimal("price"));
  } else {
    params.refuse_param("timeInForce");
    order.qty = Qty(params.required_decimal("quantity"));
    params.refuse_param("price");
  }
  if (params.has("priceMatch")) params.complain(-5037, "Invalid price match");
  if (params.has("goodTillDate"))
    params.complain(-1106, "Parameter 'goodTillDate' sent when not required.");
}

void read_self_trade_prevention(ParamReader& params, Wording& wording) {
  const auto mode = params.optional("selfTradePreventionMode");
  if (!mode) return;
  for (const std::string_view known : {"NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"})
    if (*mode == known) {
      wording.self_trade_prevention = known;
      return;
    }
  params.complain(-5039, "Invalid self trade prevention mode");
}

struct Placement {
  OrderRequest order;
  Wording wording;
  bool wants_result = false;
};

/// Reads in the order in which Binance complains.
Placement read_placement(Call& call) {
  auto& params = call.params;
  Placement placement;
  auto& order = placement.order;
  const auto* contract = call.required_symbol();
  if (contract) order.symbol = contract->symbol;
  const auto side_text = params.required("side");
  const auto side = parse_side(side_text);
  if (!side_text.empty() && !side) params.complain(-1117, "Invalid side.");
  order.side = side.value_or(Side::buy);
  const auto type_text = params.required("type");
  const auto type = parse_order_type(type_text);
  if ((type && is_conditional(*type)) || type_text == "TRAILING_STOP_MARKET") {
    params.complain(-4120,
                    "Order type not supported for this endpoint. Please use the Algo Order API "
                    "endpoints instead.");
  }
  if (!type_text.empty() && !type) params.complain(-1116, "Invalid orderType.");
  order.type = type.value_or(OrderType::market);
  if (params.error()) return placement;
  if (const auto text = params.optional("positionSide")) {
    const auto position_side = parse_position_side(*text);
    if (!position_side) params.complain(-4060, "Invalid position side.");
    order.position_side = position_side.value_or(PositionSide::both);
  }
  read_type_and_price(params, order);
  if (call.exchange().hedge(call.account)) params.refuse_param("reduceOnly");
  order.reduce_only = params.optional_flag("reduceOnly", false);
  const auto client_id = params.client_id("newClientOrderId");
  read_self_trade_prevention(params, placement.wording);
  if (const auto response = params.optional("newOrderRespType")) {
    if (*response != "ACK" && *response != "RESULT")
      params.complain(-1136, "Invalid newOrderRespType.");
    placement.wants_result = *response == "RESULT";
  }
  order.client_order_id =
      client_id ? ClientOrderId(std::string(*client_id)) : call.venue.make_client_id();
  return placement;
}

}  // namespace

Reply place_order(Call& call) {
  const auto placement = read_placement(call);
  if (call.params.error()) return refuse(*call.params.error());
  auto placed = call.exchange().place(call.account, placement.order);
  if (!placed) return refuse(placed.error());
  call.venue.remember(call.account, *placed, placement.wording);
  if (!placement.wants_result) {
    // An acknowledgement is sent on acceptance, before anything is matched.
    placed->status = OrderStatus::open;
    placed->executed_qty = Qty();
  }
  auto reply = one_order(call, *placed, Shape::placed);
  reply.is_accepted_order = true;
  return reply;
}

Reply query_order(Call& call) {
  const auto ref = read_ref(call);
  if (!ref) return refuse(*call.params.error());
  const auto order = find(call, *ref);
  return order ? one_order(call, *order, Shape::queried) : no_such_order();
}

Reply open_order(Call& call) {
  const auto ref = read_ref(call);
  if (!ref) return refuse(*call.params.error());
  const auto order = find(call, *ref);
  return order && is_live(order->status) ? one_order(call, *order, Shape::queried)
                                         : no_such_order();
}

Reply cancel_order(Call& call) {
  const auto ref = read_ref(call);
  if (!ref) return refuse(*call.params.error());
  const auto canceled = call.exchange().cancel(call.account, *ref);
  return canceled ? one_order(call, *canceled, Shape::placed) : refuse(canceled.error());
}

Reply open_orders(Call& call) {
  const auto* contract = call.optional_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  JsonWriter json;
  json.begin_array();
  for (const auto& order : call.exchange().open_orders(call.account, false))
    if (!contract || order.symbol == contract->symbol)
      write_order(json, call, order, Shape::queried);
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

Reply all_orders(Call& call) {
  const auto* contract = call.optional_symbol();
  const auto from_id = call.params.optional_integer("orderId");
  const auto window = read_window(call, std::chrono::days(7));
  const auto limit = call.params.limit(500, 1000);
  if (call.params.error()) return refuse(*call.params.error());
  std::vector<OrderView> rows;
  const auto collect = [&](Symbol symbol) {
    for (auto& order : call.exchange().orders(call.account, symbol, false)) {
      const bool in_range =
          from_id ? order.order_id >= *from_id
                  : order.create_time >= window.from && order.create_time <= window.to;
      if (in_range && is_remembered(order, call.now)) rows.push_back(std::move(order));
    }
  };
  if (contract) {
    collect(contract->symbol);
  } else {
    // Ids grow per symbol only: across symbols the time decides.
    for (const auto& rules : call.venue.market().rules(call.now))
      collect(rules.symbol);
    std::ranges::sort(rows, {}, [](const OrderView& order) {
      return std::tuple(order.create_time, order.symbol, order.order_id);
    });
  }
  const bool from_front = from_id || window.has_start;
  const std::size_t skip = from_front || rows.size() <= limit ? 0 : rows.size() - limit;
  JsonWriter json;
  json.begin_array();
  for (std::size_t i = skip; i < rows.size() && i < skip + limit; ++i)
    write_order(json, call, rows[i], Shape::listed);
  json.end_array();
  return ok(json);
}

namespace {

void write_fill(JsonWriter& json, const Contract& contract, const exchange::Fill& fill) {
  json.begin_object()
      .field("symbol", fill.symbol.str())
      .field("pair", fill.symbol.str())
      .field("id", fill.trade_id)
      .field("orderId", fill.order_id)
      .field("side", word(fill.side))
      .field("price", padded(fill.price, contract.price_places))
      .field("qty", padded(fill.qty, contract.qty_places))
      .field("quoteQty", padded(fill.price * fill.qty, 2))
      .field("baseQty", "0")
      .field("realizedPnl", eight(fill.realized_pnl))
      .field("marginAsset", "USDT")
      .field("commission", eight(fill.commission))
      .field("commissionAsset", fill.commission_asset)
      .field("time", to_ms(fill.time))
      .field("positionSide", word(fill.position_side))
      .field("buyer", fill.side == Side::buy)
      .field("maker", fill.maker)
      .end_object();
}

}  // namespace

Reply user_trades(Call& call) {
  const auto* contract = call.required_symbol();
  const auto order_id = call.params.optional_integer("orderId");
  const auto from_id = call.params.optional_integer("fromId");
  if (from_id && (call.params.has("startTime") || call.params.has("endTime")))
    call.params.complain(-1128, "Combination of optional parameters invalid.");
  const auto window = read_window(call, std::chrono::days(7));
  const auto limit = call.params.limit(500, 1000);
  if (window.has_start && call.now - window.from > kOrderMemory)
    call.params.complain(-4166, "Search window is restricted to recent 90 days only.");
  if (call.params.error()) return refuse(*call.params.error());
  std::vector<exchange::Fill> rows;
  for (auto& fill : call.exchange().fills(call.account, contract->symbol)) {
    if (order_id && fill.order_id != *order_id) continue;
    const bool in_range =
        from_id ? fill.trade_id >= *from_id : fill.time >= window.from && fill.time <= window.to;
    if (in_range && call.now - fill.time <= kOrderMemory) rows.push_back(std::move(fill));
  }
  const bool from_front = from_id || window.has_start;
  const std::size_t skip = from_front || rows.size() <= limit ? 0 : rows.size() - limit;
  JsonWriter json;
  json.begin_array();
  for (std::size_t i = skip; i < rows.size() && i < skip + limit; ++i)
    write_fill(json, *contract, rows[i]);
  json.end_array();
  return ok(json);
}

}  // namespace bb::paper
