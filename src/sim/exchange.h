// The exchange in memory: accounts, orders, matching, margin, funding, liquidation, over a Market.
// It speaks the domain's words; paper/ gives it Binance's face. Strict where the real one is
// strict: every filter, capacity rule and refusal that a client can meet has its code here.
//
// One loop, no threads, no clock of its own: time moves when advance() is called, and every call
// that acts says when it arrives. The same calls give the same journal, always.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exchange/types.h"
#include "sim/market.h"

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
};

struct FeeRates {
  Ratio maker;
  Ratio taker;
};

struct AccountOptions {
  std::string alias = "paper";
  Usdt balance;
  bool hedge = false;
  int default_leverage = 20;
  MarginType default_margin = MarginType::cross;
  FeeRates fees;  // zero members mean 0.02 % and 0.05 %
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

class Exchange {
 public:
  /// The market outlives the exchange.
  explicit Exchange(const Market& market);
  ~Exchange();

  int add_account(AccountOptions options);  // returns the account number
  int account_count() const;
  const std::string& alias(int account) const;

  /// Moves market and exchange to `now`: walks the market's path, triggers conditional orders at
  /// the first crossing, fills limits, settles funding, liquidates. Never moves back. Costs nothing
  /// for symbols without a position or a resting order.
  void advance(TimePoint now, Micros precise);
  TimePoint now() const;

  // Orders. They arrive at now(). The answer to place() is the order as it came out of matching,
  // without its average price (the exchange answers so); queries have it.
  Answer<OrderView> place(int account, const OrderRequest& order);
  Answer<OrderView> cancel(int account, const exchange::OrderRef& order);
  /// By id, or the newest with that client id; nothing where Binance says -2013. Conditional orders
  /// are found without a symbol, too.
  Answer<std::optional<OrderView>> find_order(int account, const exchange::OrderRef& order) const;
  std::optional<OrderDetail> detail(int account, const exchange::OrderRef& order) const;
  std::vector<OrderView> open_orders(int account, bool conditional) const;
  std::vector<OrderView> orders(int account, Symbol symbol, bool conditional) const;  // all, by id
  std::vector<exchange::Fill> fills(int account, Symbol symbol) const;                // by trade id
  std::vector<exchange::Income> income(int account) const;                            // by time

  // Account.
  Answer<void> set_leverage(int account, Symbol symbol, int leverage);
  Answer<void> set_margin_type(int account, Symbol symbol, MarginType margin);
  Answer<void> set_hedge(int account, bool hedge);
  Answer<void> transfer(int account, Usdt amount);  // a deposit or withdrawal: income TRANSFER
  bool hedge(int account) const;
  FeeRates fees(int account) const;
  exchange::SymbolSettings settings(int account, Symbol symbol) const;

  // For who plays the exchange.
  /// What the market says of the symbol from now on is no longer what it said before: a price was
  /// set or released. To be called before the next advance().
  void market_changed(Symbol symbol);
  /// An order that fills whole at `price`, whatever the book and the margin say: opens, adds to,
  /// reduces or turns a position. Refused as an order would be for a wrong side, size or price.
  struct ForcedFill {
    Symbol symbol;
    Side side = Side::buy;
    PositionSide position_side = PositionSide::both;
    Qty qty;
    Price price;
  };
  Answer<OrderView> force_fill(int account, const ForcedFill& fill);

  /// Figures of one position at the current mark. Rows with amount zero exist where an order rests.
  struct PositionRow {
    exchange::Position position;
    Usdt notional, initial_margin, maintenance_margin, open_order_margin;
    Price break_even;
    int leverage = 1;
    MarginType margin = MarginType::cross;
  };
  std::vector<PositionRow> positions(int account) const;

  struct Balance {
    Usdt wallet, cross_wallet, cross_unrealized_pnl, available, max_withdraw;
    Usdt position_margin, order_margin, maintenance_margin, unrealized_pnl;
  };
  Balance balance(int account) const;

  const std::vector<JournalEntry>& journal() const;
  /// Called for every entry as it is written; streams and audits hang on it. Observers may ask, not
  /// act. They stay for the life of the exchange.
  void on_journal(std::function<void(const JournalEntry&)> observer);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bb::sim
