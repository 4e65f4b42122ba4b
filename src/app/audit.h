// Audit: the store against the exchange, order by order, fill by fill, position by position. One
// pure comparison; its two sides come from the exchange's journal (demo) or over REST (command).
// The command locks nothing: it runs beside the process that trades the account.
#pragma once

#include <string>
#include <vector>

#include "exchange/trading_account.h"
#include "store/equity.h"
#include "store/store.h"

namespace bb::app {

class AccountView;

/// What the exchange says.
struct ExchangeView {
  std::vector<exchange::OrderView> orders;
  std::vector<exchange::Fill> fills;
  std::vector<exchange::Position> positions;
};

/// What the store says.
struct StoreView {
  std::vector<store::Intent> intents;
  std::vector<store::FillRecord> fills;
  std::vector<store::Holding> open_holdings;
  std::vector<store::WalletPoint> wallets;
  std::vector<store::IncomeRecord> income;
};

struct AuditRules {
  TimePoint now{};
  /// Orders, fills and positions that this program did not cause may exist beside its own.
  bool allow_foreign = true;
  /// The exchange forgets orders that ended without a fill after three days, and all after 90.
  bool exchange_forgets = true;
};

struct AuditReport {
  int orders = 0;  // compared
  int fills = 0;
  int positions = 0;
  int foreign = 0;  // seen at the exchange, not ours
  std::vector<std::string> differences;
  bool ok() const { return differences.empty(); }
};

AuditReport compare(const ExchangeView& exchange, const StoreView& store, const AuditRules& rules);

Result<StoreView> load_store_view(const store::Store& store);

/// Reads orders and fills of every symbol that the store names, as far back as the exchange
/// remembers them.
Task<Result<ExchangeView>> fetch_exchange_view(exchange::TradingAccount& account,
                                               const StoreView& store, TimePoint now);

/// The later of two reports, with the differences that the earlier one had as well.
AuditReport confirm(const AuditReport& earlier, AuditReport later);

/// Looks once, and at differences a second time 2 s later: what the holder is just doing is seen on
/// one side first.
Task<Result<AuditReport>> audit_account(AccountView& view);

}  // namespace bb::app
