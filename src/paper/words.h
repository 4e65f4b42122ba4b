// The wire's spelling: enum words and number texts of Binance's REST answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/amounts.h"
#include "domain/order_types.h"
#include "domain/rules.h"
#include "sim/exchange_types.h"
#include "sim/market.h"

namespace bb::paper {

std::string_view word(Side side);
std::string_view word(PositionSide side);
std::string_view word(OrderType type);
std::string_view word(TimeInForce time_in_force);
std::string_view word(WorkingType type);
std::string_view word(SymbolStatus status);
std::string_view word(ContractType type);
/// Of a regular order; conditional ones have their own words.
std::string_view word(OrderStatus status);
/// "ISOLATED", "CROSSED" as in symbolConfig; v2 positionRisk says "isolated", "cross".
std::string_view word(MarginType type);
std::string_view word(sim::SelfTradePrevention mode);
std::string_view word(sim::PriceMatch match);

std::optional<Side> parse_side(std::string_view text);
std::optional<PositionSide> parse_position_side(std::string_view text);
std::optional<OrderType> parse_order_type(std::string_view text);
std::optional<TimeInForce> parse_time_in_force(std::string_view text);
std::optional<WorkingType> parse_working_type(std::string_view text);
std::optional<sim::SelfTradePrevention> parse_self_trade_prevention(std::string_view text);
std::optional<sim::PriceMatch> parse_price_match(std::string_view text);

/// "1m" .. "3d"; nothing for what this exchange does not serve.
std::optional<Millis> parse_interval(std::string_view text);

/// The number of decimals a step needs: 0.010 -> 2, 1 -> 0.
int places_of(Decimal step);
/// The exact value with at least `places` decimals: ("59.9", 2) -> "59.90".
std::string padded(Decimal value, int places);
template <class Tag>
std::string padded(Amount<Tag> value, int places) {
  return padded(value.value(), places);
}
/// Exactly eight decimals.
inline std::string eight(Decimal value) { return padded(value, 8); }
template <class Tag>
std::string eight(Amount<Tag> value) {
  return padded(value.value(), 8);
}
/// Statistics: rounded to `places` decimals.
std::string rounded(double value, int places);
/// The two figures of a 24 h ticker that are computed: change of the price in percent, and the
/// average price weighted by volume.
double change_percent(const sim::Ticker24h& ticker);
double average_price(const sim::Ticker24h& ticker);
/// As Java prints a double: 0.0007 -> "7.0E-4", 0 -> "0.0", 12000000 -> "1.2E7".
std::string as_java_double(Decimal value);

}  // namespace bb::paper
