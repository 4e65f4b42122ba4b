// What the exchange in memory is told, beside the words of the port, and what it reports: terms and
// details of orders, histories, its journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "exchange/types.h"

namespace bb::sim {

using exchange::OrderRequest;
using exchange::OrderView;

/// Why the exchange refused; code and text as Binance words them (reference §21).
struct Rejection {
  int code = 0;
  std::string text;
};
template <class T>
using Answer = std::expected<T, Rejection>;

/// Which of two orders of one account gives way before they would trade with each other.
enum class SelfTradePrevention { none, expire_taker, expire_maker, expire_both };

/// Where in the book a priced order wants to stand, instead of naming a price.
enum class PriceMatch {
  none,
  opponent,
  opponent_5,
  opponent_10,
  opponent_20,
  queue,
  queue_5,
  queue_10,
  queue_20,
};

/// What a client may say of an order beside OrderRequest; the defaults are the exchange's.
struct OrderTerms {
  SelfTradePrevention self_trade = SelfTradePrevention::expire_maker;
  PriceMatch price_match = PriceMatch::none;
  bool price_protect = false;  // conditional
  TimePoint good_till{};       // GTD
  Price activate_price;        // trailing stops; zero = from the start
  Ratio callback_rate;         // trailing stops: 0.01 = 1 %

  friend bool operator==(const OrderTerms&, const OrderTerms&) = default;
};

/// What an order has beside OrderView, for the exchange's faces.
struct OrderDetail {
  OrderTerms terms;
  TimeInForce time_in_force = TimeInForce::gtc;
  WorkingType working_type = WorkingType::contract_price;
  Usdt executed_quote;         // sum of price x quantity over the fills
  int expiry_reason = 0;       // `er` of reference §14.2
  std::string reject_reason;   // conditional: why the trigger came to nothing (`rm`)
  TimePoint trigger_time{};    // conditional
  std::int64_t parent_id = 0;  // the conditional order this one is the child of
  bool activated = false;      // trailing stops: the activate price was reached (`ia`)
  std::int64_t modify_id = 0;  // of its newest amendment that brought one (`M`)
};

/// A change of a resting limit order (reference §11.3): `qty` is its new total.
struct Amendment {
  Side side = Side::buy;  // the order's own
  Qty qty{};
  Price price{};
  PriceMatch price_match = PriceMatch::none;
  bool reduce_only = false;  // says that the order is: the minimum notional does not bind it
  std::int64_t modify_id = 0;
};

/// One line of an order's history of amendments.
struct AmendmentRecord {
  std::int64_t amendment_id = 0;
  Symbol symbol;
  std::int64_t order_id = 0;
  ClientOrderId client_order_id;
  TimePoint time{};
  Price price_before, price_after;
  Qty qty_before, qty_after;
  int count = 0;  // which amendment of this order it was, from 1
  std::int64_t modify_id = 0;
};

/// One line of an isolated position's history of margin added (positive) or taken away.
struct MarginChange {
  Symbol symbol;
  PositionSide side = PositionSide::both;
  Usdt amount;
  TimePoint time{};
};

/// A position that the exchange closed of itself, by one order.
struct ForcedOrder {
  enum class Cause { liquidation, adl };
  Symbol symbol;
  std::int64_t order_id = 0;
  Cause cause = Cause::liquidation;
  TimePoint time{};
};

/// What becomes of a conditional order with quantity and reduce-only where there is no position.
/// Nobody has measured the real exchange.
enum class StopWithoutPosition {
  refused,   // -2022
  accepted,  // it rests; at its trigger it is rejected if there is still no position
  expired,   // it is accepted, and expires within a second if there is still no position
};

struct ExchangeOptions {
  StopWithoutPosition stop_without_position = StopWithoutPosition::refused;
  /// So many closed orders of an account are remembered at most, the newest over all its symbols;
  /// with what was forgotten go the fills, amendments and income rows from before it.
  std::size_t remembered_orders = 200'000;
};

struct FeeRates {
  Ratio maker;
  Ratio taker;
  Ratio rpi{};  // of an RPI order, as a maker
};

struct AccountOptions {
  std::string alias = "paper";
  Usdt balance;
  bool hedge = false;
  int default_leverage = 20;
  MarginType default_margin = MarginType::cross;
  FeeRates fees;  // zero members mean 0.02 %, 0.05 % and 0.01 %
};

/// One line of the exchange's own journal: what happened to an account, in order. Audits and the
/// demo's figures come from here alone.
struct JournalEntry {
  enum class Kind {
    order_accepted,    // regular or conditional; `order` as accepted
    order_updated,     // status changed; `order` as it is now
    fill,              // `fill`, `order` after it, and the position after it in `position_qty`;
                       // an order_updated with the status it led to follows
    income,            // `income`: funding, commission, realized PnL, transfer, liquidation fee
    position_opened,   // quantity left zero
    position_closed,   // quantity came back to zero
    protected_from,    // a live stop covers the whole position from now on
    unprotected_from,  // no live stop covers it from now on; also when it opens without one
    liquidated,        // `position_qty` as it was before
    order_amended,     // `order` as it is after the change
    leverage_changed,  // of the symbol; settings() has the new value
    margin_type_changed,
    isolated_margin_changed,  // added or taken away by its owner
    margin_call,              // the margin ratio of the position passed 80 %
  };
  Kind kind;
  TimePoint time{};
  Micros precise{};  // steady time of the loop, for latencies below a millisecond
  int account = 0;
  Symbol symbol;
  PositionSide side = PositionSide::both;
  std::optional<OrderView> order;
  std::optional<OrderDetail> detail;  // wherever `order` is
  std::optional<exchange::Fill> fill;
  /// `info` is the trade id of COMMISSION and REALIZED_PNL, the type of all others.
  std::optional<exchange::Income> income;
  Qty position_qty;
};

}  // namespace bb::sim
