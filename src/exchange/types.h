// What the exchange is told and what it reports, in the words of the domain.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "domain/client_order_id.h"
#include "domain/rules.h"

namespace bb::exchange {

// ---- public market data -------------------------------------------------------------------

struct MarketRules {
  std::vector<SymbolRules> symbols;  // in the exchange's order
  TimePoint as_of{};
};

/// The rolling 24 h statistics of one symbol.
struct Ticker {
  Symbol symbol;
  Price last;
  double quote_volume = 0;  // USDT over 24 h; may exceed Decimal's range
  TimePoint close_time{};   // time of the last trade: how fresh `last` is
};

struct MarkPrice {
  Symbol symbol;
  Price mark;
  TimePoint time{};
};

struct Kline {
  TimePoint open_time{};
  Price open, high, low, close;
  double volume = 0;        // base asset
  double quote_volume = 0;  // USDT
};

template <class T>
struct AsOf {
  T value;
  TimePoint as_of{};  // exchange time
};

// ---- account ------------------------------------------------------------------------------

struct AccountIdentity {
  std::string alias;        // the exchange's own name of the account
  std::string environment;  // "live", "testnet", "paper"
};

struct AccountModes {
  bool hedge = false;
  bool multi_assets = false;
  bool can_trade = true;
};

struct SymbolBrackets {
  Symbol symbol;
  Brackets brackets;
};

struct SymbolSettings {
  Symbol symbol;
  MarginType margin = MarginType::cross;
  int leverage = 20;
};

/// What the exchange reports as open; qty is signed and never zero.
struct Position {
  Symbol symbol;
  PositionSide side = PositionSide::both;
  Qty qty;
  Price entry;
  Price mark;
  std::optional<Price> liquidation;
  Usdt unrealized_pnl;
  Usdt isolated_wallet;
  TimePoint update_time{};
};

struct AssetBalance {
  std::string asset;
  Usdt wallet;     // in units of the asset
  Usdt available;  // for new margin
  Usdt cross_unrealized_pnl;
};

// ---- orders -------------------------------------------------------------------------------

/// One order to send. Regular and conditional orders are one type here; where they live at the
/// exchange is the adapter's business.
struct OrderRequest {
  Symbol symbol;
  Side side = Side::sell;
  PositionSide position_side = PositionSide::both;
  OrderType type = OrderType::market;
  Qty qty;              // zero with close_position
  Price price;          // limit, stop, take_profit
  Price trigger_price;  // conditional
  TimeInForce time_in_force = TimeInForce::gtc;
  WorkingType working_type = WorkingType::contract_price;
  bool reduce_only = false;
  bool close_position = false;
  ClientOrderId client_order_id;

  /// It can only make a position smaller.
  bool reduces_only() const {
    return reduce_only || close_position ||
           (position_side == PositionSide::short_ && side == Side::buy) ||
           (position_side == PositionSide::long_ && side == Side::sell);
  }
};

struct OrderRef {
  Symbol symbol;
  ClientOrderId client_order_id;
  std::int64_t order_id = 0;  // order id or algo id, 0 = not known
  bool conditional = false;
};

/// An order as the exchange reports it.
struct OrderView {
  Symbol symbol;
  ClientOrderId client_order_id;
  std::int64_t order_id = 0;
  bool conditional = false;
  Side side = Side::buy;
  PositionSide position_side = PositionSide::both;
  OrderType type = OrderType::market;
  OrderStatus status = OrderStatus::unknown;
  Qty qty;
  Qty executed_qty;
  Price price;
  Price average_price;  // zero where the answer has none (place answers since 2026-06-30)
  Price trigger_price;
  bool reduce_only = false;
  bool close_position = false;
  std::int64_t child_order_id = 0;  // conditional: the regular order it became, 0 before
  TimePoint create_time{};
  TimePoint update_time{};

  OrderRef ref() const { return {symbol, client_order_id, order_id, conditional}; }
};

struct Fill {
  Symbol symbol;
  std::int64_t trade_id = 0;  // unique per symbol
  std::int64_t order_id = 0;
  Side side = Side::buy;
  PositionSide position_side = PositionSide::both;
  Qty qty;
  Price price;
  Usdt realized_pnl;  // before commission
  Usdt commission;    // positive = paid, in units of commission_asset
  std::string commission_asset;
  bool maker = false;
  TimePoint time{};
};

/// One money movement; (type, transaction_id) is unique.
struct Income {
  std::string type;  // the exchange's word: TRANSFER, FUNDING_FEE, COMMISSION, REALIZED_PNL, ...
  std::int64_t transaction_id = 0;
  std::string asset;
  Usdt amount;  // signed, in units of the asset
  std::string symbol;
  std::string info;
  TimePoint time{};
};

struct Canceled {};
struct Applied {};

}  // namespace bb::exchange
