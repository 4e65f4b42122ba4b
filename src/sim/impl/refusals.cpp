#include "sim/impl/refusals.h"

#include <fmt/format.h>

namespace bb::sim::impl::refuse {

namespace {

Refusal with(int code, std::string text) { return Refusal(Rejection{code, std::move(text)}); }

}  // namespace

Refusal parameter_missing(const std::string& name) {
  return with(
      -1102,
      fmt::format("Mandatory parameter '{}' was not sent, was empty/null, or malformed.", name));
}
Refusal parameter_unwanted(const std::string& name) {
  return with(-1106, fmt::format("Parameter '{}' sent when not required.", name));
}
Refusal bad_precision() {
  return with(-1111, "Precision is over the maximum defined for this asset.");
}
Refusal bad_symbol() { return with(-1121, "Invalid symbol."); }
Refusal bad_symbol_status() { return with(-1122, "Invalid symbol status."); }
Refusal bad_value(const std::string& name) {
  return with(-1130, fmt::format("Data sent for parameter '{}' is not valid.", name));
}
Refusal no_such_order() { return with(-2013, "Order does not exist."); }
Refusal in_liquidation() { return with(-2023, "User in liquidation mode now."); }
Refusal isolated_only() { return with(-4049, "Add margin only support for isolated position."); }
Refusal cross_balance_insufficient() { return with(-4050, "Cross balance insufficient."); }
Refusal isolated_balance_insufficient() { return with(-4051, "Isolated balance insufficient."); }
Refusal no_position() { return with(-4054, "Cannot add position margin: position is 0."); }
Refusal activation_price() { return with(-4135, "Invalid activation price"); }
Refusal unknown_order() { return with(-2011, "Unknown order sent."); }
Refusal balance_not_sufficient() { return with(-2018, "Balance is insufficient."); }
Refusal margin_insufficient() { return with(-2019, "Margin is insufficient."); }
Refusal would_trigger() { return with(-2021, "Order would immediately trigger."); }
Refusal reduce_only() { return with(-2022, "ReduceOnly Order is rejected."); }
Refusal too_many_orders() { return with(-2025, "Reach max open order limit."); }
Refusal position_too_large() {
  return with(-2027, "Exceeded the maximum allowable position at current leverage.");
}
Refusal leverage_too_small() {
  return with(-2028, "Leverage is smaller than permitted: insufficient margin balance.");
}
Refusal price_above_max() { return with(-4002, "Price greater than max price."); }
Refusal qty_not_positive() { return with(-4003, "Quantity less than or equal to zero."); }
Refusal qty_below_min() { return with(-4004, "Quantity less than min quantity."); }
Refusal qty_above_max() { return with(-4005, "Quantity greater than max quantity."); }
Refusal trigger_above_max() { return with(-4007, "Stop price greater than max price."); }
Refusal price_below_min() { return with(-4013, "Price less than min price."); }
Refusal price_off_tick() { return with(-4014, "Price not increased by tick size."); }
Refusal client_id(bool too_long) {
  return with(-4015, too_long ? "Client order id length should be less than 36 chars"
                              : "Client order id is not valid.");
}
Refusal price_above_band() {
  return with(-4016, "Price is higher than mark price multiplier cap.");
}
Refusal qty_off_step() { return with(-4023, "Qty not increased by step size."); }
Refusal price_below_band() {
  return with(-4024, "Price is lower than mark price multiplier floor.");
}
Refusal leverage_invalid(int leverage) {
  return with(-4028, fmt::format("Leverage {} is not valid", leverage));
}
Refusal too_many_stops() { return with(-4045, "Reach max stop order limit."); }
Refusal margin_type_same() { return with(-4046, "No need to change margin type."); }
Refusal margin_type_with_orders() {
  return with(-4047, "Margin type cannot be changed if there exists open orders.");
}
Refusal margin_type_with_position() {
  return with(-4048, "Margin type cannot be changed if there exists position.");
}
Refusal amount_not_positive() { return with(-4055, "Amount must be positive."); }
Refusal mode_same() { return with(-4059, "No need to change position side."); }
Refusal wrong_position_side() {
  return with(-4061, "Order's position side does not match user's setting.");
}
Refusal mode_with_orders() {
  return with(-4067, "Position side cannot be changed if there exists open orders.");
}
Refusal mode_with_positions() {
  return with(-4068, "Position side cannot be changed if there exists position.");
}
Refusal duplicate_client_id() { return with(-4116, "ClientOrderId is duplicated."); }
Refusal reduce_only_capacity() {
  return with(-4118,
              "ReduceOnly Order Failed. Please check your existing position and open orders.");
}
Refusal second_close_position() {
  return with(-4130,
              "An open stop or take profit order with GTE and closePosition in the direction is "
              "existing.");
}
Refusal no_counterparty() {
  return with(-4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit.");
}
Refusal no_close_position_for(OrderType type) {
  return with(
      -4136, fmt::format("Target strategy invalid for orderType {},closePosition true", str(type)));
}
Refusal qty_with_close_position() {
  return with(-4137, "Quantity must be zero with closePosition equals true");
}
Refusal not_opening_now() { return with(-4140, "Invalid symbol status for opening position"); }
Refusal symbol_closed() { return with(-4141, "Symbol is closed"); }
Refusal leverage_reduction() {
  return with(-4161,
              "Leverage reduction is not supported in Isolated Margin Mode with open positions");
}
Refusal min_notional(Usdt notional) {
  return with(-4164,
              fmt::format("Order's notional must be no smaller than {} (unless you choose reduce "
                          "only).",
                          notional.str()));
}
Refusal no_position_for_close() {
  return with(-4509,
              "Time in Force (TIF) GTE can only be used with open positions. Please ensure that "
              "positions are available.");
}
Refusal not_fillable() {
  return with(-5021,
              "Due to the order could not be filled immediately, the FOK order has been rejected. "
              "The order will not be recorded in the order history");
}
Refusal would_take() {
  return with(-5022,
              "Due to the order could not be executed as maker, the Post Only order will be "
              "rejected. The order will not be recorded in the order history");
}
Refusal not_amendable_now() {
  return with(-5024, "Symbol is not in trading status. Order amendment is not permitted.");
}
Refusal not_a_limit_order() { return with(-5025, "Only limit order is supported."); }
Refusal too_many_amendments() { return with(-5026, "Exceed maximum modify order limit."); }
Refusal nothing_to_amend() { return with(-5027, "No need to modify the order."); }
Refusal amended_notional(Usdt notional) {
  return with(-5029, fmt::format("Order's notional must be no smaller than {}", notional.str()));
}
Refusal price_match_type() {
  return with(-5038, "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT");
}
Refusal good_till_date() {
  return with(-5040,
              "The goodTillDate timestamp must be greater than the current time plus 600 seconds "
              "and smaller than 253402300799000 (UTC 9999-12-31 23:59:59)");
}
Refusal no_depth() { return with(-5041, "No depth matches this BBO order"); }
Refusal not_reduce_only() { return with(-5047, "The original order is not a reduce-only order."); }

}  // namespace bb::sim::impl::refuse
