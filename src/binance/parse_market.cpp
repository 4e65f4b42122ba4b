#include <optional>

#include "binance/parse.h"
#include "binance/words.h"

namespace bb::binance {

namespace {

using net::JsonView;

struct Filters {
  std::optional<JsonView> price;
  std::optional<JsonView> lot;
  std::optional<JsonView> market_lot;
  std::optional<JsonView> notional;
  std::optional<JsonView> percent_price;
  std::optional<JsonView> max_orders;
};

Filters filters_of(JsonView symbol) {
  Filters found;
  symbol.at("filters").for_each([&](JsonView filter) {
    const auto type = filter.at("filterType").text();
    if (type == "PRICE_FILTER") found.price = filter;
    if (type == "LOT_SIZE") found.lot = filter;
    if (type == "MARKET_LOT_SIZE") found.market_lot = filter;
    if (type == "MIN_NOTIONAL" || type == "NOTIONAL") found.notional = filter;
    if (type == "PERCENT_PRICE") found.percent_price = filter;
    if (type == "MAX_NUM_ORDERS") found.max_orders = filter;
  });
  return found;
}

JsonView required(const std::optional<JsonView>& filter, JsonView symbol, std::string_view name) {
  if (!filter)
    throw net::JsonError(std::string(symbol.at("symbol").text()) + " has no " + std::string(name));
  return *filter;
}

LotRule lot_of(JsonView filter) {
  return {Qty(filter.at("minQty").decimal()), Qty(filter.at("maxQty").decimal()),
          Qty(filter.at("stepSize").decimal())};
}

SymbolRules rules_of(JsonView symbol) {
  SymbolRules rules;
  rules.symbol = Symbol(symbol.at("symbol").text());
  rules.status = read_symbol_status(symbol.at("status"));
  rules.contract = read_contract_type(symbol.at("contractType"));
  rules.base_asset = symbol.at("baseAsset").text();
  rules.quote_asset = symbol.at("quoteAsset").text();
  rules.margin_asset = symbol.at("marginAsset").text();
  rules.is_coin = symbol.at("underlyingType").text() == "COIN";
  rules.onboard_time = from_ms(symbol.at("onboardDate").integer());
  rules.delivery_time = from_ms(symbol.at("deliveryDate").integer());

  const auto filters = filters_of(symbol);
  const auto price = required(filters.price, symbol, "PRICE_FILTER");
  rules.tick = Price(price.at("tickSize").decimal());
  rules.min_price = Price(price.at("minPrice").decimal());
  rules.max_price = Price(price.at("maxPrice").decimal());
  rules.lot = lot_of(required(filters.lot, symbol, "LOT_SIZE"));
  rules.market_lot = lot_of(required(filters.market_lot, symbol, "MARKET_LOT_SIZE"));
  // A filter that is not there is not enforced.
  if (filters.notional) {
    const auto name = filters.notional->has("notional") ? "notional" : "minNotional";
    rules.min_notional = Usdt(filters.notional->at(name).decimal());
  }
  if (filters.percent_price) {
    rules.price_up = Ratio(filters.percent_price->at("multiplierUp").decimal());
    rules.price_down = Ratio(filters.percent_price->at("multiplierDown").decimal());
  }
  if (filters.max_orders)
    rules.max_orders = static_cast<int>(filters.max_orders->at("limit").integer());
  if (symbol.has("marketTakeBound"))
    rules.market_take_bound = Ratio(symbol.at("marketTakeBound").decimal());
  if (symbol.has("liquidationFee"))
    rules.liquidation_fee = Ratio(symbol.at("liquidationFee").decimal());
  return rules;
}

}  // namespace

std::vector<SymbolRules> parse_rules(JsonView exchange_info) {
  std::vector<SymbolRules> out;
  exchange_info.at("symbols").for_each([&](JsonView row) { out.push_back(rules_of(row)); });
  return out;
}

RateLimits parse_rate_limits(JsonView exchange_info) {
  RateLimits limits;
  if (!exchange_info.has("rateLimits")) return limits;
  exchange_info.at("rateLimits").for_each([&](JsonView row) {
    const auto type = row.at("rateLimitType").text();
    const auto interval = row.at("interval").text();
    const auto count = row.at("intervalNum").integer();
    const auto limit = static_cast<int>(row.at("limit").integer());
    if (type == "REQUEST_WEIGHT" && interval == "MINUTE" && count == 1)
      limits.weight_per_minute = limit;
    if (type == "ORDERS" && interval == "MINUTE" && count == 1) limits.orders_per_minute = limit;
    if (type == "ORDERS" && interval == "SECOND" && count == 10)
      limits.orders_per_10_seconds = limit;
  });
  return limits;
}

std::vector<exchange::Ticker> parse_tickers(JsonView root) {
  std::vector<exchange::Ticker> out;
  root.for_each([&](JsonView row) {
    out.push_back({Symbol(row.at("symbol").text()), Price(row.at("lastPrice").decimal()),
                   row.at("quoteVolume").number(), from_ms(row.at("closeTime").integer())});
  });
  return out;
}

std::vector<exchange::MarkPrice> parse_marks(JsonView root) {
  std::vector<exchange::MarkPrice> out;
  root.for_each([&](JsonView row) {
    out.push_back({Symbol(row.at("symbol").text()),
                   Price(row.at("markPrice").decimal(Rounding::nearest)),
                   from_ms(row.at("time").integer())});
  });
  return out;
}

std::vector<exchange::BookTicker> parse_book_tickers(JsonView root) {
  std::vector<exchange::BookTicker> out;
  root.for_each([&](JsonView row) {
    out.push_back({Symbol(row.at("symbol").text()),
                   Price(row.at("bidPrice").decimal(Rounding::nearest)),
                   Price(row.at("askPrice").decimal(Rounding::nearest)),
                   Qty(row.at("bidQty").decimal(Rounding::down)),
                   Qty(row.at("askQty").decimal(Rounding::down))});
  });
  return out;
}

std::vector<exchange::Kline> parse_klines(JsonView root) {
  constexpr std::size_t kColumnsUsed = 8;
  std::vector<exchange::Kline> out;
  root.for_each([&](JsonView row) {
    std::vector<JsonView> column;
    row.for_each([&](JsonView value) { column.push_back(value); });
    if (column.size() < kColumnsUsed) throw net::JsonError("a kline has too few columns");
    exchange::Kline kline;
    kline.open_time = from_ms(column[0].integer());
    kline.open = Price(column[1].decimal());
    kline.high = Price(column[2].decimal());
    kline.low = Price(column[3].decimal());
    kline.close = Price(column[4].decimal());
    kline.volume = column[5].number();
    kline.quote_volume = column[7].number();
    out.push_back(kline);
  });
  return out;
}

}  // namespace bb::binance
