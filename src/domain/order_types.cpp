#include "domain/order_types.h"

namespace bb {

std::string_view str(Side side) { return side == Side::buy ? "BUY" : "SELL"; }

std::string_view str(PositionSide side) {
  switch (side) {
    case PositionSide::both:
      return "BOTH";
    case PositionSide::long_:
      return "LONG";
    case PositionSide::short_:
      return "SHORT";
  }
  return "";
}

std::string_view str(MarginType type) {
  return type == MarginType::isolated ? "ISOLATED" : "CROSS";
}

std::string_view str(OrderType type) {
  switch (type) {
    case OrderType::market:
      return "MARKET";
    case OrderType::limit:
      return "LIMIT";
    case OrderType::stop_market:
      return "STOP_MARKET";
    case OrderType::take_profit_market:
      return "TAKE_PROFIT_MARKET";
    case OrderType::stop:
      return "STOP";
    case OrderType::take_profit:
      return "TAKE_PROFIT";
    case OrderType::trailing_stop_market:
      return "TRAILING_STOP_MARKET";
    case OrderType::liquidation:
      return "LIQUIDATION";
    case OrderType::unknown:
      return "UNKNOWN";
  }
  return "";
}

std::string_view str(OrderStatus status) {
  switch (status) {
    case OrderStatus::open:
      return "NEW";
    case OrderStatus::partially_filled:
      return "PARTIALLY_FILLED";
    case OrderStatus::triggering:
      return "TRIGGERING";
    case OrderStatus::triggered:
      return "TRIGGERED";
    case OrderStatus::finished:
      return "FINISHED";
    case OrderStatus::filled:
      return "FILLED";
    case OrderStatus::canceled:
      return "CANCELED";
    case OrderStatus::expired:
      return "EXPIRED";
    case OrderStatus::expired_in_match:
      return "EXPIRED_IN_MATCH";
    case OrderStatus::rejected:
      return "REJECTED";
    case OrderStatus::unknown:
      return "UNKNOWN";
  }
  return "";
}

std::string_view str(WorkingType type) {
  return type == WorkingType::contract_price ? "CONTRACT_PRICE" : "MARK_PRICE";
}

bool is_live(OrderStatus status) {
  switch (status) {
    case OrderStatus::open:
    case OrderStatus::partially_filled:
    case OrderStatus::triggering:
    case OrderStatus::triggered:
      return true;
    case OrderStatus::finished:
    case OrderStatus::filled:
    case OrderStatus::canceled:
    case OrderStatus::expired:
    case OrderStatus::expired_in_match:
    case OrderStatus::rejected:
    case OrderStatus::unknown:
      return false;
  }
  return false;
}

}  // namespace bb
