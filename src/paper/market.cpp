#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "paper/handlers.h"
#include "paper/page.h"
#include "paper/premium.h"
#include "paper/shown_book.h"
#include "sim/tape.h"

namespace bb::paper {

namespace {

using net::JsonWriter;

/// One object for ?symbol=, an array of all without it. `write` leaves a contract out by returning
/// without writing.
template <class Write>
Reply one_or_all(Call& call, Write write, const std::vector<Symbol>& also = {}) {
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
  for (const Symbol symbol : also)
    write(json, call.venue.contract(symbol));
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

Reply write_depth(Call& call, const Contract& contract, std::size_t levels) {
  const auto shown = shown_book(call.venue.market(), contract.symbol, call.now);
  if (!shown) return refuse(-1121, "Invalid symbol.");
  JsonWriter json;
  json.begin_object()
      .field("lastUpdateId", shown->update_id())
      .field("E", to_ms(call.now))
      .field("T", to_ms(shown->at));
  json.key("bids");
  write_levels(json, contract, shown->book.bids, levels);
  json.key("asks");
  write_levels(json, contract, shown->book.asks, levels);
  json.end_object();
  return ok(json);
}

void write_ticker(JsonWriter& json, Call& call, const Contract& contract,
                  const sim::Ticker24h& ticker) {
  const auto newest = sim::Tape(call.venue.market()).newest(contract.symbol, call.now);
  // Recorded: the 24 hours begin with a whole minute.
  const TimePoint open_time = std::chrono::floor<Minutes>(ticker.open_time);
  const auto first_id = sim::Tape::first_row_at(contract.symbol, open_time);
  const auto last_id = std::max(newest ? newest->id : first_id, first_id);
  const int places = contract.price_places;
  json.begin_object()
      .field("symbol", contract.symbol.str())
      .field("priceChange", padded(ticker.last - ticker.open, places))
      .field("priceChangePercent", rounded(change_percent(ticker), 3))
      .field("weightedAvgPrice", rounded(average_price(ticker), places))
      .field("lastPrice", padded(ticker.last, places))
      .field("lastQty", padded(newest ? newest->qty : Qty(), contract.qty_places))
      .field("openPrice", padded(ticker.open, places))
      .field("highPrice", padded(ticker.high, places))
      .field("lowPrice", padded(ticker.low, places))
      .field("volume", rounded(ticker.volume, contract.qty_places))
      .field("quoteVolume", rounded(ticker.quote_volume, 2))
      .field("openTime", to_ms(open_time))
      .field("closeTime", to_ms(ticker.close_time))
      .field("firstId", first_id)
      .field("lastId", last_id)
      .field("count", last_id - first_id + 1)
      .end_object();
}

void write_funding(JsonWriter& json, Call& call, Symbol symbol,
                   const sim::Market::Funding& funding) {
  const auto mark = call.venue.market().mark(symbol, funding.time);
  json.begin_object()
      .field("symbol", symbol.str())
      .field("fundingTime", to_ms(funding.time))
      .field("fundingRate", eight(funding.rate))
      .field("markPrice", mark ? eight(*mark) : "")
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
  for (const auto& asset : kMarginAssets)
    json.begin_object()
        .field("asset", asset.name)
        .field("marginAvailable", true)
        .field("autoAssetExchange", asset.auto_exchange)
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
  return write_depth(call, *contract, static_cast<std::size_t>(limit));
}

// Nobody on a paper exchange posts orders against people alone: the same book.
Reply rpi_depth(Call& call) {
  const auto* contract = call.required_symbol();
  const auto limit = call.params.optional_integer("limit").value_or(1000);
  if (call.params.error()) return refuse(*call.params.error());
  if (limit != 1000) return refuse(-4021, fmt::format("'{}' is not valid depth limit.", limit));
  return write_depth(call, *contract, 1000);
}

// Recorded: delisted contracts stay in the list with their last mark, without rate and settle
// price; the interest rate is that of the contract's own funding interval.
Reply premium_index(Call& call) {
  const auto& market = call.venue.market();
  const auto& closed = call.venue.closed_contracts(call.now);
  const auto write = [&](JsonWriter& json, const Contract& contract) {
    const auto mark = market.mark(contract.symbol, call.now);
    if (!mark) return;
    auto funding = market.next_funding(contract.symbol, call.now);
    const bool is_closed = std::ranges::find(closed, contract.symbol) != closed.end();
    if (is_closed) funding.rate = {};
    const Price index = index_price(*mark, premium_of(market, contract.symbol, call.now));
    json.begin_object()
        .field("symbol", contract.symbol.str())
        .field("markPrice", eight(*mark))
        .field("indexPrice", eight(index))
        .field("estimatedSettlePrice", eight(is_closed ? Price() : index))
        .field("lastFundingRate", eight(funding.rate))
        .field("interestRate", eight(interest_rate(market, contract.symbol, call.now)))
        .field("nextFundingTime", to_ms(funding.time))
        .field("time", to_ms(call.now) / 1000 * 1000)
        .end_object();
  };
  return one_or_all(call, write, closed);
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
  JsonWriter json;
  json.begin_array();
  for (const auto& [symbol, funding] : page(rows, from.has_value(), limit))
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
        .field("adjustedFundingRateCap", eight(kFundingCap))
        .field("adjustedFundingRateFloor", eight(-kFundingCap))
        .field("fundingIntervalHours", std::int64_t{hours})
        .field("disclaimer", false)
        .field("updateTime", to_ms(rules.onboard_time))
        .end_object();
  }
  json.end_array();
  return ok(json);
}

Reply ticker_24h(Call& call) {
  return one_or_all(call, [&](JsonWriter& json, const Contract& contract) {
    const auto ticker = call.venue.market().ticker(contract.symbol, call.now);
    if (ticker) write_ticker(json, call, contract, *ticker);
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
