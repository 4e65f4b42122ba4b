// What a live market remembers, and how it is read: points that stand until the next one, bars that
// were made of them, and what the source says of the last 24 hours.
#pragma once

#include <deque>
#include <unordered_map>

#include "sim/impl/market_data.h"
#include "sim/live_market.h"

namespace bb::sim::impl {

constexpr Millis kLiveMinute = Minutes(1);
constexpr Millis kLiveQuarter = Minutes(15);

/// Both prices and the book from an instant on.
struct LivePoint {
  TimePoint time{};
  Price last, mark;
  Quote quote{};  // zero = none is known
};

struct LiveSpan {
  Price open, high, low, close;
  void meet(Price price);
  void add(const LiveSpan& later);
};

struct LiveBar {
  TimePoint open_time{};
  LiveSpan last, mark;
  double volume = 0;  // base asset
};

struct KlineWindow {
  Millis interval;
  TimePoint from{}, to{};
  std::size_t limit = 0;
  TimePoint now{};
};

/// One contract. It is listed from its first point on.
class LiveColumn {
 public:
  // Writing; `at` grows.
  bool set(const LiveContract& contract, TimePoint at);
  bool end(TimePoint at);  // the source no longer trades it
  bool append(const LiveUpdate& update, TimePoint at);
  void add_history(const std::vector<exchange::Kline>& bars);
  void add_settlements(const std::vector<Market::Funding>& settled);

  // Reading.
  bool is_listed(TimePoint now) const { return !points_.empty() && now >= first_; }
  SymbolRules rules(TimePoint now) const;
  const Brackets& brackets() const { return brackets_; }
  std::optional<PathPoint> price(TimePoint now, bool on_mark) const;
  std::optional<PathPoint> crossing(TimePoint after, TimePoint until, Price level, bool falling,
                                    bool on_mark) const;
  std::optional<Quote> quote(TimePoint now) const;
  Liquidity liquidity(TimePoint now) const;
  std::optional<Ticker24h> ticker(TimePoint now) const;
  std::vector<exchange::Kline> klines(const KlineWindow& window, bool on_mark) const;
  std::vector<Market::Funding> funding(TimePoint after, TimePoint until) const;
  Market::Funding next_funding(TimePoint now) const;
  Millis funding_interval() const { return funding_interval_; }
  std::optional<TimePoint> next_point(TimePoint now) const;

 private:
  TimePoint walked(TimePoint now) const;
  const LivePoint* point_at(TimePoint t) const;
  const LiveBar* bar_at(TimePoint t) const;
  void roll(const LivePoint& point);
  void compact();
  void settle_until(TimePoint at, const Market::Funding& next);
  TimePoint first_bar() const;

  SymbolRules rules_;
  Brackets brackets_;
  Millis funding_interval_ = kFundingInterval;
  TimePoint end_ = kNoDelivery;
  TimePoint first_{};
  std::deque<LivePoint> points_;
  std::deque<LiveBar> minutes_, quarters_;
  std::optional<Ticker24h> day_;
  std::deque<Market::Funding> settled_;
  std::optional<Market::Funding> coming_;
};

class LiveData {
 public:
  explicit LiveData(TimePoint begin) : begin_(begin), newest_(begin) {}

  LiveColumn* find(Symbol symbol);
  const LiveColumn* find(Symbol symbol) const;
  LiveColumn& column(Symbol symbol);  // made when there is none
  /// Everybody who is not in it is no longer in the source's list.
  void put_in_order(const std::vector<Symbol>& order) { order_ = order; }
  const std::vector<Symbol>& order() const { return order_; }
  TimePoint begin() const { return begin_; }
  TimePoint newest() const { return newest_; }
  void move_to(TimePoint at);

  // Market's questions.
  std::vector<SymbolRules> rules(TimePoint now) const;
  std::optional<SymbolRules> find_rules(Symbol symbol, TimePoint now) const;
  const Brackets* find_brackets(Symbol symbol) const;
  std::optional<PathPoint> last(Symbol symbol, TimePoint now) const;
  std::optional<Price> mark(Symbol symbol, TimePoint now) const;
  std::optional<PathPoint> first_crossing(Symbol symbol, TimePoint after, TimePoint until,
                                          Price level, bool falling, bool on_mark) const;
  std::optional<Quote> quote(Symbol symbol, TimePoint now) const;
  Liquidity liquidity(Symbol symbol, TimePoint now) const;
  std::optional<Ticker24h> ticker(Symbol symbol, TimePoint now) const;
  std::vector<exchange::Kline> klines(Symbol symbol, const KlineWindow& window, bool on_mark) const;
  std::vector<Market::Funding> funding(Symbol symbol, TimePoint after, TimePoint until) const;
  Market::Funding next_funding(Symbol symbol, TimePoint now) const;
  Millis funding_interval(Symbol symbol) const;
  std::optional<TimePoint> next_point(Symbol symbol, TimePoint now) const;

 private:
  const LiveColumn* listed(Symbol symbol, TimePoint now) const;

  TimePoint begin_, newest_;
  std::unordered_map<Symbol, LiveColumn> columns_;  // never walked
  std::vector<Symbol> order_;                       // of the source; the ended ones behind
};

}  // namespace bb::sim::impl
