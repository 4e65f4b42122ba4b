// The exchange in memory: accounts, orders, matching, margin, funding, liquidation, over a Market.
// It speaks the domain's words; paper/ gives it Binance's face. Strict where the real one is
// strict: every filter, capacity rule and refusal that a client can meet has its code here.
//
// One loop, no threads, no clock of its own: time moves when advance() is called, and every call
// that acts says when it arrives. The same calls give the same journal, always.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/exchange_types.h"
#include "sim/market.h"

namespace bb::sim {

class Exchange {
 public:
  /// The market outlives the exchange.
  explicit Exchange(const Market& market, ExchangeOptions options = {});
  ~Exchange();

  int add_account(AccountOptions options);  // returns the account number
  int account_count() const;
  const std::string& alias(int account) const;

  /// Moves market and exchange to `now`: walks the market's path, triggers conditional orders at
  /// the first crossing, fills limits, settles funding, liquidates. Never moves back. Costs nothing
  /// for symbols without a position or a resting order.
  void advance(TimePoint now, Micros precise);
  TimePoint now() const;
  /// Nothing happens to any account before this instant, unless somebody acts: advance() need not
  /// be called sooner. In the past where that is not known.
  TimePoint quiet_until() const;

  // Orders. They arrive at now(). The answer to place() is the order as it came out of matching,
  // without its average price (the exchange answers so); queries have it.
  Answer<OrderView> place(int account, const OrderRequest& order, const OrderTerms& terms = {});
  /// What place() would refuse; nothing is placed.
  Answer<void> check(int account, const OrderRequest& order, const OrderTerms& terms = {}) const;
  Answer<OrderView> amend(int account, const exchange::OrderRef& order, const Amendment& change);
  Answer<OrderView> cancel(int account, const exchange::OrderRef& order);
  /// Cancels the symbol's regular orders `after` from now unless called again; zero calls it off.
  Answer<void> set_countdown(int account, Symbol symbol, Millis after);

  /// By id, or the newest with that client id; nothing where Binance says -2013. Conditional orders
  /// are found without a symbol, too. Orders are forgotten as the exchange forgets: 3 days after
  /// they were made when nothing of them was filled, all of them after 90 days; sooner where there
  /// are more than ExchangeOptions::remembered_orders.
  Answer<std::optional<OrderView>> find_order(int account, const exchange::OrderRef& order) const;
  std::optional<OrderDetail> detail(int account, const exchange::OrderRef& order) const;
  std::vector<OrderView> open_orders(int account, bool conditional) const;
  std::vector<OrderView> orders(int account, Symbol symbol, bool conditional) const;  // all, by id
  /// Shows open and remembered orders by id, from `from_id` on, until `visit` says false; without
  /// a copy.
  using OrderVisitor = std::function<bool(const OrderView&, const OrderDetail&)>;
  void visit_orders(int account, Symbol symbol, bool conditional, std::int64_t from_id,
                    const OrderVisitor& visit) const;
  void visit_open_orders(int account, bool conditional, const OrderVisitor& visit) const;
  void visit_open_orders(int account, Symbol symbol, bool conditional,
                         const OrderVisitor& visit) const;
  std::vector<exchange::Fill> fills(int account, Symbol symbol) const;  // by trade id, 90 days
  /// The same from `from_trade_id` on, until `visit` says false; without a copy.
  void visit_fills(int account, Symbol symbol, std::int64_t from_trade_id,
                   const std::function<bool(const exchange::Fill&)>& visit) const;
  std::vector<exchange::Income> income(int account) const;                    // by time, 90 days
  std::vector<AmendmentRecord> amendments(int account, Symbol symbol) const;  // by time, 90 days
  std::vector<ForcedOrder> forced_orders(int account) const;                  // by time, 90 days

  // Account.
  Answer<void> set_leverage(int account, Symbol symbol, int leverage);
  Answer<void> set_margin_type(int account, Symbol symbol, MarginType margin);
  Answer<void> set_hedge(int account, bool hedge);
  Answer<void> transfer(int account, Usdt amount);  // a deposit or withdrawal: income TRANSFER
  /// Moves margin from the cross wallet into an isolated position (positive), or back.
  Answer<void> change_isolated_margin(int account, Symbol symbol, PositionSide side, Usdt amount);
  std::vector<MarginChange> margin_changes(int account, Symbol symbol) const;  // by time, 90 days
  bool hedge(int account) const;
  FeeRates fees(int account) const;
  exchange::SymbolSettings settings(int account, Symbol symbol) const;

  // For who plays the exchange.
  /// What the market says of the symbol from now on is no longer what it said before: it grew by
  /// new bars, or a price was set. To be called before the next advance().
  void reprice(Symbol symbol);
  /// A live market grew: it says of these symbols what it said before up to `from`, which is later
  /// than now(), and something new from there on. To be called before the next advance().
  void grow(std::span<const Symbol> symbols, TimePoint from);
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
    int adl_quantile = 0;  // 0 (last to be deleveraged) .. 4; reference §11.2
    int leverage = 1;
    MarginType margin = MarginType::cross;
  };
  std::vector<PositionRow> positions(int account) const;
  std::vector<PositionRow> positions(int account, Symbol symbol) const;

  struct Balance {
    Usdt wallet, cross_wallet, cross_unrealized_pnl, available, max_withdraw;
    Usdt position_margin, order_margin, maintenance_margin, unrealized_pnl;
  };
  Balance balance(int account) const;

  /// Auto-deleveraging, for who plays the exchange: closes the leg whole at the mark price by an
  /// order `adl_autoclose`, as when the insurance fund does not take over what was bankrupt on the
  /// other side. -4054 without a position.
  Answer<OrderView> force_adl(int account, Symbol symbol, PositionSide side);
  /// The next `count` conditional orders that trigger stay `triggering` for ever, without a child,
  /// as seen on the real exchange (reference §12); with what was called for before.
  void hold_triggers(int count);
  void set_stop_without_position(StopWithoutPosition what);
  /// What liquidations brought the insurance fund, less what it paid for them.
  Usdt insurance_fund() const;

  /// All entries, or the newest where keep_journal() limits them.
  const std::vector<JournalEntry>& journal() const;
  /// The number of journal()[0], counted from 0 since the beginning.
  std::size_t journal_begin() const;
  /// Keeps at least the `newest` entries from now on, and at most twice as many; 0 = all.
  void keep_journal(std::size_t newest);
  /// Called for every entry as it is written; streams and audits hang on it. Observers may ask, not
  /// act. They stay for the life of the exchange.
  void on_journal(std::function<void(const JournalEntry&)> observer);

 private:
  struct State;
  template <class Row>
  std::vector<Row> remembered(const std::deque<Row>& rows) const;
  std::unique_ptr<State> state_;
};

}  // namespace bb::sim
