#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ranges>

#include "paper/handlers.h"
#include "paper/shown_book.h"

namespace bb::paper {

namespace {

using net::JsonWriter;

std::string fixed(double value, int places) { return fmt::format("{:.{}f}", value, places); }

/// One object for ?symbol=, an array of all without it. `write` leaves a contract out by returning
/// without writing.
template <class Write>
Reply one_or_all(Call& call, Write write) {
  const auto* contract = call.optional_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  JsonWriter json;
  if (contract) {
    write(json, *contract);
    if (json.str().empty()) return refuse(-1121, "Invalid symbol.");
    return ok(json);
  }
  json.begin_array();
  for (const auto& rules : call.venue.live_rules(call.now))
    write(json, call.venue.contract(rules.symbol));
  json.end_array();
  return ok(json);
}

void write_levels(JsonWriter& json, const Contract& contract,
                  const std::vector<sim::BookLevel>& side, std::size_t levels) {
  json.begin_array();
  for (const auto& level : side | std::views::take(levels)) {
    json.begin_array()
        .value(padded(level.price, contract.price_places))
        .value(padded(level.qty, contract.qty_places))
        .end_array();
  }
  json.end_array();
}

void write_kline(JsonWriter& json, const Contract& contract, const exchange::Kline& bar,
                 Millis interval) {
  const auto price = [&](Price p) { return padded(p, contract.price_places); };
  json.begin_array()
      .value(to_ms(bar.open_time))
      .value(price(bar.open))
      .value(price(bar.high))
      .value(price(bar.low))
      .value(price(bar.close))
      .value(fixed(bar.volume, contract.qty_places))
      .value(to_ms(bar.open_time + interval) - 1)
      .value(fixed(bar.quote_volume, 5))
      .value(static_cast<std::int64_t>(bar.quote_volume / 500))
      .value(fixed(bar.volume / 2, contract.qty_places))
      .value(fixed(bar.quote_volume / 2, 5))
      .value("0")
      .end_array();
}

void write_ticker(JsonWriter& json, const Contract& contract, const sim::Ticker24h& ticker) {
  const int places = contract.price_places;
  const double open = ticker.open.value().to_double();
  const double change = ticker.last.value().to_double() - open;
  const double average =
      ticker.volume > 0 ? ticker.quote_volume / ticker.volume : ticker.last.value().to_double();
  json.begin_object()
      .field("symbol", contract.symbol.str())
      .field("priceChange", padded(ticker.last - ticker.open, places))
      .field("priceChangePercent", fixed(open > 0 ? change / open * 100 : 0, 3))
      .field("weightedAvgPrice", fixed(average, places))
      .field("lastPrice", padded(ticker.last, places))
      .field("lastQty", fixed(std::pow(10, -contract.qty_places), contract.qty_places))
      .field("openPrice", padded(ticker.open, places))
      .field("highPrice", padded(ticker.high, places))
      .field("lowPrice", padded(ticker.low, places))
      .field("volume", fixed(ticker.volume, contract.qty_places))
      .field("quoteVolume", fixed(ticker.quote_volume, 2))
      .field("openTime", to_ms(ticker.open_time))
      .field("closeTime", to_ms(ticker.close_time))
      .field("firstId", std::int64_t{1})
      .field("lastId", ticker.count)
      .field("count", ticker.count)
      .end_object();
}

void write_funding(JsonWriter& json, Call& call, Symbol symbol,
                   const sim::Market::Funding& funding) {
  const auto mark = call.venue.market().mark(symbol, funding.time);
  json.begin_object()
      .field("symbol", symbol.str())
      .field("fundingTime", to_ms(funding.time))
      .field("fundingRate", funding.rate.value().str_fixed(8))
      .field("markPrice", mark ? mark->value().str_fixed(8) : "")
      .field("rateType", "Regular")
      .end_object();
}

}  // namespace

Reply ping(Call&) { return Reply{200, "{}"}; }

Reply server_time(Call& call) {
  JsonWriter json;
  json.begin_object().field("serverTime", to_ms(call.now + call.venue.skew())).end_object();
  return ok(json);
}

Reply exchange_info(Call& call) {
  const auto& limits = call.venue.options().limits;
  const auto limit = [](JsonWriter& json, std::string_view type, std::string_view interval,
                        int number, int value) {
    json.begin_object()
        .field("rateLimitType", type)
        .field("interval", interval)
        .field("intervalNum", number)
        .field("limit", value)
        .end_object();
  };
  JsonWriter json;
  json.begin_object()
      .field("timezone", "UTC")
      .field("serverTime", to_ms(call.now))
      .field("futuresType", "U_MARGINED");
  json.key("rateLimits").begin_array();
  limit(json, "REQUEST_WEIGHT", "MINUTE", 1, limits.weight_per_minute);
  limit(json, "ORDERS", "MINUTE", 1, limits.orders_per_minute);
  limit(json, "ORDERS", "SECOND", 10, limits.orders_per_10s);
  json.end_array();
  json.key("exchangeFilters").begin_array().end_array();
  json.key("assets").begin_array();
  json.begin_object()
      .field("asset", "USDT")
      .field("marginAvailable", true)
      .field("autoAssetExchange", "-10000")
      .end_object();
  json.end_array();
  json.key("symbols").raw(call.venue.symbols_json(call.now));
  json.end_object();
  return ok(json);
}

Reply depth(Call& call) {
  const auto* contract = call.required_symbol();
  const auto limit = call.params.optional_integer("limit").value_or(500);
  if (call.params.error()) return refuse(*call.params.error());
  static constexpr std::int64_t kLimits[] = {5, 10, 20, 50, 100, 500, 1000};
  if (std::ranges::find(kLimits, limit) == std::end(kLimits))
    return refuse(-4021, fmt::format("'{}' is not valid depth limit.", limit));
  const auto shown = shown_book(call.venue.market(), contract->symbol, call.now);
  if (!shown) return refuse(-1121, "Invalid symbol.");
  JsonWriter json;
  json.begin_object()
      .field("lastUpdateId", shown->update_id())
      .field("E", to_ms(call.now))
      .field("T", to_ms(shown->at));
  const auto levels = static_cast<std::size_t>(limit);
  json.key("bids");
  write_levels(json, *contract, shown->book.bids, levels);
  json.key("asks");
  write_levels(json, *contract, shown->book.asks, levels);
  json.end_object();
  return ok(json);
}

Reply klines(Call& call) {
  const auto* contract = call.required_symbol();
  const auto interval_text = call.params.required("interval");
  const auto interval = parse_interval(interval_text);
  if (!interval_text.empty() && !interval) call.params.complain(-1120, "Invalid interval.");
  const auto from = call.params.optional_time("startTime");
  const auto to = call.params.optional_time("endTime");
  const auto limit = call.params.limit(500, 1500);
  if (from && to && *from > *to)
    call.params.complain(-1023, "Start time is greater than end time.");
  if (call.params.error()) return refuse(*call.params.error());
  const TimePoint end = to.value_or(call.now);
  // Without a start: the newest bars.
  const auto span = *interval * (static_cast<std::int64_t>(limit) - 1);
  const TimePoint newest =
      from_ms(to_ms(std::min(end, call.now)) / interval->count() * interval->count());
  const TimePoint start = from.value_or(newest - span);
  JsonWriter json;
  json.begin_array();
  for (const auto& bar :
       call.venue.market().klines(contract->symbol, *interval, start, end, limit, call.now))
    write_kline(json, *contract, bar, *interval);
  json.end_array();
  return ok(json);
}

Reply premium_index(Call& call) {
  const auto& market = call.venue.market();
  return one_or_all(call, [&](JsonWriter& json, const Contract& contract) {
    const auto mark = market.mark(contract.symbol, call.now);
    if (!mark) return;
    const auto funding = market.next_funding(contract.symbol, call.now);
    json.begin_object()
        .field("symbol", contract.symbol.str())
        .field("markPrice", mark->value().str_fixed(8))
        .field("indexPrice", mark->value().str_fixed(8))
        .field("estimatedSettlePrice", mark->value().str_fixed(8))
        .field("lastFundingRate", funding.rate.value().str_fixed(8))
        .field("interestRate", "0.00010000")
        .field("nextFundingTime", to_ms(funding.time))
        .field("time", to_ms(call.now) / 1000 * 1000)
        .end_object();
  });
}

Reply funding_rate(Call& call) {
  const auto* contract = call.optional_symbol();
  const auto from = call.params.optional_time("startTime");
  const auto to = call.params.optional_time("endTime");
  const auto limit = call.params.limit(100, 1000);
  if (from && to && *from > *to)
    call.params.complain(-1023, "Start time is greater than end time.");
  if (call.params.error()) return refuse(*call.params.error());
  const TimePoint end = std::min(to.value_or(call.now), call.now);
  const TimePoint start = from.value_or(end - Hours(8) * (contract ? limit : 1));

  std::vector<std::pair<Symbol, sim::Market::Funding>> rows;
  const auto collect = [&](Symbol symbol) {
    for (const auto& funding : call.venue.market().funding(symbol, start - Millis(1), end))
      rows.emplace_back(symbol, funding);
  };
  if (contract) {
    collect(contract->symbol);
  } else {
    for (const auto& rules : call.venue.live_rules(call.now))
      collect(rules.symbol);
    std::ranges::sort(rows, {},
                      [](const auto& row) { return std::pair(row.second.time, row.first); });
  }
  if (rows.size() > limit) {
    const auto surplus = static_cast<std::ptrdiff_t>(rows.size() - limit);
    if (from) {
      rows.erase(rows.end() - surplus, rows.end());
    } else {
      rows.erase(rows.begin(), rows.begin() + surplus);
    }
  }
  JsonWriter json;
  json.begin_array();
  for (const auto& [symbol, funding] : rows)
    write_funding(json, call, symbol, funding);
  json.end_array();
  return ok(json);
}

Reply funding_info(Call& call) {
  const auto& market = call.venue.market();
  JsonWriter json;
  json.begin_array();
  for (const auto& rules : call.venue.live_rules(call.now)) {
    const auto next = market.next_funding(rules.symbol, call.now);
    const auto after = market.next_funding(rules.symbol, next.time);
    const auto hours = std::chrono::round<Hours>(after.time - next.time).count();
    if (hours == 8) continue;
    json.begin_object()
        .field("symbol", rules.symbol.str())
        .field("adjustedFundingRateCap", "0.02000000")
        .field("adjustedFundingRateFloor", "-0.02000000")
        .field("fundingIntervalHours", std::int64_t{hours})
        .field("disclaimer", false)
        .end_object();
  }
  json.end_array();
  return ok(json);
}

Reply ticker_24h(Call& call) {
  return one_or_all(call, [&](JsonWriter& json, const Contract& contract) {
    const auto ticker = call.venue.market().ticker(contract.symbol, call.now);
    if (ticker) write_ticker(json, contract, *ticker);
  });
}

Reply ticker_price(Call& call) {
  return one_or_all(call, [&](JsonWriter& json, const Contract& contract) {
    const auto last = call.venue.market().last(contract.symbol, call.now);
    if (!last) return;
    json.begin_object()
        .field("symbol", contract.symbol.str())
        .field("price", padded(last->price, contract.price_places))
        .field("time", to_ms(last->time))
        .end_object();
  });
}

Reply book_ticker(Call& call) {
  return one_or_all(call, [&](JsonWriter& json, const Contract& contract) {
    const auto shown = shown_book(call.venue.market(), contract.symbol, call.now);
    if (!shown) return;
    const auto& bid = shown->book.bids.front();
    const auto& ask = shown->book.asks.front();
    json.begin_object()
        .field("symbol", contract.symbol.str())
        .field("bidPrice", padded(bid.price, contract.price_places))
        .field("bidQty", padded(bid.qty, contract.qty_places))
        .field("askPrice", padded(ask.price, contract.price_places))
        .field("askQty", padded(ask.qty, contract.qty_places))
        .field("time", to_ms(shown->at))
        .end_object();
  });
}

}  // namespace bb::paper
