// Rules and brackets in the shape of Binance's endpoints. Prices and rates are read from their
// text, never through a double.
#include <fmt/format.h>
#include <simdjson.h>

#include <stdexcept>

#include "sim/impl/market_files.h"

namespace bb::sim::impl {

namespace {

namespace json = simdjson::ondemand;
using simdjson::simdjson_error;

constexpr std::string_view kExchangeInfo = "exchangeInfo";
constexpr std::string_view kBrackets = "leverageBracket";

struct BadValue : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string_view text(json::object object, const char* key) {
  return object.find_field_unordered(key).get_string();
}

std::int64_t integer(json::object object, const char* key) {
  return object.find_field_unordered(key).get_int64();
}

Decimal decimal(std::string_view written) {
  while (!written.empty() && (written.back() == ' ' || written.back() == '\n'))
    written.remove_suffix(1);
  const auto parsed = Decimal::parse_rounded(written, Rounding::nearest);
  if (!parsed) throw BadValue(parsed.error().text);
  return *parsed;
}

Decimal text_decimal(json::object object, const char* key) { return decimal(text(object, key)); }

// A number of the JSON, by its digits.
Decimal number(json::object object, const char* key) {
  return decimal(object.find_field_unordered(key).raw_json_token());
}

LotRule lot_rule(json::object filter) {
  return {Qty(text_decimal(filter, "minQty")), Qty(text_decimal(filter, "maxQty")),
          Qty(text_decimal(filter, "stepSize"))};
}

void read_filter(json::object filter, SymbolRules& rules) {
  const std::string type(text(filter, "filterType"));
  if (type == "PRICE_FILTER") {
    rules.tick = Price(text_decimal(filter, "tickSize"));
    rules.min_price = Price(text_decimal(filter, "minPrice"));
    rules.max_price = Price(text_decimal(filter, "maxPrice"));
  } else if (type == "LOT_SIZE") {
    rules.lot = lot_rule(filter);
  } else if (type == "MARKET_LOT_SIZE") {
    rules.market_lot = lot_rule(filter);
  } else if (type == "MAX_NUM_ORDERS") {
    rules.max_orders = static_cast<int>(integer(filter, "limit"));
  } else if (type == "MIN_NOTIONAL") {
    rules.min_notional = Usdt(text_decimal(filter, "notional"));
  } else if (type == "PERCENT_PRICE") {
    rules.price_up = Ratio(text_decimal(filter, "multiplierUp"));
    rules.price_down = Ratio(text_decimal(filter, "multiplierDown"));
  }
}

SymbolRules read_symbol(json::object entry) {
  SymbolRules rules;
  rules.symbol = Symbol(text(entry, "symbol"));
  rules.status = SymbolStatus::trading;
  rules.contract =
      text(entry, "contractType") == "PERPETUAL" ? ContractType::perpetual : ContractType::unknown;
  rules.base_asset = text(entry, "baseAsset");
  rules.quote_asset = text(entry, "quoteAsset");
  rules.margin_asset = text(entry, "marginAsset");
  // PREMARKET is a coin that has no spot market yet.
  const std::string underlying(text(entry, "underlyingType"));
  rules.is_coin = underlying == "COIN" || underlying == "PREMARKET";
  rules.underlying_type = underlying;
  rules.price_precision = static_cast<int>(integer(entry, "pricePrecision"));
  rules.qty_precision = static_cast<int>(integer(entry, "quantityPrecision"));
  for (std::string_view word : entry.find_field_unordered("underlyingSubType").get_array())
    rules.underlying_sub_types.emplace_back(word);
  rules.onboard_time = from_ms(integer(entry, "onboardDate"));
  rules.delivery_time = from_ms(integer(entry, "deliveryDate"));
  rules.market_take_bound = Ratio(text_decimal(entry, "marketTakeBound"));
  rules.liquidation_fee = Ratio(text_decimal(entry, "liquidationFee"));
  for (json::object filter : entry.find_field_unordered("filters").get_array())
    read_filter(filter, rules);
  if (!rules.tick.is_positive()) throw BadValue(rules.symbol.str() + " has no tick");
  return rules;
}

Brackets read_brackets(json::object entry) {
  Brackets brackets;
  for (json::object item : entry.find_field_unordered("brackets").get_array()) {
    LeverageBracket bracket;
    bracket.max_leverage = static_cast<int>(integer(item, "initialLeverage"));
    bracket.floor = Usdt(number(item, "notionalFloor"));
    bracket.cap = Usdt(number(item, "notionalCap"));
    bracket.maintenance_rate = Ratio(number(item, "maintMarginRatio"));
    bracket.maintenance_amount = Usdt(number(item, "cum"));
    const Usdt expected_floor = brackets.empty() ? Usdt() : brackets.back().cap;
    if (bracket.floor != expected_floor) throw BadValue("brackets that leave a hole");
    brackets.push_back(bracket);
  }
  if (brackets.empty()) throw BadValue("a symbol without brackets");
  return brackets;
}

// Runs `read` on the parsed document; simdjson's errors and bad values become one sentence.
template <class T, class Read>
Result<T> parse(std::string_view what, std::string_view bytes, Read read) {
  try {
    const simdjson::padded_string padded(bytes);
    json::parser parser;
    json::document document = parser.iterate(padded);
    return read(document);
  } catch (const simdjson_error& error) {
    return fail(ErrorKind::configuration, fmt::format("{} is not usable: {}", what, error.what()));
  } catch (const BadValue& error) {
    return fail(ErrorKind::configuration, fmt::format("{} is not usable: {}", what, error.what()));
  }
}

}  // namespace

Result<std::vector<SymbolRules>> parse_exchange_info(std::string_view bytes) {
  using Rules = std::vector<SymbolRules>;
  return parse<Rules>(kExchangeInfo, bytes, [](json::document& document) {
    Rules all;
    for (json::object entry : document.find_field_unordered("symbols").get_array())
      all.push_back(read_symbol(entry));
    return all;
  });
}

Result<std::map<std::string, Brackets>> parse_brackets(std::string_view bytes) {
  using All = std::map<std::string, Brackets>;
  return parse<All>(kBrackets, bytes, [](json::document& document) {
    All all;
    for (json::object entry : document.get_array()) {
      std::string symbol(text(entry, "symbol"));
      all.emplace(std::move(symbol), read_brackets(entry));
    }
    return all;
  });
}

}  // namespace bb::sim::impl
