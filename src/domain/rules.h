// The exchange's rules of one contract, and the pure arithmetic of obeying them.
// Source: exchangeInfo filters and leverageBracket, Binance USDⓈ-M reference as of 2026-10.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "domain/amounts.h"
#include "domain/order_types.h"
#include "domain/symbol.h"

namespace bb {

/// min, max and step of a quantity filter. A zero member switches that part off.
struct LotRule {
  Qty min;
  Qty max;
  Qty step;
};

struct SymbolRules {
  Symbol symbol;
  SymbolStatus status = SymbolStatus::unknown;
  ContractType contract = ContractType::unknown;
  std::string base_asset;
  std::string quote_asset;
  std::string margin_asset;
  bool is_coin = true;  // underlyingType COIN: not an index, a stock or a commodity
  std::string underlying_type = "COIN";
  std::vector<std::string> underlying_sub_types{};
  // How many decimals the exchange writes; below zero: as many as tick and step need.
  int price_precision = -1;
  int qty_precision = -1;
  TimePoint onboard_time{};
  TimePoint delivery_time{};  // far future for a perpetual that is not announced to be delisted
  Price tick;
  Price min_price;
  Price max_price;
  LotRule lot;         // LIMIT-like orders
  LotRule market_lot;  // MARKET-like orders
  Usdt min_notional;
  Ratio price_up;    // PERCENT_PRICE multiplierUp, 1.05
  Ratio price_down;  // PERCENT_PRICE multiplierDown, 0.95
  Ratio market_take_bound;
  Ratio liquidation_fee;
  int max_orders = 200;
};

/// Why a quantity cannot be sent, or the quantity that can.
struct SizedQty {
  Qty qty;
  std::string problem;  // empty = usable
};

/// The quantity to enter with for `notional` at `price`: floored to the MARKET step, capped at the
/// MARKET maximum, checked against both minimums and the minimum notional.
SizedQty size_market_entry(const SymbolRules& rules, Usdt notional, Price price);
/// `qty` split into pieces that MARKET_LOT_SIZE accepts; the sum is exactly `qty` floored to the
/// step. Closing is exempt from the minimum notional.
std::vector<Qty> split_market_close(const SymbolRules& rules, Qty qty);

struct LeverageBracket {
  int max_leverage = 1;
  Usdt floor;
  Usdt cap;
  Ratio maintenance_rate;
  Usdt maintenance_amount;  // "cum" on the wire
};

/// Ascending by floor, the first floor is 0.
using Brackets = std::vector<LeverageBracket>;

/// The bracket that holds `notional` (floor <= notional < cap; the last one above every cap).
const LeverageBracket& bracket_for(const Brackets& brackets, Usdt notional);
/// The largest notional allowed at that leverage; zero when the leverage is not allowed at all.
Usdt max_notional_at(const Brackets& brackets, int leverage);

}  // namespace bb
