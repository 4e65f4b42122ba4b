#include "paper/stream_payloads.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "paper/premium.h"

namespace bb::paper::payload {

namespace {

using net::JsonWriter;

constexpr int kUm = 1;  // `st`: USDⓈ-M

std::string fixed(double value, int places) { return fmt::format("{:.{}f}", value, places); }

JsonWriter begin(std::string_view event, TimePoint now) {
  JsonWriter json;
  json.begin_object().field("e", event).field("E", to_ms(now));
  return json;
}

/// The object after its event name, to be cut where E stands.
Stamped stamped(std::string_view event, const JsonWriter& rest) {
  return {fmt::format(R"({{"e":"{}","E":)", event), "," + rest.str().substr(1)};
}

void write_levels(JsonWriter& json, const Contract& contract,
                  const std::vector<sim::BookLevel>& levels) {
  json.begin_array();
  for (const auto& level : levels)
    json.begin_array()
        .value(padded(level.price, contract.price_places))
        .value(padded(level.qty, contract.qty_places))
        .end_array();
  json.end_array();
}

}  // namespace

std::string agg_trade(const Contract& contract, const sim::TapeGroup& group, TimePoint now) {
  auto json = begin("aggTrade", now);
  const auto qty = padded(group.qty, contract.qty_places);
  json.field("a", group.id)
      .field("s", contract.symbol.str())
      .field("p", padded(group.price, contract.price_places))
      .field("q", qty)
      .field("nq", qty)
      .field("f", group.first)
      .field("l", group.last)
      .field("T", to_ms(group.time))
      .field("m", group.buyer_is_maker)
      .field("st", kUm)
      .end_object();
  return json.take();
}

std::string trade(const Contract& contract, const sim::TapeRow& row, TimePoint now) {
  auto json = begin("trade", now);
  json.field("T", to_ms(row.time))
      .field("s", contract.symbol.str())
      .field("t", row.id)
      .field("p", padded(row.price, contract.price_places))
      .field("q", padded(row.qty, contract.qty_places))
      .field("X", "MARKET")
      .field("m", row.buyer_is_maker)
      .end_object();
  return json.take();
}

void mark_price(JsonWriter& json, const sim::Market& market, Symbol symbol, TimePoint now) {
  const auto mark = market.mark(symbol, now);
  if (!mark) return;
  const auto funding = market.next_funding(symbol, now);
  const auto text = eight(*mark);
  const auto index = eight(index_price(*mark, premium_of(market, symbol, now)));
  json.begin_object()
      .field("e", "markPriceUpdate")
      .field("E", to_ms(now))
      .field("s", symbol.str())
      .field("p", text)
      .field("ap", text)
      .field("P", index)
      .field("i", index)
      .field("r", funding.rate.value().str_fixed(8))
      .field("T", to_ms(funding.time))
      .field("st", kUm)
      .end_object();
}

Stamped mini_ticker(const Contract& contract, const sim::Ticker24h& ticker) {
  JsonWriter json;
  json.begin_object()
      .field("s", contract.symbol.str())
      .field("c", padded(ticker.last, contract.price_places))
      .field("o", padded(ticker.open, contract.price_places))
      .field("h", padded(ticker.high, contract.price_places))
      .field("l", padded(ticker.low, contract.price_places))
      .field("v", fixed(ticker.volume, contract.qty_places))
      .field("q", fixed(ticker.quote_volume, 2))
      .field("ps", contract.symbol.str())
      .field("st", kUm)
      .end_object();
  return stamped("24hrMiniTicker", json);
}

Stamped ticker(const sim::Market& market, const Contract& contract, const sim::Ticker24h& ticker,
               TimePoint now) {
  const auto newest = sim::Tape(market).newest(contract.symbol, now);
  // As over REST: the 24 hours begin with a whole minute.
  const TimePoint open_time = std::chrono::floor<Minutes>(ticker.open_time);
  const auto first = sim::Tape::first_row_at(contract.symbol, open_time);
  const auto last = std::max(newest ? newest->id : first, first);
  const int places = contract.price_places;
  JsonWriter json;
  json.begin_object()
      .field("s", contract.symbol.str())
      .field("p", padded(ticker.last - ticker.open, places))
      .field("P", fixed(change_percent(ticker), 3))
      .field("w", fixed(average_price(ticker), places))
      .field("c", padded(ticker.last, places))
      .field("Q", padded(newest ? newest->qty : Qty(), contract.qty_places))
      .field("o", padded(ticker.open, places))
      .field("h", padded(ticker.high, places))
      .field("l", padded(ticker.low, places))
      .field("v", fixed(ticker.volume, contract.qty_places))
      .field("q", fixed(ticker.quote_volume, 2))
      .field("O", to_ms(open_time))
      .field("C", to_ms(ticker.close_time))
      .field("F", first)
      .field("L", last)
      .field("n", last - first + 1)
      .field("ps", contract.symbol.str())
      .field("st", kUm)
      .end_object();
  return stamped("24hrTicker", json);
}

Stamped book_ticker(const Contract& contract, const ShownBook& shown) {
  const auto side = [&](const std::vector<sim::BookLevel>& levels, const char* price,
                        const char* qty, JsonWriter& json) {
    const auto best = levels.empty() ? sim::BookLevel() : levels.front();
    json.field(price, padded(best.price, contract.price_places))
        .field(qty, padded(best.qty, contract.qty_places));
  };
  JsonWriter json;
  json.begin_object();
  json.field("T", to_ms(shown.at)).field("s", contract.symbol.str());
  side(shown.book.bids, "b", "B", json);
  side(shown.book.asks, "a", "A", json);
  json.field("ps", contract.symbol.str()).field("st", kUm).end_object();
  auto text = stamped("bookTicker", json);
  text.head = fmt::format(R"({{"e":"bookTicker","u":{},"E":)", shown.update_id());
  return text;
}

Stamped kline(const Contract& contract, const exchange::Kline& bar, TimePoint next,
              std::string_view interval_word, bool closed, std::string_view contract_type,
              TimePoint walked) {
  const int places = contract.price_places;
  const auto close_time = next - Millis(1);
  const auto first = sim::Tape::first_row_at(contract.symbol, bar.open_time);
  const auto behind =
      sim::Tape::first_row_at(contract.symbol, std::min(walked, close_time) + Millis(1));
  JsonWriter json;
  json.begin_object();
  const bool continuous = !contract_type.empty();
  if (continuous) {
    json.field("ps", contract.symbol.str()).field("ct", contract_type);
  } else {
    json.field("s", contract.symbol.str());
  }
  json.key("k").begin_object().field("t", to_ms(bar.open_time)).field("T", to_ms(close_time));
  if (!continuous) json.field("s", contract.symbol.str());
  json.field("i", interval_word)
      .field("f", first)
      .field("L", std::max(first, behind - 1))
      .field("o", padded(bar.open, places))
      .field("c", padded(bar.close, places))
      .field("h", padded(bar.high, places))
      .field("l", padded(bar.low, places))
      .field("v", fixed(bar.volume, contract.qty_places))
      .field("n", behind - first)
      .field("x", closed)
      .field("q", fixed(bar.quote_volume, 5))
      .field("V", fixed(bar.volume / 2, contract.qty_places))
      .field("Q", fixed(bar.quote_volume / 2, 5))
      .field("B", "0")
      .end_object()
      .end_object();
  return stamped(continuous ? "continuous_kline" : "kline", json);
}

std::string depth(const Contract& contract, const std::vector<sim::BookLevel>& bids,
                  const std::vector<sim::BookLevel>& asks, DepthIds ids, TimePoint at,
                  TimePoint now) {
  auto json = begin("depthUpdate", now);
  json.field("T", to_ms(at))
      .field("s", contract.symbol.str())
      .field("U", ids.first)
      .field("u", ids.last)
      .field("pu", ids.before);
  json.key("b");
  write_levels(json, contract, bids);
  json.key("a");
  write_levels(json, contract, asks);
  json.field("ps", contract.symbol.str()).field("st", kUm).end_object();
  return json.take();
}

std::string force_order(const Contract& contract, const ForcedTrade& trade, TimePoint now) {
  auto json = begin("forceOrder", now);
  json.key("o")
      .begin_object()
      .field("s", contract.symbol.str())
      .field("S", trade.side)
      .field("o", "LIMIT")
      .field("f", "IOC")
      .field("q", padded(trade.qty, contract.qty_places))
      .field("p", padded(trade.price, contract.price_places))
      .field("ap", padded(trade.average, contract.price_places))
      .field("X", trade.whole ? "FILLED" : "PARTIALLY_FILLED")
      .field("l", padded(trade.last_qty, contract.qty_places))
      .field("z", padded(trade.filled, contract.qty_places))
      .field("T", to_ms(trade.time))
      .field("ps", contract.symbol.str())
      .field("st", kUm)
      .end_object()
      .end_object();
  return json.take();
}

std::string contract_info(const SymbolRules& rules, TimePoint now) {
  auto json = begin("contractInfo", now);
  json.field("s", rules.symbol.str())
      .field("ps", rules.symbol.str())
      .field("ct", word(rules.contract))
      .field("dt", to_ms(rules.delivery_time))
      .field("ot", to_ms(rules.onboard_time))
      .field("cs", word(rules.status))
      .field("st", kUm)
      .end_object();
  return json.take();
}

void asset_index(JsonWriter& json, std::string_view name, TimePoint now) {
  json.begin_object()
      .field("e", "assetIndexUpdate")
      .field("E", to_ms(now))
      .field("s", name)
      .field("i", "1.00000000")
      .field("b", "0.00100000")
      .field("a", "0.00100000")
      .field("B", "0.99900000")
      .field("A", "1.00100000")
      .field("q", "0.00050000")
      .field("g", "0.00050000")
      .field("Q", "0.99950000")
      .field("G", "1.00050000")
      .end_object();
}

std::string composite_index(Symbol symbol, const sim::Market& market, TimePoint now) {
  const auto price = market.mark(symbol, now);
  if (!price) return {};
  const auto text = price->value().str_fixed(8);
  const auto base = symbol.str().substr(0, symbol.str().size() - 4);
  auto json = begin("compositeIndex", now);
  json.field("s", symbol.str()).field("p", text).field("C", "baseAsset").key("c").begin_array();
  json.begin_object()
      .field("b", base)
      .field("q", "USDT")
      .field("w", "1.00000000")
      .field("W", "1.00000000")
      .field("i", text)
      .end_object();
  json.end_array().end_object();
  return json.take();
}

std::string trading_session(std::string_view event, TimePoint now) {
  // Sessions of a working day by UTC minutes: before, regular, after, overnight.
  struct Session {
    std::int64_t begin, end;
    std::string_view name;
  };
  static constexpr std::array<Session, 4> kSessions = {{{0, 480, "OVERNIGHT"},
                                                        {480, 810, "PRE_MARKET"},
                                                        {810, 1200, "REGULAR"},
                                                        {1200, 1440, "AFTER_MARKET"}}};
  const auto day = utc_midnight(now);
  const auto weekday = (day.time_since_epoch() / std::chrono::days(1) + 4) % 7;  // 0 = Sunday
  const auto minute = (now - day) / Minutes(1);
  Session session{0, 1440, "NO_TRADING"};
  if (weekday != 0 && weekday != 6)
    for (const auto& candidate : kSessions)
      if (minute >= candidate.begin && minute < candidate.end) session = candidate;
  auto json = begin(event, now);
  json.field("t", to_ms(day + Minutes(session.begin)))
      .field("T", to_ms(day + Minutes(session.end)))
      .field("S", session.name)
      .end_object();
  return json.take();
}

}  // namespace bb::paper::payload
