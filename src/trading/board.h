// The gainers' board: change since 00:00 UTC, by the rules of the original plus what its faults
// call for. build_board() is pure; Opens fetches what it needs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "exchange/market_data.h"
#include "trading/settings.h"

namespace bb::trading {

struct Gainer {
  Symbol symbol;
  Price open;  // at 00:00 UTC
  Price last;
  Ratio change;  // last / open - 1
  double quote_volume = 0;
};

struct Board {
  TimePoint midnight{};
  std::vector<Gainer> gainers;  // by change, highest first; ties in the exchange's order
  int universe = 0;             // tradable contracts that were considered
  int without_open = 0;         // no bar at midnight (listed later today)
  /// Not ranked: their price stands more than five times away from the day's open. A coin does not
  /// do that; a redenomination or a broken price does (reliability F60).
  std::vector<Symbol> rescaled;
};

/// Opens at 00:00 UTC of one day.
using Opens = std::map<Symbol, Price>;

/// May this contract be shorted at all: TRADING, a perpetual on a coin, quoted and margined in
/// USDT, listed for at least the configured age, and not about to be delisted within 48 h.
bool is_eligible(const SymbolRules& rules, TimePoint now, const Settings& settings);

/// Ranks. Fails when fewer than 95 % of the eligible contracts have a ticker fresher than ten
/// minutes and a known open: other coins would be shorted in place of the missing ones.
Result<Board> build_board(const exchange::MarketRules& rules,
                          const exchange::AsOf<std::vector<exchange::Ticker>>& tickers,
                          const Opens& opens, TimePoint midnight, const Settings& settings);

/// Fetches the opens of `symbols` that `known` lacks: one kline each, at most ranker_max_workers at
/// a time and within the configured request weight. Symbols whose bar at midnight does not exist
/// stay absent; a failed request is an error.
Task<Status> fetch_opens(exchange::MarketData& market, Clock& clock,
                         const std::vector<Symbol>& symbols, TimePoint midnight,
                         const Settings& settings, Opens& known);

}  // namespace bb::trading
