// How a live market is read.
#include "sim/impl/market_live.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace bb::sim::impl {

namespace {

constexpr double kUsdtPerTrade = 500;
constexpr double kWidestRange = 10;
// The range of a day in ranges of a minute, as prices at random have it: the root of 1440.
constexpr double kDayInMinutes = 38;

bool reaches(Price price, Price level, bool falling) {
  return falling ? price <= level : price >= level;
}

double range_of(const LiveSpan& span) {
  const double range = (span.high - span.low).value().to_double() / span.close.value().to_double();
  return std::min(range, kWidestRange);
}

}  // namespace

SymbolRules LiveColumn::rules(TimePoint now) const {
  SymbolRules rules = rules_;
  if (now >= end_) rules.status = SymbolStatus::settling;
  if (now >= end_ + kSettling) rules.status = SymbolStatus::closed;
  return rules;
}

TimePoint LiveColumn::walked(TimePoint now) const { return std::min(now, end_ - Millis(1)); }

const LivePoint* LiveColumn::point_at(TimePoint t) const {
  const auto next = std::ranges::upper_bound(points_, t, {}, &LivePoint::time);
  return next == points_.begin() ? nullptr : &*std::prev(next);
}

const LiveBar* LiveColumn::bar_at(TimePoint t) const {
  const auto find = [&](const std::deque<LiveBar>& bars) -> const LiveBar* {
    const auto next = std::ranges::upper_bound(bars, t, {}, &LiveBar::open_time);
    return next == bars.begin() ? nullptr : &*std::prev(next);
  };
  if (const LiveBar* minute = find(minutes_)) return minute;
  return find(quarters_);
}

std::optional<PathPoint> LiveColumn::price(TimePoint now, bool on_mark) const {
  const TimePoint at = walked(now);
  if (!is_listed(at)) return std::nullopt;
  if (const LivePoint* point = point_at(at))
    return PathPoint{at, on_mark ? point->mark : point->last};
  const LiveBar* bar = bar_at(at);
  if (bar == nullptr) return std::nullopt;
  return PathPoint{at, on_mark ? bar->mark.close : bar->last.close};
}

std::optional<PathPoint> LiveColumn::crossing(TimePoint after, TimePoint until, Price level,
                                              bool falling, bool on_mark) const {
  if (points_.empty()) return std::nullopt;
  const TimePoint from = std::max(after + Millis(1), first_);
  const TimePoint to = walked(until);
  if (from > to) return std::nullopt;
  const auto value = [&](const LivePoint& point) { return on_mark ? point.mark : point.last; };
  if (const LivePoint* stands = point_at(from))
    if (reaches(value(*stands), level, falling)) return PathPoint{from, value(*stands)};
  for (auto it = std::ranges::upper_bound(points_, from, {}, &LivePoint::time);
       it != points_.end() && it->time <= to; ++it)
    if (reaches(value(*it), level, falling)) return PathPoint{it->time, value(*it)};
  return std::nullopt;
}

std::optional<Quote> LiveColumn::quote(TimePoint now) const {
  const LivePoint* point = now < end_ ? point_at(now) : nullptr;
  if (point == nullptr || !point->quote.bid.is_positive()) return std::nullopt;
  Quote quote = point->quote;
  // The book was heard of before or after the price: it has followed.
  Price shift;
  if (point->last > quote.ask) shift = point->last - quote.ask;
  if (point->last < quote.bid) shift = point->last - quote.bid;
  quote.bid += shift;
  quote.ask += shift;
  if (!quote.bid.is_positive()) return std::nullopt;
  return quote;
}

// Of what is over, so that the same instant has the same book whenever it is asked for.
Liquidity LiveColumn::liquidity(TimePoint now) const {
  const TimePoint at = walked(now);
  Liquidity out;
  const auto next = std::ranges::upper_bound(minutes_, at, {}, &LiveBar::open_time);
  const auto count = next - minutes_.begin();
  if (count == 0) return out;
  out.base_per_minute = minutes_[static_cast<std::size_t>(count - 1)].volume;
  for (auto i = std::max<std::ptrdiff_t>(0, count - 3); i < count - 1; ++i)
    out.range = std::max(out.range, range_of(minutes_[static_cast<std::size_t>(i)].last));
  if (count == 1 && day_ && day_->last.is_positive())
    out.range = range_of({day_->open, day_->high, day_->low, day_->last}) / kDayInMinutes;
  return out;
}

std::optional<Ticker24h> LiveColumn::ticker(TimePoint now) const {
  const auto last = price(now, false);
  if (!last) return std::nullopt;
  Ticker24h out;
  if (day_) {
    out = *day_;
    out.close_time = std::min(out.close_time, last->time);
  } else {
    out.open = out.high = out.low = minutes_.front().last.open;
    for (const LiveBar& bar : minutes_) {
      out.high = std::max(out.high, bar.last.high);
      out.low = std::min(out.low, bar.last.low);
    }
    out.open_time = first_;
    out.close_time = last->time;
    out.count = 1 + static_cast<std::int64_t>(out.quote_volume / kUsdtPerTrade);
  }
  out.last = last->price;
  out.high = std::max(out.high, out.last);
  out.low = std::min(out.low, out.last);
  return out;
}

TimePoint LiveColumn::first_bar() const {
  if (!quarters_.empty()) return quarters_.front().open_time;
  return minutes_.front().open_time;
}

std::vector<exchange::Kline> LiveColumn::klines(const KlineWindow& window, bool on_mark) const {
  std::vector<exchange::Kline> out;
  if (window.interval < kLiveMinute || minutes_.empty() || !is_listed(window.now)) return out;
  const TimePoint now = walked(window.now);
  const Millis interval = window.interval;
  // What is finer than a quarter of an hour begins with the minutes.
  const bool is_coarse = interval >= kLiveQuarter;
  const TimePoint earliest =
      std::max(window.from, is_coarse ? first_bar() : minutes_.front().open_time);
  TimePoint open = from_ms(to_ms(earliest) / interval.count() * interval.count());
  if (open < window.from) open += interval;
  for (; open <= window.to && open <= now && out.size() < window.limit; open += interval) {
    std::optional<LiveSpan> span;
    double volume = 0;
    double quote_volume = 0;
    const auto take = [&](const std::deque<LiveBar>& bars) {
      auto it = std::ranges::lower_bound(bars, open, {}, &LiveBar::open_time);
      for (; it != bars.end() && it->open_time < open + interval && it->open_time <= now; ++it) {
        const LiveSpan& part = on_mark ? it->mark : it->last;
        if (span) {
          span->add(part);
        } else {
          span = part;
        }
        // Of the growing minute its part so far; quarters are what has been.
        const auto walked_part = std::min<Millis>(now - it->open_time + Millis(1), kLiveMinute);
        const double share =
            &bars == &minutes_ ? static_cast<double>(walked_part.count()) / 60'000.0 : 1.0;
        const double base = it->volume * share;
        volume += base;
        quote_volume += base * part.close.value().to_double();
      }
    };
    if (is_coarse) take(quarters_);
    take(minutes_);
    if (!span) continue;
    if (on_mark) volume = quote_volume = 0;
    out.push_back({open, span->open, span->high, span->low, span->close, volume, quote_volume});
  }
  return out;
}

std::vector<Market::Funding> LiveColumn::funding(TimePoint after, TimePoint until) const {
  std::vector<Market::Funding> out;
  for (auto it = std::ranges::upper_bound(settled_, after, {}, &Market::Funding::time);
       it != settled_.end() && it->time <= until; ++it)
    out.push_back(*it);
  if (coming_ && coming_->time > after && coming_->time <= until) out.push_back(*coming_);
  return out;
}

Market::Funding LiveColumn::next_funding(TimePoint now) const {
  if (coming_ && coming_->time > now) return *coming_;
  // Not heard of yet.
  const std::int64_t interval = funding_interval_.count();
  const Ratio rate = coming_ ? coming_->rate : default_funding_rate();
  return {from_ms((to_ms(now) / interval + 1) * interval), rate};
}

std::optional<TimePoint> LiveColumn::next_point(TimePoint now) const {
  const auto next = std::ranges::upper_bound(points_, now, {}, &LivePoint::time);
  return next == points_.end() ? std::nullopt : std::optional(next->time);
}

LiveColumn* LiveData::find(Symbol symbol) {
  const auto found = columns_.find(symbol);
  return found == columns_.end() ? nullptr : &found->second;
}

const LiveColumn* LiveData::find(Symbol symbol) const {
  const auto found = columns_.find(symbol);
  return found == columns_.end() ? nullptr : &found->second;
}

LiveColumn& LiveData::column(Symbol symbol) { return columns_[symbol]; }

void LiveData::move_to(TimePoint at) {
  BB_CHECK(at > newest_, "a live market grows at its end only");
  newest_ = at;
}

const LiveColumn* LiveData::listed(Symbol symbol, TimePoint now) const {
  const LiveColumn* column = find(symbol);
  return column != nullptr && column->is_listed(now) ? column : nullptr;
}

std::vector<SymbolRules> LiveData::rules(TimePoint now) const {
  std::vector<SymbolRules> all;
  all.reserve(order_.size());
  for (const Symbol symbol : order_)
    if (const LiveColumn* column = listed(symbol, now)) all.push_back(column->rules(now));
  return all;
}

std::optional<SymbolRules> LiveData::find_rules(Symbol symbol, TimePoint now) const {
  const LiveColumn* column = listed(symbol, now);
  return column == nullptr ? std::nullopt : std::optional(column->rules(now));
}

const Brackets* LiveData::find_brackets(Symbol symbol) const {
  const LiveColumn* column = find(symbol);
  return column == nullptr ? nullptr : &column->brackets();
}

std::optional<PathPoint> LiveData::last(Symbol symbol, TimePoint now) const {
  const LiveColumn* column = find(symbol);
  return column == nullptr ? std::nullopt : column->price(now, false);
}

std::optional<Price> LiveData::mark(Symbol symbol, TimePoint now) const {
  const LiveColumn* column = find(symbol);
  const auto point = column == nullptr ? std::nullopt : column->price(now, true);
  return point ? std::optional(point->price) : std::nullopt;
}

std::optional<PathPoint> LiveData::first_crossing(Symbol symbol, TimePoint after, TimePoint until,
                                                  Price level, bool falling, bool on_mark) const {
  const LiveColumn* column = find(symbol);
  if (column == nullptr) return std::nullopt;
  return column->crossing(after, until, level, falling, on_mark);
}

std::optional<Quote> LiveData::quote(Symbol symbol, TimePoint now) const {
  const LiveColumn* column = find(symbol);
  return column == nullptr ? std::nullopt : column->quote(now);
}

Liquidity LiveData::liquidity(Symbol symbol, TimePoint now) const {
  const LiveColumn* column = find(symbol);
  return column == nullptr ? Liquidity{} : column->liquidity(now);
}

std::optional<Ticker24h> LiveData::ticker(Symbol symbol, TimePoint now) const {
  const LiveColumn* column = find(symbol);
  return column == nullptr ? std::nullopt : column->ticker(now);
}

std::vector<exchange::Kline> LiveData::klines(Symbol symbol, const KlineWindow& window,
                                              bool on_mark) const {
  const LiveColumn* column = find(symbol);
  return column == nullptr ? std::vector<exchange::Kline>() : column->klines(window, on_mark);
}

std::vector<Market::Funding> LiveData::funding(Symbol symbol, TimePoint after,
                                               TimePoint until) const {
  const LiveColumn* column = find(symbol);
  return column == nullptr ? std::vector<Market::Funding>() : column->funding(after, until);
}

Market::Funding LiveData::next_funding(Symbol symbol, TimePoint now) const {
  const LiveColumn* column = find(symbol);
  return column == nullptr ? LiveColumn().next_funding(now) : column->next_funding(now);
}

Millis LiveData::funding_interval(Symbol symbol) const {
  const LiveColumn* column = find(symbol);
  return column == nullptr ? kFundingInterval : column->funding_interval();
}

std::optional<TimePoint> LiveData::next_point(Symbol symbol, TimePoint now) const {
  const LiveColumn* column = find(symbol);
  return column == nullptr ? std::nullopt : column->next_point(now);
}

}  // namespace bb::sim::impl
