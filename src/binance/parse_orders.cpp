#include "binance/parse.h"
#include "binance/words.h"

namespace bb::binance {

namespace {

using net::JsonView;

/// Members that only some answers have, and that are "" where they do not apply.
Decimal optional_decimal(JsonView row, std::string_view name, Rounding rounding) {
  if (!row.has(name)) return {};
  const auto value = row.at(name);
  if (value.is_string() && value.text().empty()) return {};
  return value.decimal(rounding);
}

Decimal exact_or_absent(JsonView row, std::string_view name) {
  if (!row.has(name)) return {};
  const auto value = row.at(name);
  if (value.is_string() && value.text().empty()) return {};
  return value.decimal();
}

}  // namespace

exchange::OrderView parse_order(JsonView row) {
  exchange::OrderView out;
  out.symbol = Symbol(row.at("symbol").text());
  out.client_order_id = ClientOrderId(std::string(row.at("clientOrderId").text()));
  out.order_id = row.at("orderId").integer();
  out.side = read_side(row.at("side"));
  out.position_side = read_position_side(row.at("positionSide"));
  out.type = read_order_type(row.at("type"));
  out.status = read_order_status(row.at("status"));
  out.qty = Qty(row.at("origQty").decimal());
  out.executed_qty = Qty(row.at("executedQty").decimal());
  out.price = Price(row.at("price").decimal());
  // Absent in answers to placements and cancels since 2026-06-30.
  out.average_price = Price(optional_decimal(row, "avgPrice", Rounding::nearest));
  out.trigger_price = Price(exact_or_absent(row, "stopPrice"));
  out.reduce_only = row.at("reduceOnly").boolean();
  out.close_position = row.at("closePosition").boolean();
  out.update_time = from_ms(row.at("updateTime").integer());
  // A placement's answer has no `time`; it is as old as its last update.
  out.create_time = row.has("time") ? from_ms(row.at("time").integer()) : out.update_time;
  return out;
}

exchange::OrderView parse_algo_order(JsonView row) {
  exchange::OrderView out;
  out.conditional = true;
  out.symbol = Symbol(row.at("symbol").text());
  out.client_order_id = ClientOrderId(std::string(row.at("clientAlgoId").text()));
  out.order_id = row.at("algoId").integer();
  out.side = read_side(row.at("side"));
  out.position_side = read_position_side(row.at("positionSide"));
  out.type = read_order_type(row.at("orderType"));
  out.status = read_algo_status(row.at("algoStatus"));
  out.qty = Qty(row.at("quantity").decimal());
  out.executed_qty = Qty(exact_or_absent(row, "actualQty"));
  out.price = Price(exact_or_absent(row, "price"));
  out.average_price = Price(optional_decimal(row, "actualPrice", Rounding::nearest));
  out.trigger_price = Price(exact_or_absent(row, "triggerPrice"));
  out.reduce_only = row.at("reduceOnly").boolean();
  out.close_position = row.at("closePosition").boolean();
  // Text, and empty before the trigger.
  if (row.has("actualOrderId")) {
    const auto child = row.at("actualOrderId");
    if (!child.is_string() || !child.text().empty()) out.child_order_id = child.integer();
  }
  out.create_time = from_ms(row.at("createTime").integer());
  out.update_time = from_ms(row.at("updateTime").integer());
  return out;
}

std::vector<exchange::OrderView> parse_orders(JsonView root) {
  std::vector<exchange::OrderView> out;
  root.for_each([&](JsonView row) { out.push_back(parse_order(row)); });
  return out;
}

std::vector<exchange::OrderView> parse_algo_orders(JsonView root) {
  std::vector<exchange::OrderView> out;
  root.for_each([&](JsonView row) { out.push_back(parse_algo_order(row)); });
  return out;
}

}  // namespace bb::binance
