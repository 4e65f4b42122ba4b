#include "paper/order_json.h"

namespace bb::paper {

namespace {

using exchange::OrderView;
using net::JsonWriter;
using sim::OrderDetail;

OrderDetail detail_of(Call& call, const OrderView& order) {
  return call.exchange().detail(call.account, order.ref()).value_or(OrderDetail());
}

// What the exchange places of itself is a limit order to its REST answers; the stream says more.
std::string_view type_word(OrderType type) {
  return word(type == OrderType::liquidation ? OrderType::limit : type);
}

std::int64_t good_till(const OrderDetail& detail) { return to_ms(detail.terms.good_till); }

void write_fills(JsonWriter& json, const OrderView& order, const OrderDetail& detail,
                 const Contract& contract, OrderShape shape) {
  const bool is_listed = shape == OrderShape::listed || shape == OrderShape::forced;
  const int qty = contract.qty_places;
  if (shape != OrderShape::placed && shape != OrderShape::amended)
    json.field("avgPrice", padded(order.average_price, contract.price_places));
  json.field("origQty", padded(order.qty, qty))
      .field("executedQty", padded(order.executed_qty, qty));
  if (shape == OrderShape::placed || shape == OrderShape::amended) {
    json.field("cumQty", padded(order.executed_qty, qty));
    return;
  }
  json.field("cumQuote", padded(detail.executed_quote, 5));
  if (is_listed) json.field("cumBase", "0");
}

std::string_view child_type(OrderType type) {
  return type == OrderType::stop || type == OrderType::take_profit ? "LIMIT" : "MARKET";
}

void write_actuals(JsonWriter& json, const OrderView& order, const Contract& contract,
                   AlgoShape shape) {
  const bool triggered = order.child_order_id != 0;
  json.field("actualOrderId", triggered ? std::to_string(order.child_order_id) : "");
  if (shape == AlgoShape::open_list) {
    json.field("actualQty", as_java_double(order.executed_qty.value()));
    return;
  }
  // Recorded: before there is a price its zero has at least six decimals.
  const int places =
      order.average_price.is_zero() ? std::max(contract.price_places, 6) : contract.price_places;
  json.field("actualPrice", padded(order.average_price, places));
  if (shape == AlgoShape::queried && triggered) {
    json.field("actualType", child_type(order.type));
    json.field("actualQty", padded(order.executed_qty, contract.qty_places));
  }
}

// Only trailing stops were seen with these two.
void write_trailing(JsonWriter& json, const OrderView& order, const OrderDetail& detail,
                    const Contract& contract) {
  if (order.type != OrderType::trailing_stop_market) return;
  const Price activate = detail.terms.activate_price;
  const Ratio percents = detail.terms.callback_rate * Ratio(Decimal::from_int(100));
  json.field("activatePrice",
             activate.is_zero() ? std::string() : padded(activate, contract.price_places))
      .field("callbackRate", padded(percents, 1));
}

}  // namespace

void write_order(JsonWriter& json, Call& call, const OrderView& order, const OrderDetail& detail,
                 OrderShape shape) {
  const auto& contract = call.venue.contract(order.symbol);
  const bool is_command = shape == OrderShape::placed || shape == OrderShape::amended;
  const bool has_pair = shape != OrderShape::placed && shape != OrderShape::queried;
  json.begin_object().field("orderId", order.order_id).field("symbol", order.symbol.str());
  if (has_pair) json.field("pair", order.symbol.str());
  json.field("status", word(order.status))
      .field("clientOrderId", order.client_order_id.str())
      .field("price", padded(order.price, contract.price_places));
  write_fills(json, order, detail, contract, shape);
  json.field("timeInForce", word(detail.time_in_force))
      .field("type", type_word(order.type))
      .field("reduceOnly", order.reduce_only)
      .field("closePosition", order.close_position)
      .field("side", word(order.side))
      .field("positionSide", word(order.position_side))
      .field("stopPrice", is_command ? padded(Price(), contract.price_places) : "0")
      .field("workingType", word(detail.working_type));
  if (shape == OrderShape::forced) {
    json.field("origType", type_word(order.type));
  } else {
    json.field("priceProtect", detail.terms.price_protect)
        .field("origType", type_word(order.type))
        .field("priceMatch", word(detail.terms.price_match))
        .field("selfTradePreventionMode", word(detail.terms.self_trade))
        .field("goodTillDate", good_till(detail));
  }
  if (!is_command) json.field("time", to_ms(order.create_time));
  json.field("updateTime", to_ms(order.update_time));
  if (shape == OrderShape::amended && detail.modify_id != 0)
    json.field("modifyId", detail.modify_id);
  json.end_object();
}

Reply one_order(Call& call, const OrderView& order, OrderShape shape) {
  JsonWriter json;
  write_order(json, call, order, detail_of(call, order), shape);
  return ok(json);
}

void write_algo(JsonWriter& json, Call& call, const OrderView& order, const OrderDetail& detail,
                AlgoShape shape) {
  const auto& contract = call.venue.contract(order.symbol);
  const auto number = [&](auto amount, int places) {
    return shape == AlgoShape::open_list ? as_java_double(amount.value()) : padded(amount, places);
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
  if (shape != AlgoShape::placed) write_actuals(json, order, contract, shape);
  json.field("triggerPrice", number(order.trigger_price, contract.price_places))
      .field("price", number(order.price, contract.price_places))
      .key("icebergQuantity")
      .null();
  if (shape == AlgoShape::history) {
    for (const auto* name : {"tpTriggerPrice", "tpPrice", "slTriggerPrice", "slPrice"})
      json.field(name, "0.000");
  }
  if (shape == AlgoShape::queried || shape == AlgoShape::history) json.field("tpOrderType", "");
  json.field("selfTradePreventionMode", word(detail.terms.self_trade))
      .field("workingType", word(detail.working_type))
      .field("priceMatch", word(detail.terms.price_match))
      .field("closePosition", order.close_position)
      .field("priceProtect", detail.terms.price_protect)
      .field("reduceOnly", order.reduce_only);
  write_trailing(json, order, detail, contract);
  json.field("createTime", to_ms(order.create_time))
      .field("updateTime", to_ms(order.update_time))
      .field("triggerTime", to_ms(detail.trigger_time))
      .field("goodTillDate", good_till(detail))
      .end_object();
}

Reply one_algo(Call& call, const OrderView& order, AlgoShape shape) {
  JsonWriter json;
  write_algo(json, call, order, detail_of(call, order), shape);
  return ok(json);
}

}  // namespace bb::paper
