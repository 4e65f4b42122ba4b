// The closed sets of the order world. Wire spellings live in binance/ and paper/ alone; str() is
// for logs and the store.
#pragma once

#include <string_view>

namespace bb {

enum class Side { buy, sell };
/// both = one-way mode; long_ and short_ = the legs of hedge mode.
enum class PositionSide { both, long_, short_ };
enum class MarginType { isolated, cross };
enum class OrderType {
  market,
  limit,
  // Conditional orders: they live in the exchange's algo service since 2025-12-09 and trigger a
  // regular child order.
  stop_market,
  take_profit_market,
  stop,
  take_profit,
  trailing_stop_market,
  liquidation,  // placed by the exchange itself
  unknown,      // a type this version does not know
};
/// gtx = post only; gtd = until a date; rpi = post only, against people alone.
enum class TimeInForce { gtc, ioc, fok, gtx, gtd, rpi };
enum class WorkingType { contract_price, mark_price };

enum class OrderStatus {
  open,              // resting or untriggered
  partially_filled,  // resting, with fills
  triggering,        // conditional: condition met, no child yet (older than 1 s: unprotected)
  triggered,         // conditional: the child is in the engine
  finished,          // conditional: the child is filled OR cancelled; look at its fills
  filled,
  canceled,
  expired,
  expired_in_match,  // it gave way to an order of the same account (self-trade prevention)
  rejected,
  unknown,  // a word this version does not know
};

enum class SymbolStatus { trading, pending, settling, closed, halted, unknown };
enum class ContractType { perpetual, tradfi_perpetual, dated, unknown };

std::string_view str(Side);
std::string_view str(PositionSide);
std::string_view str(MarginType);
std::string_view str(OrderType);
std::string_view str(OrderStatus);
std::string_view str(WorkingType);

constexpr Side opposite(Side side) { return side == Side::buy ? Side::sell : Side::buy; }
constexpr bool is_conditional(OrderType type) {
  return type != OrderType::market && type != OrderType::limit && type != OrderType::liquidation &&
         type != OrderType::unknown;
}
/// Still able to act on the position: open, partly filled, triggering or just triggered.
bool is_live(OrderStatus status);

}  // namespace bb
