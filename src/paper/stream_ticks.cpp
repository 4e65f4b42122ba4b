// What each kind of market stream tells on its tick.
#include <algorithm>
#include <set>

#include "paper/stream_market.h"

namespace bb::paper {

namespace {

using Kind = StreamSpec::Kind;
using net::JsonWriter;

constexpr std::size_t kTradesPerTick = 200;
// At the fastest pace a tick holds 417 bars of a minute: none is missed. A step of the clock may
// hold more; then the newest are told.
constexpr std::int64_t kBarsPerTick = 500;
// Of a long tick (exchange time at more than 80 times the clock's pace) the book is looked at so
// often; a client that took a snapshot in between may miss a removed level.
constexpr std::int64_t kBookStepsMax = 400;

/// Levels of `now` at every price where the book changed on the way; a quantity of zero where there
/// is none any more.
class Changes {
 public:
  explicit Changes(const std::vector<sim::BookLevel>& before) : last_(before) {}

  void step(const std::vector<sim::BookLevel>& levels) {
    for (const auto& level : last_)
      if (std::ranges::find(levels, level) == levels.end()) touched_.insert(level.price);
    for (const auto& level : levels)
      if (std::ranges::find(last_, level) == last_.end()) touched_.insert(level.price);
    last_ = levels;
  }

  std::vector<sim::BookLevel> result(bool best_is_highest) const {
    std::vector<sim::BookLevel> changes;
    for (const Price price : touched_) {
      const auto found = std::ranges::find(last_, price, &sim::BookLevel::price);
      changes.push_back({price, found == last_.end() ? Qty() : found->qty});
    }
    if (best_is_highest) std::ranges::reverse(changes);
    return changes;
  }

 private:
  std::vector<sim::BookLevel> last_;
  std::set<Price> touched_;
};

}  // namespace

void MarketStreams::tick_symbol(Channel& channel, const Contract& contract, TimePoint now) {
  const auto& market = parts_.venue.market();
  switch (channel.spec.kind) {
    case Kind::trade:
    case Kind::agg_trade:
      return tick_trades(channel, contract, now);
    case Kind::kline:
    case Kind::continuous_kline:
      return tick_klines(channel, contract, now);
    case Kind::depth:
    case Kind::rpi_depth:
      return tick_depth(channel, contract, now);
    case Kind::partial_depth:
      return tick_partial_depth(channel, contract, now);
    case Kind::mark_price: {
      JsonWriter json;
      payload::mark_price(json, market, contract.symbol, now);
      return emit(channel, json.str());
    }
    case Kind::book_ticker: {
      const auto shown = shown_book(market, contract.symbol, now);
      if (!shown) return;
      if (channel.book && channel.book->book.bids.front() == shown->book.bids.front() &&
          channel.book->book.asks.front() == shown->book.asks.front())
        return;
      channel.book = shown;
      return emit(channel, payload::book_ticker(contract, *shown).text(now));
    }
    default:
      break;
  }
  const auto ticker = market.ticker(contract.symbol, now);
  if (!ticker) return;
  const auto text = channel.spec.kind == Kind::ticker
                        ? payload::ticker(market, contract, *ticker, now)
                        : payload::mini_ticker(contract, *ticker);
  if (is_news(channel, contract.symbol, text)) emit(channel, text.text(now));
}

void MarketStreams::tick_trades(Channel& channel, const Contract& contract, TimePoint now) {
  const sim::Tape tape(parts_.venue.market());
  const Symbol symbol = contract.symbol;
  const TimePoint begin = channel.told + Millis(1);
  const TimePoint end = now + Millis(1);
  const auto newest = static_cast<std::int64_t>(kTradesPerTick);
  if (channel.spec.kind == Kind::agg_trade) {
    const auto first = std::max(sim::Tape::first_group_at(symbol, begin),
                                sim::Tape::first_group_at(symbol, end) - newest);
    for (const auto& group : tape.groups(symbol, first, kTradesPerTick, now))
      emit(channel, payload::agg_trade(contract, group, now));
  } else {
    const auto first = std::max(sim::Tape::first_row_at(symbol, begin),
                                sim::Tape::first_row_at(symbol, end) - newest);
    for (const auto& row : tape.rows(symbol, first, kTradesPerTick, now))
      emit(channel, payload::trade(contract, row, now));
  }
}

void MarketStreams::tick_klines(Channel& channel, const Contract& contract, TimePoint now) {
  const Interval& interval = channel.spec.interval;
  std::string_view contract_type;
  if (channel.spec.kind == Kind::continuous_kline) {
    // A pair has one perpetual here, of one of the two kinds; of the other nothing is told.
    const auto rules = parts_.venue.market().find_rules(contract.symbol, now);
    if (!rules || (rules->contract == ContractType::tradfi_perpetual) != channel.spec.tradfi)
      return;
    contract_type = channel.spec.tradfi ? "TRADIFI_PERPETUAL" : "PERPETUAL";
  }
  // The bar that holds the last instant told may have been closed since.
  const TimePoint first = std::max(interval.open_of(channel.told - Millis(1)),
                                   interval.open_of(now) - interval.span * (kBarsPerTick - 1));
  for (const auto& bar : find_bars(parts_.venue.market(), BarsOf::executions, contract.symbol,
                                   interval, first, now, kBarsPerTick, now)) {
    const TimePoint next = interval.next(bar.open_time);
    if (next <= channel.told) continue;
    const bool closed = next <= now;
    const auto text =
        payload::kline(contract, bar, next, channel.spec.interval_word, closed, contract_type, now);
    if (closed || is_news(channel, contract.symbol, text)) emit(channel, text.text(now));
  }
}

void MarketStreams::tick_depth(Channel& channel, const Contract& contract, TimePoint now) {
  const auto& market = parts_.venue.market();
  const TimePoint end = on_book_grid(now);
  if (!channel.book) {
    channel.book = shown_book(market, contract.symbol, channel.told);
    if (!channel.book) return;
    channel.last_update = channel.book->update_id();
  }
  const auto steps = (end - channel.book->at) / kBookGrid;
  const auto stride = std::max<std::int64_t>(1, (steps + kBookStepsMax - 1) / kBookStepsMax);
  Changes bids(channel.book->book.bids);
  Changes asks(channel.book->book.asks);
  std::optional<ShownBook> shown;
  for (TimePoint at = channel.book->at; at < end;) {
    at = std::min(end, at + kBookGrid * stride);
    auto next = shown_book(market, contract.symbol, at);
    if (!next) break;
    bids.step(next->book.bids);
    asks.step(next->book.asks);
    shown = std::move(next);
  }
  if (!shown) return;
  channel.book = shown;
  const auto changed_bids = bids.result(true);
  const auto changed_asks = asks.result(false);
  if (changed_bids.empty() && changed_asks.empty()) return;
  const payload::DepthIds ids{channel.last_update + 1, shown->update_id(), channel.last_update};
  channel.last_update = ids.last;
  emit(channel, payload::depth(contract, changed_bids, changed_asks, ids, shown->at, now));
}

void MarketStreams::tick_partial_depth(Channel& channel, const Contract& contract, TimePoint now) {
  auto shown = shown_book(parts_.venue.market(), contract.symbol, now);
  if (!shown) return;
  const auto levels = static_cast<std::size_t>(channel.spec.levels);
  for (auto* side : {&shown->book.bids, &shown->book.asks})
    if (side->size() > levels) side->resize(levels);
  if (channel.book && channel.book->book.bids == shown->book.bids &&
      channel.book->book.asks == shown->book.asks)
    return;
  const auto before =
      channel.book ? channel.book->update_id() : to_ms(shown->at - channel.spec.period) * 10;
  const payload::DepthIds ids{before + 1, shown->update_id(), before};
  emit(channel, payload::depth(contract, shown->book.bids, shown->book.asks, ids, shown->at, now));
  channel.book = std::move(shown);
}

void MarketStreams::tick_all(Channel& channel, TimePoint now) {
  const auto& market = parts_.venue.market();
  switch (channel.spec.kind) {
    case Kind::mark_price_all:
      return tick_mark_prices(channel, now);
    case Kind::contract_info:
      return tick_contract_info(channel, now);
    case Kind::ticker_all:
    case Kind::mini_ticker_all:
    case Kind::book_ticker_all:
      break;
    default:
      return tick_other(channel, now);
  }
  std::string array = "[";
  for (const auto& rules : parts_.venue.live_rules(now)) {
    const auto& contract = parts_.venue.contract(rules.symbol);
    payload::Stamped text;
    if (channel.spec.kind == Kind::book_ticker_all) {
      const auto shown = shown_book(market, rules.symbol, now);
      if (!shown) continue;
      text = payload::book_ticker(contract, *shown);
      auto figures = text;
      figures.tail = figures.tail.substr(figures.tail.find(R"("s":)"));  // without T
      if (is_news(channel, rules.symbol, figures)) emit(channel, text.text(now));
      continue;
    }
    const auto ticker = market.ticker(rules.symbol, now);
    if (!ticker) continue;
    text = channel.spec.kind == Kind::ticker_all ? payload::ticker(market, contract, *ticker, now)
                                                 : payload::mini_ticker(contract, *ticker);
    if (!is_news(channel, rules.symbol, text)) continue;
    if (array.size() > 1) array += ',';
    array += text.text(now);
  }
  if (array.size() > 1) emit(channel, array + "]");
}

void MarketStreams::tick_mark_prices(Channel& channel, TimePoint now) {
  JsonWriter usual, tradfi;
  usual.begin_array();
  tradfi.begin_array();
  for (const auto& rules : parts_.venue.live_rules(now))
    payload::mark_price(rules.contract == ContractType::tradfi_perpetual ? tradfi : usual,
                        parts_.venue.market(), rules.symbol, now);
  for (auto* json : {&usual, &tradfi}) {
    json->end_array();
    if (json->str() != "[]") emit(channel, json->str());
  }
}

void MarketStreams::tick_contract_info(Channel& channel, TimePoint now) {
  for (const auto& rules : parts_.venue.market().rules(now)) {
    const auto [it, is_new] = channel.statuses.try_emplace(rules.symbol, rules.status);
    if (!is_new && it->second == rules.status) continue;
    it->second = rules.status;
    emit(channel, payload::contract_info(rules, now));
  }
}

void MarketStreams::tick_other(Channel& channel, TimePoint now) {
  constexpr std::string_view kAsset = "USDTUSD";
  JsonWriter json;
  switch (channel.spec.kind) {
    case Kind::asset_index_all:
      json.begin_array();
      payload::asset_index(json, kAsset, now);
      json.end_array();
      return emit(channel, json.str());
    case Kind::asset_index:
      if (channel.spec.symbol != kAsset) return;
      payload::asset_index(json, kAsset, now);
      return emit(channel, json.str());
    case Kind::composite_index:
      if (channel.spec.symbol != "DEFIUSDT" && channel.spec.symbol != "BTCDOMUSDT") return;
      if (const auto* contract = parts_.venue.find_contract(channel.spec.symbol, now))
        emit(channel, payload::composite_index(contract->symbol, parts_.venue.market(), now));
      return;
    case Kind::trading_session:
      for (const auto* event : {"EquityUpdate", "CommodityUpdate", "KR_EquityUpdate",
                                "HK_EquityUpdate", "CN_EquityUpdate", "FXUpdate"})
        emit(channel, payload::trading_session(event, now));
      return;
    default:
      return;
  }
}

}  // namespace bb::paper
