// Market: prices of a whole universe, walked along one path that was chosen before any order is
// known. Recorded klines or a seeded random walk feed it; it never looks at orders.
//
// The path. Each bar [t, t+step) is walked through four points at t, t+step/4, t+step/2, t+3step/4:
// open, extreme, other extreme, close. Between two points the price is linear, rounded to the tick
// towards the earlier point; from t+3step/4 it stays at the close; the next bar's open is a jump.
// `high_first` takes the high before the low (worst for shorts), `low_first` the low first,
// `seeded` draws per (symbol, bar) from the seed, whatever the shift.
//
// The mark price. Where mark bars are recorded, they are walked through their own four points, in
// the same order of extremes as the path where both have the same bars, on a tick of their own: the
// finest power of ten that holds them. Elsewhere, and outside the recorded marks, it is the path.
//
// Holds. Somebody may hold a symbol's price from a moment on: path and mark then stand at that
// price until it is released, and jump back to where the recording is. What has been walked stays
// walked.
//
// Tickers, klines and 24 h figures show only what has been walked: of a growing bar the extremes
// met so far, and its volume in proportion to the time that has passed.
//
// A live market (live_market.h) has no path before it is walked: it grows at its newest instant,
// and between two points the price stands. What is said below of the future holds for it up to the
// newest point; after that everything is as far as it is known, and nothing is foreseen.
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

namespace impl {
class LiveData;
}

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

/// The best prices of a real book, and what stands there.
struct Quote {
  Price bid, ask;
  Qty bid_qty, ask_qty;
  friend bool operator==(const Quote&, const Quote&) = default;
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
  explicit Market(std::shared_ptr<const impl::LiveData> live);

  /// It grows while it is used, and cannot be held.
  bool is_live() const { return live_ != nullptr; }
  TimePoint begin() const;  // where a walk begins; bars before it are history
  TimePoint end() const;    // nothing is known at or after it
  /// Rules of every contract listed by `now`, in the exchange's order. A contract is `trading` from
  /// its first bar to its last, then `settling` for an hour, then `closed`. A delivery time before
  /// 2100 is announced 24 h ahead.
  std::vector<SymbolRules> rules(TimePoint now) const;
  std::optional<SymbolRules> find_rules(Symbol symbol, TimePoint now) const;
  const Brackets* find_brackets(Symbol symbol) const;

  /// The path at `now`; nothing before listing. After the last bar of the symbol: its last walked
  /// instant, so the time of a delisted contract grows old.
  std::optional<PathPoint> last(Symbol symbol, TimePoint now) const;
  /// The mark price: recorded, else the path's.
  std::optional<Price> mark(Symbol symbol, TimePoint now) const;
  /// The first instant in (after, until], to the millisecond, at which the path is >= `level` (<=
  /// for `falling`). Its price is the level (on the tick at or beyond it) where a linear piece
  /// reaches it, and the path's price where the path is already beyond: after a jump, or from the
  /// start.
  std::optional<PathPoint> first_crossing(Symbol symbol, TimePoint after, TimePoint until,
                                          Price level, bool falling) const;
  /// The same on the mark price.
  std::optional<PathPoint> first_mark_crossing(Symbol symbol, TimePoint after, TimePoint until,
                                               Price level, bool falling) const;
  /// Volume of the bar that holds `now`, and the wider range of it (as walked) and the bar before.
  Liquidity liquidity(Symbol symbol, TimePoint now) const;
  /// The real book's best prices, moved as little as needed to have the last price between them.
  /// Nothing where no book is known.
  std::optional<Quote> quote(Symbol symbol, TimePoint now) const;
  /// The 24 h that end at `now`, or at the symbol's last walked instant; shorter after listing.
  /// `count` is a stand-in: bars carry no number of trades.
  std::optional<Ticker24h> ticker(Symbol symbol, TimePoint now) const;
  /// Bars of `interval`, aligned to the epoch, that begin in [from, to], the first `limit` of them,
  /// only what has been walked by `now`; the last one may still be growing. Any interval will do:
  /// what is finer than the bars comes from the path.
  std::vector<exchange::Kline> klines(Symbol symbol, Millis interval, TimePoint from, TimePoint to,
                                      std::size_t limit, TimePoint now) const;
  /// The same of the mark price; without volumes.
  std::vector<exchange::Kline> mark_klines(Symbol symbol, Millis interval, TimePoint from,
                                           TimePoint to, std::size_t limit, TimePoint now) const;

  /// Funding settlements in (after, until]: time and rate. As recorded; where nothing is recorded
  /// 0.01 %, at the contract's own interval, or at 00, 08 and 16 UTC for one without a record.
  struct Funding {
    TimePoint time{};
    Ratio rate;
  };
  std::vector<Funding> funding(Symbol symbol, TimePoint after, TimePoint until) const;
  /// The settlement that comes next after `now` and the rate expected for it.
  Funding next_funding(Symbol symbol, TimePoint now) const;
  Millis funding_interval(Symbol symbol) const;
  /// The next instant after `now` at which the path passes one of its four points, or a hold of it
  /// begins or ends: between two such instants it goes one way only.
  std::optional<TimePoint> next_point(Symbol symbol, TimePoint now) const;
  /// The same of the mark price, with the points of its own bars.
  std::optional<TimePoint> next_mark_point(Symbol symbol, TimePoint now) const;

  /// Holds the price of a symbol from `from` on, in place of an earlier hold; copies of the market
  /// share it. Nothing before `from` may be asked for again as the future: an exchange on this
  /// market has to forget what it foresaw (Exchange::reprice). Fails for an unknown symbol, for
  /// a price that is not on its tick or outside its limits, and on a live market.
  Status hold(Symbol symbol, Price price, TimePoint from);
  void release(Symbol symbol, TimePoint at);
  std::optional<Price> held(Symbol symbol, TimePoint now) const;

 private:
  struct Holds;
  std::shared_ptr<const Data> data_;
  std::shared_ptr<Holds> holds_;
  std::shared_ptr<const impl::LiveData> live_;  // then there are no columns
};

struct MarketOptions {
  PathOrder path = PathOrder::high_first;
  std::uint64_t seed = 1;      // for `seeded` paths and random markets
  TimePoint begin{};           // as recorded, before the shift; epoch = all that is recorded
  TimePoint end{};             // bars before `begin` stay as history, bars from `end` on are gone
  std::chrono::days shift{0};  // moves every recorded instant: market time = wall time for servers
  /// Moves by whole days so that the walk begins on this day; epoch = `shift` counts.
  TimePoint begin_on{};
  std::chrono::days length{0};  // without `end`: so many days from the beginning; 0 = all
  Millis interval{0};           // bars to play where several are recorded; 0 = the finest
  /// Folder with exchangeInfo and leverageBracket for recordings that have none of their own.
  std::string rules_folder;
};

/// Reads recorded days from a folder, whichever of these it holds:
/// - the layout of the repository's own data (data/README.md): bars_<interval>.bin.zst;
/// - Binance's bulk files, zip or CSV, as a tree or flat (reference §22): klines, markPriceKlines,
///   fundingRate;
/// - CSV or CSV.zst of many symbols, with a header (symbol, open_time, open, high, low, close,
///   volume; symbol, funding_time, funding_rate), JSON lines of REST answers; mark prices where the
///   file's name says mark_price. One such file may be named instead of a folder.
/// A missing or damaged file is a `configuration` error with its name and line; nothing is loaded
/// by half. Listing dates before the recorded days do not shift. In the last two:
/// - only USDT perpetuals count; rules and brackets come from the folder, `rules_folder`, or are
///   made from the prices;
/// - missing bars of up to a day are flat at the close before, longer holes are an error;
/// - at most 2 days before the beginning are kept as history;
/// - a contract whose bars end in the last 24 h of the record is not taken for delisted: the market
///   ends with the first of them.
Result<Market> load_market(const std::string& folder, const MarketOptions& options);

/// A seeded universe with pumps, gaps, listings and delistings, in the same columns. It begins at
/// `market.begin` (epoch = 2025-10-06) and lasts `days`; `market.end` is not used.
struct RandomMarketOptions {
  MarketOptions market;
  int symbols = 60;
  int days = 3;
  Millis step{60'000};  // a multiple of 4 ms that divides a day, at most an hour
  double pumps_per_day = 6;
  double gaps_per_day = 2;
  double delistings_per_day = 0.5;
};
Market make_random_market(const RandomMarketOptions& options);

}  // namespace bb::sim
