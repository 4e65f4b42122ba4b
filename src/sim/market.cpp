#include "sim/market.h"

#include <algorithm>

#include "sim/impl/market_path.h"

namespace bb::sim {

namespace {

using impl::Column;
using impl::Path;

// The recorded bars carry no number of trades; tickers show one per so much USDT.
constexpr double kUsdtPerTrade = 500;

Price to_price(const Column& column, std::int64_t ticks) {
  return Price(Decimal::from_raw(column.rules.tick.value().raw() * ticks));
}

// The tick at or beyond `level` in the direction of the search.
std::int64_t level_ticks(const Column& column, Price level, bool falling) {
  const std::int64_t raw = level.value().raw();
  const std::int64_t tick = column.rules.tick.value().raw();
  const std::int64_t below = raw / tick - (raw % tick < 0 ? 1 : 0);
  return falling || raw % tick == 0 ? below : below + 1;
}

// The newest instant of the path at or before `now`; nothing before listing.
std::optional<TimePoint> walked_until(const Path& path, TimePoint now) {
  if (now < path.begin()) return std::nullopt;
  return std::min(now, path.end() - Millis(1));
}

SymbolRules rules_at(const Market::Data& data, const Column& column, TimePoint now) {
  SymbolRules rules = column.rules;
  rules.status = SymbolStatus::trading;
  const TimePoint end = data.end_of(column);
  if (end >= data.end) return rules;  // nobody knows how it goes on
  if (now >= end - impl::kDelistNotice) rules.delivery_time = end;
  if (now >= end) rules.status = SymbolStatus::settling;
  if (now >= end + impl::kSettling) rules.status = SymbolStatus::closed;
  return rules;
}

TimePoint next_default_funding(TimePoint now) {
  const std::int64_t interval = impl::kFundingInterval.count();
  return from_ms((to_ms(now) / interval + 1) * interval);
}

}  // namespace

Market::Market(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

TimePoint Market::begin() const { return data_->begin; }
TimePoint Market::end() const { return data_->end; }

std::vector<SymbolRules> Market::rules(TimePoint now) const {
  std::vector<SymbolRules> all;
  all.reserve(data_->columns.size());
  for (const Column& column : data_->columns)
    if (now >= column.first) all.push_back(rules_at(*data_, column, now));
  return all;
}

std::optional<SymbolRules> Market::find_rules(Symbol symbol, TimePoint now) const {
  const Column* column = data_->find(symbol);
  if (column == nullptr || now < column->first) return std::nullopt;
  return rules_at(*data_, *column, now);
}

const Brackets* Market::find_brackets(Symbol symbol) const {
  const Column* column = data_->find(symbol);
  return column == nullptr ? nullptr : &column->brackets;
}

std::optional<PathPoint> Market::last(Symbol symbol, TimePoint now) const {
  const Column* column = data_->find(symbol);
  if (column == nullptr) return std::nullopt;
  const Path path(*data_, *column);
  const auto at = walked_until(path, now);
  if (!at) return std::nullopt;
  return PathPoint{*at, to_price(*column, path.price_at(*at))};
}

std::optional<Price> Market::mark(Symbol symbol, TimePoint now) const {
  const auto point = last(symbol, now);
  return point ? std::optional(point->price) : std::nullopt;
}

std::optional<PathPoint> Market::first_crossing(Symbol symbol, TimePoint after, TimePoint until,
                                                Price level, bool falling) const {
  const Column* column = data_->find(symbol);
  if (column == nullptr) return std::nullopt;
  const std::int64_t ticks = level_ticks(*column, level, falling);
  const auto found = Path(*data_, *column).first_crossing(after, until, ticks, falling);
  if (!found) return std::nullopt;
  return PathPoint{found->time, to_price(*column, found->ticks)};
}

std::optional<PathPoint> Market::first_mark_crossing(Symbol symbol, TimePoint after,
                                                     TimePoint until, Price level,
                                                     bool falling) const {
  return first_crossing(symbol, after, until, level, falling);
}

Liquidity Market::liquidity(Symbol symbol, TimePoint now) const {
  const Column* column = data_->find(symbol);
  if (column == nullptr) return {};
  const Path path(*data_, *column);
  const auto at = walked_until(path, now);
  if (!at) return {};
  const auto bar = (*at - path.begin()) / data_->step;
  const TimePoint open = path.begin() + data_->step * bar;
  const auto walked = path.stretch(open, *at + Millis(1));
  const auto range = [](const Path::Stretch& s) {
    return static_cast<double>(s.high - s.low) / static_cast<double>(s.close);
  };
  Liquidity out;
  out.base_per_minute = column->bars[static_cast<std::size_t>(bar)].volume * 60'000.0 /
                        static_cast<double>(data_->step.count());
  out.range = range(*walked);
  if (const auto before = path.stretch(open - data_->step, open))
    out.range = std::max(out.range, range(*before));
  return out;
}

std::optional<Ticker24h> Market::ticker(Symbol symbol, TimePoint now) const {
  const Column* column = data_->find(symbol);
  if (column == nullptr) return std::nullopt;
  const Path path(*data_, *column);
  const auto at = walked_until(path, now);
  if (!at) return std::nullopt;
  const TimePoint from = std::max(*at - Hours(24), path.begin());
  const auto day = path.stretch(from, *at + Millis(1));
  Ticker24h out;
  out.last = to_price(*column, day->close);
  out.open = to_price(*column, day->open);
  out.high = to_price(*column, day->high);
  out.low = to_price(*column, day->low);
  out.volume = day->volume;
  out.quote_volume = day->quote_volume;
  out.open_time = from;
  out.close_time = *at;
  out.count = 1 + static_cast<std::int64_t>(day->quote_volume / kUsdtPerTrade);
  return out;
}

std::vector<exchange::Kline> Market::klines(Symbol symbol, Millis interval, TimePoint from,
                                            TimePoint to, std::size_t limit, TimePoint now) const {
  std::vector<exchange::Kline> bars;
  const Column* column = data_->find(symbol);
  if (column == nullptr || interval.count() <= 0) return bars;
  const Path path(*data_, *column);
  const auto at = walked_until(path, now);
  if (!at) return bars;
  const TimePoint earliest = std::max(from, path.begin());
  TimePoint open = from_ms(to_ms(earliest) / interval.count() * interval.count());
  if (open < from) open += interval;
  for (; open <= to && open <= *at && bars.size() < limit; open += interval) {
    const auto bar = path.stretch(open, std::min(open + interval, *at + Millis(1)));
    if (!bar) continue;
    bars.push_back({open, to_price(*column, bar->open), to_price(*column, bar->high),
                    to_price(*column, bar->low), to_price(*column, bar->close), bar->volume,
                    bar->quote_volume});
  }
  return bars;
}

std::vector<Market::Funding> Market::funding(Symbol symbol, TimePoint after,
                                             TimePoint until) const {
  const Column* column = data_->find(symbol);
  if (column == nullptr) return {};
  const auto later = [](TimePoint t, const Funding& f) { return t < f.time; };
  const auto& all = column->funding;
  const auto first = std::upper_bound(all.begin(), all.end(), after, later);
  const auto last = std::upper_bound(first, all.end(), until, later);
  return {first, last};
}

Market::Funding Market::next_funding(Symbol symbol, TimePoint now) const {
  const Column* column = data_->find(symbol);
  if (column != nullptr) {
    const auto later = [](TimePoint t, const Funding& f) { return t < f.time; };
    const auto& all = column->funding;
    const auto next = std::upper_bound(all.begin(), all.end(), now, later);
    if (next != all.end()) return *next;
  }
  return {next_default_funding(now), impl::default_funding_rate()};
}

std::optional<TimePoint> Market::next_point(const std::vector<Symbol>& symbols,
                                            TimePoint now) const {
  std::optional<TimePoint> next;
  for (const Symbol symbol : symbols) {
    const Column* column = data_->find(symbol);
    if (column == nullptr) continue;
    const auto point = Path(*data_, *column).next_point(now);
    if (point && (!next || *point < *next)) next = point;
  }
  return next;
}

}  // namespace bb::sim
