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
  virtual ~Market() = default;

  virtual TimePoint begin() const = 0;  // first walked instant
  virtual TimePoint end() const = 0;    // nothing is known at or after it
  /// Rules of every contract ever listed; status as of `now` (listed, delisted, settling).
  virtual std::vector<SymbolRules> rules(TimePoint now) const = 0;
  virtual std::optional<SymbolRules> find_rules(Symbol symbol, TimePoint now) const = 0;
  virtual const Brackets* find_brackets(Symbol symbol) const = 0;

  /// The newest path point at or before `now`; nothing before listing.
  virtual std::optional<PathPoint> last(Symbol symbol, TimePoint now) const = 0;
  /// The mark price: a stated function of the path, or the recorded mark.
  virtual std::optional<Price> mark(Symbol symbol, TimePoint now) const = 0;
  /// The first path point in (after, until] whose price is >= `level` (or <= for `falling`).
  virtual std::optional<PathPoint> first_crossing(Symbol symbol, TimePoint after, TimePoint until,
                                                  Price level, bool falling) const = 0;
  /// The same on the mark price.
  virtual std::optional<PathPoint> first_mark_crossing(Symbol symbol, TimePoint after,
                                                       TimePoint until, Price level,
                                                       bool falling) const = 0;
  virtual Liquidity liquidity(Symbol symbol, TimePoint now) const = 0;
  virtual std::optional<Ticker24h> ticker(Symbol symbol, TimePoint now) const = 0;
  /// Bars of `interval` that begin in [from, to], at most `limit`, only what has been walked by
  /// `now`; the last one may still be growing.
  virtual std::vector<exchange::Kline> klines(Symbol symbol, Millis interval, TimePoint from,
                                              TimePoint to, std::size_t limit,
                                              TimePoint now) const = 0;

  /// Funding settlements in (after, until]: time and rate.
  struct Funding {
    TimePoint time{};
    Ratio rate;
  };
  virtual std::vector<Funding> funding(Symbol symbol, TimePoint after, TimePoint until) const = 0;
  /// The settlement that comes next after `now` and the rate expected for it.
  virtual Funding next_funding(Symbol symbol, TimePoint now) const = 0;
  /// The next instant after `now` at which any of `symbols` has a new path point.
  virtual std::optional<TimePoint> next_point(const std::vector<Symbol>& symbols,
                                              TimePoint now) const = 0;
};

}  // namespace bb::sim
