#include "paper/rules_json.h"

#include <algorithm>
#include <array>

#include "paper/words.h"

namespace bb::paper {

namespace {

constexpr std::array<std::string_view, 7> kOrderTypes = {"LIMIT",
                                                         "MARKET",
                                                         "STOP",
                                                         "STOP_MARKET",
                                                         "TAKE_PROFIT",
                                                         "TAKE_PROFIT_MARKET",
                                                         "TRAILING_STOP_MARKET"};
constexpr std::array<std::string_view, 6> kTimesInForce = {"GTC", "IOC", "FOK",
                                                           "GTX", "GTD", "RPI"};
constexpr std::array<std::string_view, 3> kPermissionSets = {"GRID", "COPY", "RPI"};

void write_lot(net::JsonWriter& json, std::string_view filter, const LotRule& lot) {
  json.begin_object()
      .field("filterType", filter)
      .field("minQty", lot.min.str())
      .field("maxQty", lot.max.str())
      .field("stepSize", lot.step.str())
      .end_object();
}

void write_filters(net::JsonWriter& json, const SymbolRules& rules) {
  json.key("filters").begin_array();
  const int places = price_places(rules);
  json.begin_object()
      .field("filterType", "PRICE_FILTER")
      .field("minPrice", padded(rules.min_price, places))
      .field("maxPrice", rules.max_price.str())
      .field("tickSize", padded(rules.tick, places))
      .end_object();
  write_lot(json, "LOT_SIZE", rules.lot);
  write_lot(json, "MARKET_LOT_SIZE", rules.market_lot);
  json.begin_object()
      .field("filterType", "MAX_NUM_ORDERS")
      .field("limit", rules.max_orders)
      .end_object();
  json.begin_object()
      .field("filterType", "MIN_NOTIONAL")
      .field("notional", rules.min_notional.str())
      .end_object();
  json.begin_object()
      .field("filterType", "PERCENT_PRICE")
      .field("multiplierUp", padded(rules.price_up, 4))
      .field("multiplierDown", padded(rules.price_down, 4))
      .field("multiplierDecimal", "4")
      .end_object();
  json.begin_object()
      .field("filterType", "POSITION_RISK_CONTROL")
      .field("positionControlSide", "NONE")
      .end_object();
  json.end_array();
}

template <class Words>
void write_words(net::JsonWriter& json, std::string_view name, const Words& words) {
  json.key(name).begin_array();
  for (const std::string_view word : words)
    json.value(word);
  json.end_array();
}

void write_symbol(net::JsonWriter& json, const SymbolRules& rules) {
  json.begin_object()
      .field("symbol", rules.symbol.str())
      .field("pair", rules.symbol.str())
      .field("contractType", word(rules.contract))
      .field("deliveryDate", to_ms(rules.delivery_time))
      .field("onboardDate", to_ms(rules.onboard_time))
      .field("status", word(rules.status))
      .field("maintMarginPercent", "2.5000")
      .field("requiredMarginPercent", "5.0000")
      .field("baseAsset", rules.base_asset)
      .field("quoteAsset", rules.quote_asset)
      .field("marginAsset", rules.margin_asset)
      .field("pricePrecision", price_places(rules))
      .field("quantityPrecision", qty_places(rules))
      .field("baseAssetPrecision", 8)
      .field("quotePrecision", 8)
      .field("underlyingType", rules.underlying_type);
  write_words(json, "underlyingSubType", rules.underlying_sub_types);
  json.field("triggerProtect", "0.0500")
      .field("liquidationFee", padded(rules.liquidation_fee, 6))
      .field("marketTakeBound", padded(rules.market_take_bound, 2))
      .field("maxMoveOrderLimit", 10000);
  write_filters(json, rules);
  write_words(json, "orderTypes", kOrderTypes);
  write_words(json, "timeInForce", kTimesInForce);
  write_words(json, "permissionSets", kPermissionSets);
  json.end_object();
}

}  // namespace

int price_places(const SymbolRules& rules) {
  return std::max(rules.price_precision, places_of(rules.tick.value()));
}

int qty_places(const SymbolRules& rules) {
  return std::max(rules.qty_precision, places_of(rules.lot.step.value()));
}

std::string symbols_json(const std::vector<SymbolRules>& rules) {
  net::JsonWriter json;
  json.begin_array();
  for (const auto& row : rules)
    write_symbol(json, row);
  json.end_array();
  return json.take();
}

void write_brackets(net::JsonWriter& json, Symbol symbol, const Brackets& brackets) {
  json.begin_object().field("symbol", symbol.str()).key("brackets").begin_array();
  int number = 0;
  for (const auto& bracket : brackets) {
    json.begin_object()
        .field("bracket", ++number)
        .field("initialLeverage", bracket.max_leverage)
        .key("notionalCap")
        .raw(bracket.cap.str())
        .key("notionalFloor")
        .raw(bracket.floor.str())
        .key("maintMarginRatio")
        .raw(bracket.maintenance_rate.str())
        .key("cum")
        .raw(padded(bracket.maintenance_amount, 1))
        .end_object();
  }
  json.end_array().end_object();
}

}  // namespace bb::paper
