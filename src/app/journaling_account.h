// JournalingAccount: the account as one may use it who does not hold it. Whatever could add risk is
// refused here, before a byte of it leaves; whatever reduces is in the bypass journal, on the
// device, before its bytes leave, and again with what became of it.
#pragma once

#include "base/log.h"
#include "exchange/market_data.h"
#include "exchange/trading_account.h"
#include "store/bypass_journal.h"

namespace bb::app {

class JournalingAccount final : public exchange::TradingAccount {
 public:
  /// Everything outlives the object.
  JournalingAccount(exchange::TradingAccount& account, exchange::MarketData& market,
                    const ClientOrderIds& ids, store::BypassJournal journal, const Log& log)
      : account_(account), market_(market), ids_(ids), journal_(std::move(journal)), log_(log) {}

  Task<Result<exchange::AccountIdentity>> fetch_identity() override;
  Task<Result<exchange::AccountModes>> fetch_modes() override;
  Task<Result<std::vector<exchange::SymbolBrackets>>> fetch_brackets() override;
  Task<Result<std::vector<exchange::SymbolSettings>>> fetch_symbol_settings() override;
  Task<Result<Ratio>> fetch_taker_fee(Symbol symbol) override;
  Task<Result<std::vector<exchange::AssetBalance>>> fetch_balances() override;
  Task<Result<std::vector<exchange::Position>>> fetch_positions() override;
  Task<Result<std::vector<exchange::OrderView>>> fetch_open_orders() override;
  Task<Result<std::vector<exchange::OrderView>>> fetch_open_regular_orders() override;
  Task<Result<std::vector<exchange::OrderView>>> fetch_open_conditional_orders() override;
  Task<Result<std::optional<exchange::OrderView>>> find_order(exchange::OrderRef order) override;
  Task<Result<std::vector<exchange::Fill>>> fetch_fills(Symbol symbol, TimePoint since) override;
  Task<Result<std::vector<exchange::OrderView>>> fetch_orders(Symbol symbol,
                                                              TimePoint since) override;
  Task<Result<std::vector<exchange::Income>>> fetch_income(TimePoint since) override;
  Task<std::optional<exchange::AccountEvent>> next_event(Stop& stop) override;
  Task<exchange::Outcome<exchange::OrderView>> place(exchange::OrderRequest order) override;
  Task<exchange::Outcome<exchange::Canceled>> cancel(exchange::OrderRef order) override;
  Task<exchange::Outcome<exchange::Applied>> set_margin_type(Symbol symbol,
                                                             MarginType margin) override;
  Task<exchange::Outcome<exchange::Applied>> set_leverage(Symbol symbol, int leverage) override;

 private:
  store::Intent intent_of(const exchange::OrderRequest& order) const;
  void write(const store::Intent& intent) const;

  exchange::TradingAccount& account_;
  exchange::MarketData& market_;
  const ClientOrderIds& ids_;
  store::BypassJournal journal_;
  const Log& log_;
};

}  // namespace bb::app
