// Book: what the desk knows of contracts and of the account's settings for them: rules, brackets,
// margin type and leverage, taker fee. Refreshed before it matters, asked without waiting.
#pragma once

#include <map>
#include <optional>

#include "exchange/market_data.h"
#include "exchange/trading_account.h"

namespace bb::desk {

class Book {
 public:
  Book(exchange::TradingAccount& account, exchange::MarketData& market)
      : account_(account), market_(market) {}

  /// Rules, brackets and symbol settings, anew, in parallel.
  Task<Status> refresh();
  /// The rules alone: one round trip, for whoever is in a hurry.
  Task<Status> refresh_rules();
  /// Rules that somebody has read just now.
  void adopt(exchange::MarketRules rules);
  /// refresh() unless the last one is younger than `age`.
  Task<Status> refresh_if_older(Micros age, Clock& clock);

  const exchange::MarketRules& rules() const { return rules_; }
  const SymbolRules* find_rules(Symbol symbol) const;
  const Brackets* find_brackets(Symbol symbol) const;
  Ratio taker_fee() const { return taker_fee_; }

  /// The leverage is what we know, or have just asked for.
  bool expects(const exchange::SymbolSettings& told) const;

  /// Makes the symbol isolated with that leverage; sends only what differs. A lost answer is
  /// settled by reading the settings.
  Task<Status> ensure_isolated(Symbol symbol, int leverage);

 private:
  Task<void> look_up(Symbol symbol);

  exchange::TradingAccount& account_;
  exchange::MarketData& market_;
  exchange::MarketRules rules_;
  std::map<Symbol, std::size_t> rule_index_;
  std::map<Symbol, Brackets> brackets_;
  std::map<Symbol, exchange::SymbolSettings> settings_;
  std::map<Symbol, int> asked_leverage_;
  Ratio taker_fee_{Decimal::from_raw(50'000)};  // 0.05 %, until the account says otherwise
  std::optional<SteadyTime> refreshed_;
};

}  // namespace bb::desk
