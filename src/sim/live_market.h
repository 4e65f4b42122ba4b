// LiveMarket: the writing side of a market that grows while it is used. Whoever follows a real
// exchange appends what he hears; readers see it through market().
//
// Contract. What is appended at an instant holds from that instant on, until something newer comes:
// between two points a price stands, and a gap is one jump. Instants only grow, by at least a
// millisecond, and nobody may have asked for the instant of a new point before it is appended: an
// exchange on this market is taken to the millisecond before it, then told (Exchange::grow), then
// moved on. So nothing that was ever answered changes, and nothing is known ahead but the coming
// funding settlement, with the rate that is expected for it, and an announced delisting.
//
// Memory. Points are kept for three minutes, bars of a minute for twelve hours, bars of a quarter
// of an hour for 50 hours, the newest settlements. The path before the points is its bars' closes.
//
// What the source does not say is made up: a minute's volume is the day's average, and the range
// that the synthetic levels are made of is that of the two minutes before.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "sim/market.h"

namespace bb::sim {

/// A contract as the source lists it.
struct LiveContract {
  SymbolRules rules;
  Brackets brackets;
  Millis funding_interval = Hours(8);
};

/// What is new of one contract; absent members stay as they are.
struct LiveUpdate {
  Symbol symbol;
  std::optional<Price> last{};
  std::optional<Price> mark{};
  std::optional<Quote> quote{};
  std::optional<Ticker24h> day{};
  std::optional<Market::Funding> funding{};  // the coming settlement
};

class LiveMarket {
 public:
  /// Nothing is known before `begin` but history.
  explicit LiveMarket(TimePoint begin);
  ~LiveMarket();
  LiveMarket(const LiveMarket&) = delete;
  LiveMarket& operator=(const LiveMarket&) = delete;

  /// A view that grows with it, and may outlive it.
  Market market() const;
  /// The newest instant at which anything was said.
  TimePoint newest() const;

  /// The source's whole list, in its order. A new contract is listed from its first price on; one
  /// that the source settles, has closed, or no longer lists is `settling` from `at` on and closed
  /// an hour later. Returns whose rules are other ones than before.
  std::vector<Symbol> list(const std::vector<LiveContract>& contracts, TimePoint at);
  /// Prices are rounded to the contract's tick (marks are taken as they are). What is said of
  /// unknown and ended contracts is left out. Returns those that have changed for an exchange:
  /// price, mark or coming settlement.
  std::vector<Symbol> append(std::span<const LiveUpdate> updates, TimePoint at);

  /// Bars of a quarter of an hour from before the contract's first point, by time; once.
  void add_history(Symbol symbol, const std::vector<exchange::Kline>& bars);
  /// Settlements from before the contract's first point, by time; once.
  void add_settlements(Symbol symbol, const std::vector<Market::Funding>& settled);
  /// Whether the contract is listed and may be traded at the newest instant.
  bool is_trading(Symbol symbol) const;

 private:
  std::shared_ptr<impl::LiveData> data_;
};

/// Brackets of a folder's leverageBracket.json[.zst]; those of a contract that is not in it are
/// made up (make_brackets). An empty folder has none.
Result<std::map<std::string, Brackets>> load_brackets(const std::string& folder);
Brackets make_brackets();

}  // namespace bb::sim
