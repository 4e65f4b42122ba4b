// TradingAccount: one account at the exchange. Queries return a Result and may be retried by the
// adapter. Commands return an Outcome, are sent at most once, and own their time-out.
//
// Lifetime: outlives every coroutine it started; one per account, used from one loop.
#pragma once

#include <span>

#include "base/async.h"
#include "base/clock.h"
#include "exchange/account_event.h"
#include "exchange/outcome.h"
#include "exchange/types.h"

namespace bb::exchange {

class TradingAccount {
 public:
  virtual ~TradingAccount() = default;

  // Queries. A complete answer or an error; never a shorter list.
  virtual Task<Result<AccountIdentity>> fetch_identity() = 0;
  virtual Task<Result<AccountModes>> fetch_modes() = 0;
  virtual Task<Result<std::vector<SymbolBrackets>>> fetch_brackets() = 0;
  virtual Task<Result<std::vector<SymbolSettings>>> fetch_symbol_settings() = 0;
  /// Taker fee of `symbol`.
  virtual Task<Result<Ratio>> fetch_taker_fee(Symbol symbol) = 0;
  virtual Task<Result<std::vector<AssetBalance>>> fetch_balances() = 0;
  /// All open positions of the account; rows of amount zero are left out.
  virtual Task<Result<std::vector<Position>>> fetch_positions() = 0;
  /// All resting orders of the account, regular and conditional.
  virtual Task<Result<std::vector<OrderView>>> fetch_open_orders() = 0;
  /// Regular ones only: what may fill, or stand in the way of a close.
  virtual Task<Result<std::vector<OrderView>>> fetch_open_regular_orders() = 0;
  /// Conditional ones only: what a patrol needs to see protection.
  virtual Task<Result<std::vector<OrderView>>> fetch_open_conditional_orders() = 0;
  /// The order, or nothing when the exchange says it does not know it — which is not evidence that
  /// it never existed (reliability §3.4).
  virtual Task<Result<std::optional<OrderView>>> find_order(OrderRef order) = 0;
  /// Fills of `symbol` at or after `since`, ascending by time, all pages.
  virtual Task<Result<std::vector<Fill>>> fetch_fills(Symbol symbol, TimePoint since) = 0;
  /// Orders of `symbol` created at or after `since`, regular and conditional, all pages.
  virtual Task<Result<std::vector<OrderView>>> fetch_orders(Symbol symbol, TimePoint since) = 0;
  /// Money movements at or after `since`, ascending, all pages; all types.
  virtual Task<Result<std::vector<Income>>> fetch_income(TimePoint since) = 0;

  /// The next event of the account's stream; nothing once `stop` is requested. The first one, and
  /// the first after every loss of the stream, is a Gap. Reconnecting, keeping the key alive and
  /// watching for silence happen inside this call and between calls nothing runs, so somebody has
  /// to keep asking. One reader at a time.
  virtual Task<std::optional<AccountEvent>> next_event(Stop& stop) = 0;

  // Commands.
  virtual Task<Outcome<OrderView>> place(OrderRequest order) = 0;
  virtual Task<Outcome<Canceled>> cancel(OrderRef order) = 0;
  virtual Task<Outcome<Applied>> set_margin_type(Symbol symbol, MarginType margin) = 0;
  virtual Task<Outcome<Applied>> set_leverage(Symbol symbol, int leverage) = 0;
};

}  // namespace bb::exchange
