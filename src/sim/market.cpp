#include "sim/market.h"

#include <algorithm>
#include <map>

#include "sim/impl/market_held.h"
#include "sim/impl/market_live.h"

namespace bb::sim {

namespace {

using impl::Column;
using impl::HeldPath;
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
std::optional<TimePoint> walked_until(const HeldPath& path, TimePoint now) {
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

std::vector<exchange::Kline> klines_of(const HeldPath& path, Millis interval, TimePoint from,
                                       TimePoint to, std::size_t limit, TimePoint now) {
  std::vector<exchange::Kline> bars;
  if (interval.count() <= 0) return bars;
  const auto at = walked_until(path, now);
  if (!at) return bars;
  const Column& column = path.column();
  const TimePoint earliest = std::max(from, path.begin());
  TimePoint open = from_ms(to_ms(earliest) / interval.count() * interval.count());
  if (open < from) open += interval;
  for (; open <= to && open <= *at && bars.size() < limit; open += interval) {
    const auto bar = path.stretch(open, std::min(open + interval, *at + Millis(1)));
    if (!bar) continue;
    bars.push_back({open, to_price(column, bar->open), to_price(column, bar->high),
                    to_price(column, bar->low), to_price(column, bar->close), bar->volume,
                    bar->quote_volume});
  }
  return bars;
}

}  // namespace

struct Market::Holds {
  std::map<Symbol, std::vector<impl::Hold>> by_symbol;

  const std::vector<impl::Hold>* of(Symbol symbol) const {
    const auto found = by_symbol.find(symbol);
    return found == by_symbol.end() ? nullptr : &found->second;
  }
};

Market::Market(std::shared_ptr<const Data> data)
    : data_(std::move(data)), holds_(std::make_shared<Holds>()) {}

Market::Market(std::shared_ptr<const impl::LiveData> live) : live_(std::move(live)) {}

TimePoint Market::begin() const { return live_ ? live_->begin() : data_->begin; }
TimePoint Market::end() const { return live_ ? impl::kNoDelivery : data_->end; }

std::vector<SymbolRules> Market::rules(TimePoint now) const {
  if (live_) return live_->rules(now);
  std::vector<SymbolRules> all;
  all.reserve(data_->columns.size());
  for (const Column& column : data_->columns)
    if (now >= column.first) all.push_back(rules_at(*data_, column, now));
  return all;
}

std::optional<SymbolRules> Market::find_rules(Symbol symbol, TimePoint now) const {
  if (live_) return live_->find_rules(symbol, now);
  const Column* column = data_->find(symbol);
  if (column == nullptr || now < column->first) return std::nullopt;
  return rules_at(*data_, *column, now);
}

const Brackets* Market::find_brackets(Symbol symbol) const {
  if (live_) return live_->find_brackets(symbol);
  const Column* column = data_->find(symbol);
  return column == nullptr ? nullptr : &column->brackets;
}

std::optional<PathPoint> Market::last(Symbol symbol, TimePoint now) const {
  if (live_) return live_->last(symbol, now);
  const Column* column = data_->find(symbol);
  if (column == nullptr) return std::nullopt;
  const HeldPath path(*data_, *column, holds_->of(symbol));
  const auto at = walked_until(path, now);
  if (!at) return std::nullopt;
  return PathPoint{*at, to_price(*column, path.price_at(*at))};
}

std::optional<Price> Market::mark(Symbol symbol, TimePoint now) const {
  if (live_) return live_->mark(symbol, now);
  const Column* column = data_->find(symbol);
  if (column != nullptr && column->mark) {
    const HeldPath marks(*data_, *column->mark, holds_->of(symbol));
    const auto at = walked_until(HeldPath(*data_, *column, nullptr), now);
    if (at && *at >= marks.begin() && *at < marks.end())
      return to_price(*column->mark, marks.price_at(*at));
  }
  const auto point = last(symbol, now);
  return point ? std::optional(point->price) : std::nullopt;
}

std::optional<PathPoint> Market::first_crossing(Symbol symbol, TimePoint after, TimePoint until,
                                                Price level, bool falling) const {
  if (live_) return live_->first_crossing(symbol, after, until, level, falling, false);
  const Column* column = data_->find(symbol);
  if (column == nullptr) return std::nullopt;
  const std::int64_t ticks = level_ticks(*column, level, falling);
  const auto found =
      HeldPath(*data_, *column, holds_->of(symbol)).first_crossing(after, until, ticks, falling);
  if (!found) return std::nullopt;
  return PathPoint{found->time, to_price(*column, found->ticks)};
}

std::optional<PathPoint> Market::first_mark_crossing(Symbol symbol, TimePoint after,
                                                     TimePoint until, Price level,
                                                     bool falling) const {
  if (live_) return live_->first_crossing(symbol, after, until, level, falling, true);
  const Column* column = data_->find(symbol);
  if (column == nullptr || !column->mark)
    return first_crossing(symbol, after, until, level, falling);
  // Before the recorded marks the path, then the marks, then the path again; none of it after the
  // contract's end.
  const HeldPath marks(*data_, *column->mark, holds_->of(symbol));
  const TimePoint last_mark = std::min(marks.end(), data_->end_of(*column)) - Millis(1);
  if (after + Millis(1) < marks.begin()) {
    const TimePoint to = std::min(until, marks.begin() - Millis(1));
    if (auto found = first_crossing(symbol, after, to, level, falling)) return found;
  }
  const TimePoint since = std::max(after, marks.begin() - Millis(1));
  const std::int64_t ticks = level_ticks(*column->mark, level, falling);
  if (const auto found = marks.first_crossing(since, std::min(until, last_mark), ticks, falling))
    return PathPoint{found->time, to_price(*column->mark, found->ticks)};
  return first_crossing(symbol, std::max(after, last_mark), until, level, falling);
}

Liquidity Market::liquidity(Symbol symbol, TimePoint now) const {
  if (live_) return live_->liquidity(symbol, now);
  const Column* column = data_->find(symbol);
  if (column == nullptr) return {};
  const HeldPath path(*data_, *column, holds_->of(symbol));
  const auto at = walked_until(path, now);
  if (!at) return {};
  const auto bar = (*at - path.begin()) / path.step();
  const TimePoint open = path.begin() + path.step() * bar;
  const auto walked = path.stretch(open, *at + Millis(1));
  const auto range = [](const Path::Stretch& s) {
    return static_cast<double>(s.high - s.low) / static_cast<double>(s.close);
  };
  Liquidity out;
  out.base_per_minute = column->bars[static_cast<std::size_t>(bar)].volume * 60'000.0 /
                        static_cast<double>(path.step().count());
  out.range = range(*walked);
  if (const auto before = path.stretch(open - path.step(), open))
    out.range = std::max(out.range, range(*before));
  return out;
}

std::optional<Quote> Market::quote(Symbol symbol, TimePoint now) const {
  return live_ ? live_->quote(symbol, now) : std::nullopt;
}

std::optional<Ticker24h> Market::ticker(Symbol symbol, TimePoint now) const {
  if (live_) return live_->ticker(symbol, now);
  const Column* column = data_->find(symbol);
  if (column == nullptr) return std::nullopt;
  const HeldPath path(*data_, *column, holds_->of(symbol));
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
  if (live_) return live_->klines(symbol, {interval, from, to, limit, now}, false);
  const Column* column = data_->find(symbol);
  if (column == nullptr) return {};
  return klines_of({*data_, *column, holds_->of(symbol)}, interval, from, to, limit, now);
}

std::vector<exchange::Kline> Market::mark_klines(Symbol symbol, Millis interval, TimePoint from,
                                                 TimePoint to, std::size_t limit,
                                                 TimePoint now) const {
  if (live_) return live_->klines(symbol, {interval, from, to, limit, now}, true);
  const Column* column = data_->find(symbol);
  if (column == nullptr) return {};
  const Column& marks = column->mark ? *column->mark : *column;
  const TimePoint last = std::min(now, data_->end_of(*column) - Millis(1));
  auto bars = klines_of({*data_, marks, holds_->of(symbol)}, interval, from, to, limit, last);
  for (auto& bar : bars)
    bar.volume = bar.quote_volume = 0;
  return bars;
}

std::vector<Market::Funding> Market::funding(Symbol symbol, TimePoint after,
                                             TimePoint until) const {
  if (live_) return live_->funding(symbol, after, until);
  const Column* column = data_->find(symbol);
  if (column == nullptr) return {};
  const auto later = [](TimePoint t, const Funding& f) { return t < f.time; };
  const auto& all = column->funding;
  const auto first = std::upper_bound(all.begin(), all.end(), after, later);
  const auto last = std::upper_bound(first, all.end(), until, later);
  return {first, last};
}

Market::Funding Market::next_funding(Symbol symbol, TimePoint now) const {
  if (live_) return live_->next_funding(symbol, now);
  const Column* column = data_->find(symbol);
  if (column != nullptr) {
    const auto later = [](TimePoint t, const Funding& f) { return t < f.time; };
    const auto& all = column->funding;
    const auto next = std::upper_bound(all.begin(), all.end(), now, later);
    if (next != all.end()) return *next;
  }
  const std::int64_t interval = funding_interval(symbol).count();
  return {from_ms((to_ms(now) / interval + 1) * interval), impl::default_funding_rate()};
}

Millis Market::funding_interval(Symbol symbol) const {
  if (live_) return live_->funding_interval(symbol);
  const Column* column = data_->find(symbol);
  return column == nullptr ? impl::kFundingInterval : column->funding_interval;
}

std::optional<TimePoint> Market::next_point(Symbol symbol, TimePoint now) const {
  if (live_) return live_->next_point(symbol, now);
  const Column* column = data_->find(symbol);
  if (column == nullptr) return std::nullopt;
  return HeldPath(*data_, *column, holds_->of(symbol)).next_point(now);
}

std::optional<TimePoint> Market::next_mark_point(Symbol symbol, TimePoint now) const {
  if (live_) return live_->next_point(symbol, now);  // its points tell both
  const Column* column = data_->find(symbol);
  if (column == nullptr || !column->mark) return next_point(symbol, now);
  const HeldPath marks(*data_, *column->mark, holds_->of(symbol));
  if (now >= marks.end()) return next_point(symbol, now);
  // Where the recorded marks end, the mark jumps to the path.
  TimePoint next = marks.next_point(now).value_or(marks.end());
  if (now < marks.begin())
    if (const auto on_path = next_point(symbol, now)) next = std::min(next, *on_path);
  return next;
}

Status Market::hold(Symbol symbol, Price price, TimePoint from) {
  if (live_)
    return fail(ErrorKind::invalid_input,
                "a live market has its source's prices; they cannot be set");
  const Column* column = data_->find(symbol);
  if (column == nullptr || from < column->first)
    return fail(ErrorKind::invalid_input, symbol.str() + " is not listed");
  const SymbolRules& rules = column->rules;
  if (!price.is_positive() || !price.value().is_multiple_of(rules.tick.value()))
    return fail(ErrorKind::invalid_input, price.str() + " is not a price of " + symbol.str() +
                                              ": its tick is " + rules.tick.str());
  if (price.value().raw() / rules.tick.value().raw() > impl::kMostTicks)
    return fail(ErrorKind::invalid_input,
                price.str() + " is beyond every price of " + symbol.str());
  release(symbol, from);
  holds_->by_symbol[symbol].push_back({from, TimePoint::max(), price});
  return {};
}

void Market::release(Symbol symbol, TimePoint at) {
  if (live_) return;
  const auto found = holds_->by_symbol.find(symbol);
  if (found == holds_->by_symbol.end()) return;
  auto& holds = found->second;
  for (auto& hold : holds)
    hold.to = std::min(hold.to, at);
  std::erase_if(holds, [](const impl::Hold& hold) { return hold.from >= hold.to; });
}

std::optional<Price> Market::held(Symbol symbol, TimePoint now) const {
  if (live_) return std::nullopt;
  const auto* holds = holds_->of(symbol);
  if (holds == nullptr || holds->empty() || now < holds->back().from || now >= holds->back().to)
    return std::nullopt;
  return holds->back().price;
}

}  // namespace bb::sim
