#include "paper/live_wire.h"

#include <algorithm>
#include <cmath>

#include "net/json.h"

namespace bb::paper::live {

namespace {

using net::JsonError;
using net::JsonView;

const Decimal kHighestPrice = Decimal::from_int(1'000'000'000);
const Decimal kLargestQty = Decimal::from_int(50'000'000'000);
constexpr double kLargestSum = 1e18;
constexpr std::int64_t kLastMoment = 32'503'680'000'000;  // 3000-01-01
constexpr TimePoint kNoDelivery = from_ms(4'133'404'800'000);

Price price_of(JsonView value) {
  const Decimal price = value.decimal(Rounding::nearest);
  if (!price.is_positive() || price > kHighestPrice) throw JsonError("a price that is none");
  return Price(price);
}

Qty qty_of(JsonView value) {
  const Decimal qty = value.decimal(Rounding::down);
  if (qty.is_negative() || qty > kLargestQty) throw JsonError("a quantity that is none");
  return Qty(qty);
}

Ratio ratio_of(JsonView value) {
  const Decimal ratio = value.decimal(Rounding::nearest);
  if (ratio.abs() > Decimal::from_int(10)) throw JsonError("a rate that is none");
  return Ratio(ratio);
}

double sum_of(JsonView value) {
  const double sum = value.number();
  if (!std::isfinite(sum) || sum < 0 || sum > kLargestSum) throw JsonError("a sum that is none");
  return sum;
}

TimePoint time_of(JsonView value) {
  const std::int64_t ms = value.integer();
  if (ms < 0 || ms > kLastMoment) throw JsonError("a time that is none");
  return from_ms(ms);
}

std::int64_t count_of(JsonView value) {
  const std::int64_t count = value.integer();
  if (count < 0) throw JsonError("a count below zero");
  return count;
}

LotRule lot_of(JsonView filter) {
  return {qty_of(filter.at("minQty")), qty_of(filter.at("maxQty")), qty_of(filter.at("stepSize"))};
}

SymbolStatus status_of(std::string_view word) {
  if (word == "TRADING") return SymbolStatus::trading;
  if (word == "PENDING_TRADING") return SymbolStatus::pending;
  if (word == "CLOSE" || word == "DELIVERED") return SymbolStatus::closed;
  if (word == "SETTLING" || word == "DELIVERING" || word == "PRE_DELIVERING" ||
      word == "PRE_SETTLE")
    return SymbolStatus::settling;
  return SymbolStatus::halted;
}

void read_filter(JsonView filter, SymbolRules& rules) {
  const auto type = filter.at("filterType").text();
  if (type == "PRICE_FILTER") {
    rules.tick = price_of(filter.at("tickSize"));
    rules.min_price = Price(filter.at("minPrice").decimal(Rounding::up));
    rules.max_price = price_of(filter.at("maxPrice"));
  } else if (type == "LOT_SIZE") {
    rules.lot = lot_of(filter);
  } else if (type == "MARKET_LOT_SIZE") {
    rules.market_lot = lot_of(filter);
  } else if (type == "MAX_NUM_ORDERS") {
    rules.max_orders =
        static_cast<int>(std::clamp<std::int64_t>(filter.at("limit").integer(), 1, 10'000));
  } else if (type == "MIN_NOTIONAL") {
    rules.min_notional = Usdt(qty_of(filter.at("notional")).value());
  } else if (type == "PERCENT_PRICE") {
    rules.price_up = ratio_of(filter.at("multiplierUp"));
    rules.price_down = ratio_of(filter.at("multiplierDown"));
  }
}

bool is_followed(JsonView row) {
  if (row.at("quoteAsset").text() != "USDT" || row.at("marginAsset").text() != "USDT") return false;
  const auto contract = row.at("contractType").text();
  return contract == "PERPETUAL" || contract == "TRADIFI_PERPETUAL";
}

int places_of(JsonView value) {
  const std::int64_t places = value.integer();
  if (places < 0 || places > 8) throw JsonError("decimals beyond eight");
  return static_cast<int>(places);
}

SymbolRules read_rules(JsonView row) {
  SymbolRules rules;
  const auto name = row.at("symbol").text();
  if (name.empty() || name.size() > 64) throw JsonError("a name that is none");
  rules.symbol = Symbol(name);
  rules.status = status_of(row.at("status").text());
  rules.contract = row.at("contractType").text() == "PERPETUAL" ? ContractType::perpetual
                                                                : ContractType::tradfi_perpetual;
  rules.base_asset = row.at("baseAsset").text();
  rules.quote_asset = rules.margin_asset = "USDT";
  rules.underlying_type = row.at("underlyingType").text();
  rules.is_coin = rules.underlying_type == "COIN" || rules.underlying_type == "PREMARKET";
  if (row.has("underlyingSubType"))
    row.at("underlyingSubType").for_each([&](JsonView word) {
      rules.underlying_sub_types.emplace_back(word.text());
    });
  rules.price_precision = places_of(row.at("pricePrecision"));
  rules.qty_precision = places_of(row.at("quantityPrecision"));
  rules.onboard_time = time_of(row.at("onboardDate"));
  const TimePoint delivery = time_of(row.at("deliveryDate"));
  rules.delivery_time = delivery == TimePoint{} ? kNoDelivery : delivery;
  rules.market_take_bound = ratio_of(row.at("marketTakeBound"));
  rules.liquidation_fee = ratio_of(row.at("liquidationFee"));
  row.at("filters").for_each([&](JsonView filter) { read_filter(filter, rules); });
  if (!rules.tick.is_positive() || !rules.lot.step.is_positive() ||
      !rules.market_lot.step.is_positive())
    throw JsonError(rules.symbol.str() + " has no tick or no step");
  return rules;
}

// Names of figures: the REST's and the streams'.
struct TickerNames {
  const char *last, *open, *high, *low, *volume, *quote, *opened, *closed, *count;
};
constexpr TickerNames kRestTicker = {"lastPrice",   "openPrice", "highPrice", "lowPrice", "volume",
                                     "quoteVolume", "openTime",  "closeTime", "count"};
constexpr TickerNames kStreamTicker = {"c", "o", "h", "l", "v", "q", "O", "C", "n"};

void read_ticker(JsonView row, const TickerNames& names, sim::LiveUpdate& update) {
  sim::Ticker24h day;
  day.last = price_of(row.at(names.last));
  day.open = price_of(row.at(names.open));
  day.high = price_of(row.at(names.high));
  day.low = price_of(row.at(names.low));
  day.volume = sum_of(row.at(names.volume));
  day.quote_volume = sum_of(row.at(names.quote));
  day.open_time = time_of(row.at(names.opened));
  day.close_time = time_of(row.at(names.closed));
  day.count = count_of(row.at(names.count));
  update.last = day.last;
  update.day = day;
}

void read_mark(JsonView row, const char* mark, const char* rate, const char* time,
               sim::LiveUpdate& update) {
  update.mark = price_of(row.at(mark));
  // A contract that is being delivered has no settlement any more.
  if (!row.has(time) || row.at(time).integer() == 0) return;
  if (row.at(rate).is_string() && row.at(rate).text().empty()) return;
  update.funding = sim::Market::Funding{time_of(row.at(time)), ratio_of(row.at(rate))};
}

void read_book(JsonView row, const char* const (&names)[4], sim::LiveUpdate& update) {
  sim::Quote quote;
  quote.bid = price_of(row.at(names[0]));
  quote.bid_qty = qty_of(row.at(names[1]));
  quote.ask = price_of(row.at(names[2]));
  quote.ask_qty = qty_of(row.at(names[3]));
  if (quote.bid >= quote.ask) throw JsonError("a book that is crossed");
  update.quote = quote;
}
constexpr const char* kRestBook[4] = {"bidPrice", "bidQty", "askPrice", "askQty"};
constexpr const char* kStreamBook[4] = {"b", "B", "a", "A"};

template <class Read>
void read_row(JsonView row, const char* name, const FindSymbol& find, News& news, Read read) {
  try {
    const auto symbol = find(row.at(name).text());
    if (!symbol) return;
    sim::LiveUpdate update{.symbol = *symbol};
    read(row, update);
    news.updates.push_back(std::move(update));
  } catch (const std::exception& error) {  // JsonError, DecimalOverflow
    if (news.faulty++ == 0) news.fault = error.what();
  }
}

template <class Read>
void read_rows(JsonView rows, const char* name, const FindSymbol& find, News& news, Read read) {
  rows.for_each([&](JsonView row) { read_row(row, name, find, news, read); });
}

// The whole text is one value; `read` makes something of it, or throws.
template <class T, class Read>
Result<T> parse(std::string_view text, std::string_view what, Read read) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorKind::malformed, std::string(what) + ": " + std::string(why));
  };
  const auto document = net::JsonDocument::parse(text);
  if (!document) return bad(document.error().text);
  try {
    return read(document->root());
  } catch (const std::exception& error) {
    return bad(error.what());
  }
}

template <class Read>
Result<News> parse_rows(std::string_view text, std::string_view what, News::Kind kind,
                        const FindSymbol& find, Read read) {
  return parse<News>(text, what, [&](JsonView root) {
    News news;
    news.kind = kind;
    read_rows(root, "symbol", find, news, read);
    return news;
  });
}

TimePoint event_time(JsonView row) { return row.has("E") ? time_of(row.at("E")) : TimePoint{}; }

News read_event(JsonView data, const FindSymbol& find) {
  News news;
  const auto type = data.has("e") ? data.at("e").text() : std::string_view();
  const auto one = [&](News::Kind kind, auto read) {
    news.kind = kind;
    news.event_time = event_time(data);
    read_row(data, "s", find, news, read);
  };
  if (type == "24hrTicker") {
    one(News::Kind::tickers,
        [](JsonView row, auto& update) { read_ticker(row, kStreamTicker, update); });
  } else if (type == "markPriceUpdate") {
    one(News::Kind::marks,
        [](JsonView row, auto& update) { read_mark(row, "p", "r", "T", update); });
  } else if (type == "bookTicker") {
    one(News::Kind::books, [](JsonView row, auto& update) { read_book(row, kStreamBook, update); });
  } else if (type == "aggTrade") {
    one(News::Kind::trades,
        [](JsonView row, auto& update) { update.last = price_of(row.at("p")); });
  } else if (type == "contractInfo") {
    news.kind = News::Kind::contracts;
    news.event_time = event_time(data);
  }
  return news;
}

News read_array(JsonView data, const FindSymbol& find) {
  News all;
  data.for_each([&](JsonView row) {
    News one;
    try {
      one = read_event(row, find);
    } catch (const std::exception& error) {
      if (all.faulty++ == 0) all.fault = error.what();
      return;
    }
    if (one.kind != News::Kind::tickers && one.kind != News::Kind::marks) return;
    if (all.kind == News::Kind::other) all.kind = one.kind;
    if (one.kind != all.kind) return;
    all.event_time = std::max(all.event_time, one.event_time);
    if (all.faulty == 0) all.fault = one.fault;
    all.faulty += one.faulty;
    for (auto& update : one.updates)
      all.updates.push_back(std::move(update));
  });
  return all;
}

}  // namespace

Result<News> parse_message(std::string_view text, const FindSymbol& find) {
  return parse<News>(text, "message", [&](JsonView root) {
    if (root.is_array()) return read_array(root, find);
    if (!root.is_object()) throw JsonError("neither an object nor an array");
    if (!root.has("data")) return read_event(root, find);
    const JsonView data = root.at("data");
    return data.is_array() ? read_array(data, find) : read_event(data, find);
  });
}

Result<TimePoint> parse_server_time(std::string_view json) {
  return parse<TimePoint>(json, "time",
                          [](JsonView root) { return time_of(root.at("serverTime")); });
}

Result<Contracts> parse_contracts(std::string_view json) {
  return parse<Contracts>(json, "exchangeInfo", [](JsonView root) {
    Contracts all;
    root.at("symbols").for_each([&](JsonView row) {
      try {
        if (is_followed(row)) all.rows.push_back({read_rules(row), {}});
      } catch (const std::exception& error) {
        if (all.faulty++ == 0) all.fault = error.what();
      }
    });
    return all;
  });
}

Result<std::map<std::string, Millis>> parse_funding_intervals(std::string_view json) {
  using Intervals = std::map<std::string, Millis>;
  return parse<Intervals>(json, "fundingInfo", [](JsonView root) {
    Intervals all;
    root.for_each([&](JsonView row) {
      const auto hours = std::clamp<std::int64_t>(row.at("fundingIntervalHours").integer(), 1, 24);
      all[std::string(row.at("symbol").text())] = Hours(hours);
    });
    return all;
  });
}

Result<News> parse_premium_index(std::string_view json, const FindSymbol& find) {
  return parse_rows(json, "premiumIndex", News::Kind::marks, find, [](JsonView row, auto& update) {
    read_mark(row, "markPrice", "lastFundingRate", "nextFundingTime", update);
  });
}

Result<News> parse_day_tickers(std::string_view json, const FindSymbol& find) {
  return parse_rows(json, "ticker/24hr", News::Kind::tickers, find,
                    [](JsonView row, auto& update) { read_ticker(row, kRestTicker, update); });
}

Result<News> parse_book_tickers(std::string_view json, const FindSymbol& find) {
  return parse_rows(json, "ticker/bookTicker", News::Kind::books, find,
                    [](JsonView row, auto& update) { read_book(row, kRestBook, update); });
}

Result<std::vector<exchange::Kline>> parse_klines(std::string_view json) {
  using Bars = std::vector<exchange::Kline>;
  return parse<Bars>(json, "klines", [](JsonView root) {
    Bars bars;
    root.for_each([&](JsonView row) {
      std::vector<JsonView> cells;
      row.for_each([&](JsonView cell) { cells.push_back(cell); });
      if (cells.size() < 8) throw JsonError("a bar of fewer than eight figures");
      exchange::Kline bar{time_of(cells[0]),  price_of(cells[1]), price_of(cells[2]),
                          price_of(cells[3]), price_of(cells[4]), sum_of(cells[5]),
                          sum_of(cells[7])};
      const auto [low, high] = std::minmax(bar.open, bar.close);
      if (bar.low > low || bar.high < high) throw JsonError("a bar that leaves its own range");
      bars.push_back(bar);
    });
    return bars;
  });
}

Result<Settlements> parse_settlements(std::string_view json, const FindSymbol& find) {
  return parse<Settlements>(json, "fundingRate", [&](JsonView root) {
    Settlements all;
    root.for_each([&](JsonView row) {
      const auto symbol = find(row.at("symbol").text());
      if (!symbol) return;
      all[*symbol].push_back({time_of(row.at("fundingTime")), ratio_of(row.at("fundingRate"))});
    });
    for (auto& [symbol, rows] : all)
      std::ranges::sort(rows, {}, &sim::Market::Funding::time);
    return all;
  });
}

}  // namespace bb::paper::live
