#include "paper/order_params.h"

namespace bb::paper {

namespace {

using exchange::OrderRef;
using exchange::OrderRequest;

void read_limit(ParamReader& params, OrderRequest& order) {
  const auto text = params.required("timeInForce");
  const auto time_in_force = parse_time_in_force(text);
  if (!text.empty() && !time_in_force) params.complain(-1115, "Invalid timeInForce.");
  order.time_in_force = time_in_force.value_or(TimeInForce::gtc);
  order.qty = Qty(params.required_decimal("quantity"));
  const auto match = params.find("priceMatch");
  if (match && *match != "NONE") {
    params.refuse_param("price");
  } else {
    order.price = Price(params.required_decimal("price"));
  }
}

void read_market(ParamReader& params, OrderRequest& order) {
  params.refuse_param("timeInForce");
  order.qty = Qty(params.required_decimal("quantity"));
  params.refuse_param("price");
}

void read_heading(Call& call, OrderRequest& order) {
  auto& params = call.params;
  const auto* contract = call.required_symbol();
  if (contract) order.symbol = contract->symbol;
  const auto side_text = params.required("side");
  const auto side = parse_side(side_text);
  if (!side_text.empty() && !side) params.complain(-1117, "Invalid side.");
  order.side = side.value_or(Side::buy);
  const auto type_text = params.required("type");
  const auto type = parse_order_type(type_text);
  if (type && is_conditional(*type)) {
    params.complain(-4120,
                    "Order type not supported for this endpoint. Please use the Algo Order API "
                    "endpoints instead.");
  }
  if (!type_text.empty() && !type) params.complain(-1116, "Invalid orderType.");
  order.type = type.value_or(OrderType::market);
}

}  // namespace

void read_terms(ParamReader& params, sim::OrderTerms& terms) {
  if (const auto text = params.optional("selfTradePreventionMode")) {
    const auto mode = parse_self_trade_prevention(*text);
    if (!mode) params.complain(-5039, "Invalid self trade prevention mode");
    terms.self_trade = mode.value_or(terms.self_trade);
  }
  if (const auto text = params.optional("priceMatch")) {
    const auto match = parse_price_match(*text);
    // These two have not been accepted since 2025-10-23.
    const bool is_off =
        match == sim::PriceMatch::opponent_10 || match == sim::PriceMatch::opponent_20;
    if (!match || is_off) params.complain(-5037, "Invalid price match");
    terms.price_match = match.value_or(sim::PriceMatch::none);
  }
  // It has the precision of a second.
  if (const auto ms = params.optional_integer("goodTillDate"))
    terms.good_till = from_ms(std::max<std::int64_t>(1, *ms / 1000 * 1000));  // 0 is "not sent"
}

PositionSide read_position_side(ParamReader& params) {
  const auto text = params.optional("positionSide");
  if (!text) return PositionSide::both;
  const auto side = parse_position_side(*text);
  if (!side) params.complain(-4060, "Invalid position side.");
  return side.value_or(PositionSide::both);
}

bool read_wants_result(ParamReader& params) {
  const auto response = params.optional("newOrderRespType");
  if (response && *response != "ACK" && *response != "RESULT")
    params.complain(-1136, "Invalid newOrderRespType.");
  return response == "RESULT";
}

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

Placement read_placement(Call& call) {
  auto& params = call.params;
  Placement placement;
  auto& order = placement.order;
  read_heading(call, order);
  if (params.error()) return placement;
  order.position_side = read_position_side(params);
  if (order.type == OrderType::limit) {
    read_limit(params, order);
  } else {
    read_market(params, order);
  }
  if (call.exchange().hedge(call.account)) params.refuse_param("reduceOnly");
  order.reduce_only = params.optional_flag("reduceOnly", false);
  const auto client_id = params.client_id("newClientOrderId");
  read_terms(params, placement.terms);
  placement.wants_result = read_wants_result(params);
  order.client_order_id =
      client_id ? ClientOrderId(std::string(*client_id)) : call.venue.make_client_id();
  return placement;
}

}  // namespace bb::paper
