#include "binance/words.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace bb::binance {

namespace {

template <class Value, std::size_t N>
using Words = std::array<std::pair<std::string_view, Value>, N>;

constexpr Words<OrderType, 6> kOrderTypes{{
    {"MARKET", OrderType::market},
    {"LIMIT", OrderType::limit},
    {"STOP_MARKET", OrderType::stop_market},
    {"TAKE_PROFIT_MARKET", OrderType::take_profit_market},
    {"STOP", OrderType::stop},
    {"TAKE_PROFIT", OrderType::take_profit},
}};

// NEW_INSURANCE and NEW_ADL were seen while the exchange liquidated: orders that still act.
constexpr Words<OrderStatus, 9> kOrderStatuses{{
    {"NEW", OrderStatus::open},
    {"PARTIALLY_FILLED", OrderStatus::partially_filled},
    {"FILLED", OrderStatus::filled},
    {"CANCELED", OrderStatus::canceled},
    {"EXPIRED", OrderStatus::expired},
    {"EXPIRED_IN_MATCH", OrderStatus::expired},
    {"REJECTED", OrderStatus::rejected},
    {"NEW_INSURANCE", OrderStatus::open},
    {"NEW_ADL", OrderStatus::open},
}};

constexpr Words<OrderStatus, 7> kAlgoStatuses{{
    {"NEW", OrderStatus::open},
    {"TRIGGERING", OrderStatus::triggering},
    {"TRIGGERED", OrderStatus::triggered},
    {"FINISHED", OrderStatus::finished},
    {"CANCELED", OrderStatus::canceled},
    {"REJECTED", OrderStatus::rejected},
    {"EXPIRED", OrderStatus::expired},
}};

constexpr Words<SymbolStatus, 10> kSymbolStatuses{{
    {"TRADING", SymbolStatus::trading},
    {"PENDING_TRADING", SymbolStatus::pending},
    {"PRE_SETTLE", SymbolStatus::settling},
    {"SETTLING", SymbolStatus::settling},
    {"PRE_DELIVERING", SymbolStatus::settling},
    {"DELIVERING", SymbolStatus::settling},
    {"DELIVERED", SymbolStatus::closed},
    {"CLOSE", SymbolStatus::closed},
    {"TRADING_HALT", SymbolStatus::halted},
    {"TRADING_CANCEL_ONLY", SymbolStatus::halted},
}};

constexpr Words<ContractType, 8> kContractTypes{{
    {"PERPETUAL", ContractType::perpetual},
    {"TRADIFI_PERPETUAL", ContractType::tradfi_perpetual},
    {"CURRENT_MONTH", ContractType::dated},
    {"NEXT_MONTH", ContractType::dated},
    {"CURRENT_QUARTER", ContractType::dated},
    {"NEXT_QUARTER", ContractType::dated},
    {"CURRENT_QUARTER DELIVERING", ContractType::dated},
    {"PERPETUAL_DELIVERING", ContractType::dated},
}};

template <class Value, std::size_t N>
Value find(const Words<Value, N>& words, std::string_view word, Value otherwise) {
  for (const auto& [text, value] : words)
    if (text == word) return value;
  return otherwise;
}

[[noreturn]] void not_known(std::string_view what, std::string_view word) {
  throw net::JsonError(std::string(what) + " \"" + std::string(word) + "\" is not known");
}

}  // namespace

std::string_view wire(Side side) { return side == Side::buy ? "BUY" : "SELL"; }

std::string_view wire(PositionSide side) {
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

std::string_view wire(OrderType type) {
  for (const auto& [text, value] : kOrderTypes)
    if (value == type) return text;
  return "";
}

std::string_view wire(TimeInForce time_in_force) {
  switch (time_in_force) {
    case TimeInForce::gtc:
      return "GTC";
    case TimeInForce::ioc:
      return "IOC";
    case TimeInForce::fok:
      return "FOK";
    case TimeInForce::gtx:
      return "GTX";
    case TimeInForce::gtd:
      return "GTD";
    case TimeInForce::rpi:
      return "RPI";
  }
  return "";
}

std::string_view wire(WorkingType type) {
  return type == WorkingType::mark_price ? "MARK_PRICE" : "CONTRACT_PRICE";
}

std::string_view wire(MarginType type) {
  return type == MarginType::isolated ? "ISOLATED" : "CROSSED";
}

Side read_side(net::JsonView value) {
  if (value.text() == "BUY") return Side::buy;
  if (value.text() == "SELL") return Side::sell;
  not_known("side", value.text());
}

PositionSide read_position_side(net::JsonView value) {
  if (value.text() == "BOTH") return PositionSide::both;
  if (value.text() == "LONG") return PositionSide::long_;
  if (value.text() == "SHORT") return PositionSide::short_;
  not_known("position side", value.text());
}

MarginType read_margin_type(net::JsonView value) {
  if (value.text() == "ISOLATED") return MarginType::isolated;
  if (value.text() == "CROSSED") return MarginType::cross;
  not_known("margin type", value.text());
}

OrderType read_order_type(net::JsonView value) {
  return find(kOrderTypes, value.text(), OrderType::unknown);
}
OrderStatus read_order_status(net::JsonView value) {
  return find(kOrderStatuses, value.text(), OrderStatus::unknown);
}
OrderStatus read_algo_status(net::JsonView value) {
  return find(kAlgoStatuses, value.text(), OrderStatus::unknown);
}
SymbolStatus read_symbol_status(net::JsonView value) {
  return find(kSymbolStatuses, value.text(), SymbolStatus::unknown);
}
ContractType read_contract_type(net::JsonView value) {
  return find(kContractTypes, value.text(), ContractType::unknown);
}

}  // namespace bb::binance
