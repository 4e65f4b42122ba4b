// Market: prices of a whole universe, walked along one path that was chosen before any order is
// known. Recorded klines or a seeded random walk feed it; it never looks at orders.
//
// Each bar [t, t+step) is walked through four points at t, t+step/4, t+step/2, t+3step/4:
// open, extreme, other extreme, close; `high_first` takes the high before the low (worst for
// shorts), `low_first` the low first, `seeded` draws per (symbol, bar). Tickers, klines and 24 h
// figures show only what has been walked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/rules.h"
#include "exchange/types.h"

namespace bb::sim {

enum class PathOrder { high_first, low_first, seeded };

/// One price point of a symbol's path.
struct PathPoint {
  TimePoint time{};
  Price price;
};

/// Liquidity near a moment, from the bar's volume: what a synthetic book is made of.
struct Liquidity {
  double base_per_minute = 0;
  double range = 0;  // (high - low) / close of the bar
};

struct Ticker24h {
  Price last, open, high, low;
  double volume = 0, quote_volume = 0;
  TimePoint open_time{}, close_time{};  // close_time: the last walked point of this symbol
  std::int64_t count = 0;
};

class Market {
 public:
  struct Data;  // the columns; read-only, shared
  explicit Market(std::shared_ptr<const Data> data);
  ~Market();

  TimePoint begin() const;  // first walked instant
  TimePoint end() const;    // nothing is known at or after it
  /// Rules of every contract ever listed; status as of `now` (listed, delisted, settling).
  std::vector<SymbolRules> rules(TimePoint now) const;
  std::optional<SymbolRules> find_rules(Symbol symbol, TimePoint now) const;
  const Brackets* find_brackets(Symbol symbol) const;

  /// The newest path point at or before `now`; nothing before listing.
  std::optional<PathPoint> last(Symbol symbol, TimePoint now) const;
  /// The mark price: a stated function of the path, or the recorded mark.
  std::optional<Price> mark(Symbol symbol, TimePoint now) const;
  /// The first path point in (after, until] whose price is >= `level` (or <= for `falling`).
  std::optional<PathPoint> first_crossing(Symbol symbol, TimePoint after, TimePoint until,
                                                  Price level, bool falling) const;
  /// The same on the mark price.
  std::optional<PathPoint> first_mark_crossing(Symbol symbol, TimePoint after,
                                                       TimePoint until, Price level,
                                                       bool falling) const;
  Liquidity liquidity(Symbol symbol, TimePoint now) const;
  std::optional<Ticker24h> ticker(Symbol symbol, TimePoint now) const;
  /// Bars of `interval` that begin in [from, to], at most `limit`, only what has been walked by
  /// `now`; the last one may still be growing.
  std::vector<exchange::Kline> klines(Symbol symbol, Millis interval, TimePoint from,
                                              TimePoint to, std::size_t limit,
                                              TimePoint now) const;

  /// Funding settlements in (after, until]: time and rate.
  struct Funding {
    TimePoint time{};
    Ratio rate;
  };
  std::vector<Funding> funding(Symbol symbol, TimePoint after, TimePoint until) const;
  /// The settlement that comes next after `now` and the rate expected for it.
  Funding next_funding(Symbol symbol, TimePoint now) const;
  /// The next instant after `now` at which any of `symbols` has a new path point.
  std::optional<TimePoint> next_point(const std::vector<Symbol>& symbols,
                                              TimePoint now) const;

 private:
  std::shared_ptr<const Data> data_;
};

struct MarketOptions {
  PathOrder path = PathOrder::high_first;
  std::uint64_t seed = 1;      // for `seeded` paths and random markets
  TimePoint begin{};           // epoch = all that is recorded
  TimePoint end{};
  std::chrono::days shift{0};  // moves every recorded instant: market time = wall time for servers
};

/// Reads the repository's recorded days (a folder with bars, exchangeInfo, leverageBracket, funding
/// and marks; data/README.md says which). A missing or damaged file is a `configuration` error.
Result<Market> load_market(const std::string& folder, const MarketOptions& options);

/// A seeded universe with pumps, gaps, listings and delistings, in the same columns.
struct RandomMarketOptions {
  MarketOptions market;
  int symbols = 60;
  int days = 3;
  Millis step{60'000};
  double pumps_per_day = 6;
  double gaps_per_day = 2;
  double delistings_per_day = 0.5;
};
Market make_random_market(const RandomMarketOptions& options);

}  // namespace bb::sim
