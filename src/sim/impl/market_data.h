// The columns behind a Market: per symbol its rules, and bars of one fixed step in whole ticks,
// with blocks of extremes and volumes so that searches and sums skip most of them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/market.h"

namespace bb::sim::impl {

struct Bar {
  std::int32_t open = 0, high = 0, low = 0, close = 0;  // ticks
  double volume = 0;                                    // base asset
};

/// The largest price in ticks, and the largest tick: a level of the book, at most twice the largest
/// price, stays within the range of decimals.
constexpr std::int64_t kMostTicks = 1 << 30;
constexpr Price kLargestTick = Price(Decimal::from_raw(10 * Decimal::kScale));
/// The most bars of a contract: half a year of seconds, thirty of minutes.
constexpr std::int64_t kMostBars = 1 << 24;
/// The years in which a recording can lie: microseconds are not taken for milliseconds.
constexpr TimePoint kEarliest = from_ms(1'262'304'000'000);  // 2010-01-01
constexpr TimePoint kLatest = from_ms(4'102'444'800'000);    // 2100-01-01
/// A bar lasts a whole part of a day, at least a second.
constexpr bool is_step(Millis step) {
  return step >= Seconds(1) && Hours(24) % step == Millis(0) && step.count() % 4 == 0;
}

/// Extremes and sums of up to kBlockBars bars in a row.
struct Block {
  std::int32_t high = 0, low = 0;
  double volume = 0, quote_volume = 0;
};
constexpr std::size_t kBlockBars = 64;

/// How long a delisted contract is `settling`, and how long before that its end is announced.
constexpr Millis kSettling = Hours(1);
constexpr Millis kDelistNotice = Hours(24);
/// Delivery time of a contract without an announced end, as the exchange writes it (2100-12-25).
constexpr TimePoint kNoDelivery = from_ms(4'133'404'800'000);
/// What is assumed where no settlement is recorded: 0.01 % at 00, 08 and 16 UTC.
constexpr Millis kFundingInterval = Hours(8);
Ratio default_funding_rate();

struct Column {
  SymbolRules rules;  // status is a matter of the time asked for
  Brackets brackets;
  TimePoint first{};  // open time of bars[0]
  Millis step{0};     // of the bars; zero = the market's
  std::vector<Bar> bars;
  std::shared_ptr<Column> mark;          // recorded mark prices: first, step, bars, rules.tick
  std::vector<Market::Funding> funding;  // every settlement from `first` on, by time
  Millis funding_interval = kFundingInterval;
  std::vector<Block> blocks;    // made by seal()
  std::uint64_t name_hash = 0;  // made by seal()

  /// USDT traded in a bar: the volume at the mean of the bar's four prices.
  double quote_volume(const Bar& bar) const;
};

}  // namespace bb::sim::impl

namespace bb::sim {

struct Market::Data {
  Millis step{0};  // a multiple of 4 ms
  TimePoint begin{}, end{};
  PathOrder path = PathOrder::high_first;
  std::uint64_t seed = 1;
  Millis shift{0};
  std::vector<impl::Column> columns;  // in the exchange's order, each with at least one bar

  const impl::Column* find(Symbol symbol) const;
  TimePoint end_of(const impl::Column& column) const;
  /// To be called once, when all columns are filled.
  void seal();

 private:
  std::size_t place_of(Symbol symbol) const;  // of it, or of the gap where it would stand

  std::vector<std::uint32_t> index_;  // a power of two of places; 0 = a gap, else column + 1
};

}  // namespace bb::sim
