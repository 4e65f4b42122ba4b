// How one contract of a live market grows.
#include <algorithm>

#include "sim/impl/market_live.h"

namespace bb::sim::impl {

namespace {

constexpr Millis kPointsKept = Minutes(3);
constexpr std::size_t kPointsMax = 8192;  // however many come in that time
constexpr std::size_t kMinutesKept = 12 * 60;
constexpr std::size_t kQuartersKept = 50 * 4;
constexpr std::size_t kSettledKept = 200;
constexpr double kMinutesPerDay = 1440;

TimePoint floor_to(TimePoint t, Millis span) {
  return from_ms(to_ms(t) / span.count() * span.count());
}

LiveSpan flat(Price price) { return {price, price, price, price}; }

Price on_tick(Price price, Price tick) {
  const Price rounded(price.value().round_to(tick.value(), Rounding::nearest));
  return std::max(rounded, tick);
}

bool is_over(SymbolStatus status) {
  return status == SymbolStatus::settling || status == SymbolStatus::closed;
}

}  // namespace

void LiveSpan::meet(Price price) {
  high = std::max(high, price);
  low = std::min(low, price);
  close = price;
}

void LiveSpan::add(const LiveSpan& later) {
  high = std::max(high, later.high);
  low = std::min(low, later.low);
  close = later.close;
}

bool LiveColumn::set(const LiveContract& contract, TimePoint at) {
  const SymbolStatus before = rules_.status;
  const TimePoint end_before = end_;
  rules_ = contract.rules;
  brackets_ = contract.brackets;
  funding_interval_ = std::max<Millis>(contract.funding_interval, Hours(1));
  end_ = rules_.delivery_time;
  // It says so before or after its own date: the end is now, unless it has been already.
  if (is_over(rules_.status) && end_ > at) end_ = std::min(end_before, at);
  rules_.delivery_time = end_;
  return before != rules_.status || end_before != end_;
}

bool LiveColumn::end(TimePoint at) {
  if (end_ <= at) return false;
  end_ = rules_.delivery_time = at;
  return true;
}

bool LiveColumn::append(const LiveUpdate& update, TimePoint at) {
  if (update.day) day_ = *update.day;
  if (at >= end_) return false;
  bool has_changed = false;
  if (update.funding) {
    has_changed =
        !coming_ || coming_->time != update.funding->time || coming_->rate != update.funding->rate;
    settle_until(at, *update.funding);
  }
  if (points_.empty() && !update.last) return false;
  LivePoint point = points_.empty() ? LivePoint{} : points_.back();
  point.time = at;
  if (update.last) point.last = on_tick(*update.last, rules_.tick);
  if (update.mark) point.mark = *update.mark;
  if (point.mark.is_zero()) point.mark = point.last;
  if (update.quote) point.quote = *update.quote;
  if (points_.empty()) first_ = at;
  roll(point);
  if (!points_.empty() && points_.back().last == point.last && points_.back().mark == point.mark &&
      points_.back().quote == point.quote)
    return has_changed;
  if (!points_.empty() && points_.back().time == at) {
    points_.back() = point;
    return true;
  }
  points_.push_back(point);
  // One of them stays from before: the price that stood when the others came.
  while (points_.size() > 1 && (points_[1].time < at - kPointsKept || points_.size() > kPointsMax))
    points_.pop_front();
  return true;
}

// What was expected when the time came is what is settled.
void LiveColumn::settle_until(TimePoint at, const Market::Funding& next) {
  const bool is_due = coming_ && coming_->time <= at;
  if (is_due) {
    // Its rate is history; the source may still tell it for a moment.
    if (next.time <= coming_->time) return;
    settled_.push_back(*coming_);
    if (settled_.size() > kSettledKept) settled_.pop_front();
  }
  if (next.time > at)
    coming_ = next;
  else if (is_due)
    coming_.reset();
}

void LiveColumn::roll(const LivePoint& point) {
  const TimePoint minute = floor_to(point.time, kLiveMinute);
  if (!minutes_.empty() && minutes_.back().open_time == minute) {
    minutes_.back().last.meet(point.last);
    minutes_.back().mark.meet(point.mark);
    return;
  }
  if (!minutes_.empty()) {
    // Where nothing was heard, the price stood.
    const LivePoint& stood = points_.back();
    const auto gap = (minute - minutes_.back().open_time) / kLiveMinute;
    if (gap > static_cast<std::int64_t>(kQuartersKept) * 15) {
      minutes_.clear();
      quarters_.clear();
    } else {
      for (TimePoint t = minutes_.back().open_time + kLiveMinute; t < minute; t += kLiveMinute)
        minutes_.push_back({t, flat(stood.last), flat(stood.mark), 0});
    }
  }
  const double volume = day_ ? day_->volume / kMinutesPerDay : 0;
  minutes_.push_back({minute, flat(point.last), flat(point.mark), volume});
  compact();
}

void LiveColumn::compact() {
  while (minutes_.size() > kMinutesKept) {
    LiveBar whole = minutes_.front();
    whole.open_time = floor_to(whole.open_time, kLiveQuarter);
    minutes_.pop_front();
    while (!minutes_.empty() && minutes_.front().open_time < whole.open_time + kLiveQuarter) {
      whole.last.add(minutes_.front().last);
      whole.mark.add(minutes_.front().mark);
      whole.volume += minutes_.front().volume;
      minutes_.pop_front();
    }
    if (!quarters_.empty() && quarters_.back().open_time == whole.open_time) {
      quarters_.back().last.add(whole.last);
      quarters_.back().mark.add(whole.mark);
      quarters_.back().volume += whole.volume;
    } else {
      quarters_.push_back(whole);
    }
  }
  while (quarters_.size() > kQuartersKept)
    quarters_.pop_front();
}

void LiveColumn::add_history(const std::vector<exchange::Kline>& bars) {
  if (points_.empty() || !quarters_.empty()) return;
  for (const auto& bar : bars) {
    const TimePoint open = floor_to(bar.open_time, kLiveQuarter);
    if (open != bar.open_time || open >= first_) continue;
    if (!quarters_.empty() && open <= quarters_.back().open_time) continue;
    const LiveSpan span{bar.open, bar.high, bar.low, bar.close};
    // Of the quarter in which the points begin, its part before them.
    const auto before = std::min<Millis>(first_ - open, kLiveQuarter);
    const double share =
        static_cast<double>(before.count()) / static_cast<double>(kLiveQuarter.count());
    quarters_.push_back({open, span, span, bar.volume * share});
  }
  while (quarters_.size() > kQuartersKept)
    quarters_.pop_front();
}

void LiveColumn::add_settlements(const std::vector<Market::Funding>& settled) {
  if (!settled_.empty()) return;
  for (const auto& row : settled)
    if (row.time < first_ && (settled_.empty() || settled_.back().time < row.time))
      settled_.push_back(row);
  while (settled_.size() > kSettledKept)
    settled_.pop_front();
}

}  // namespace bb::sim::impl
