// What the exchange publishes about contracts beside their market: composite and asset indexes,
// constituents, insurance funds, ADL risk, trading sessions. Recorded markets have none of it; the
// answers follow from the contracts there are.
#include <algorithm>
#include <array>

#include "paper/handlers.h"
#include "paper/premium.h"

namespace bb::paper {

namespace {

using net::JsonWriter;

constexpr Minutes kRiskInterval{30};
constexpr std::size_t kIndexParts = 20;

TimePoint floor_to(TimePoint t, Millis span) {
  const auto since = t.time_since_epoch();
  return TimePoint(since - since % span);
}

/// The price of an asset in USD, by its contract against USDT; 1 for what is a dollar itself.
std::optional<Price> usd_price(Call& call, std::string_view asset) {
  for (const std::string_view dollar : {"USDT", "USDC", "FDUSD", "BNFCR", "BFUSD", "LDUSDT"})
    if (asset == dollar) return Price(Decimal::from_int(1));
  const auto* contract = call.venue.find_contract(std::string(asset) + "USDT", call.now);
  if (!contract) return std::nullopt;
  const auto& market = call.venue.market();
  const auto mark = market.mark(contract->symbol, call.now);
  if (!mark) return std::nullopt;
  return index_price(*mark, premium_of(market, contract->symbol, call.now));
}

/// How much less than its index an asset counts as margin: nothing for dollars, 5 % for others.
Decimal haircut(Price price) {
  return price == Price(Decimal::from_int(1)) ? Decimal() : Decimal::from_raw(5'000'000);
}

void write_asset_index(JsonWriter& json, Call& call, std::string_view asset, Price price) {
  const Decimal buffer = haircut(price);
  const auto rate = [&](Decimal factor) {
    return eight(Decimal::mul(price.value(), factor, Rounding::nearest));
  };
  const auto bid = rate(Decimal::from_int(1) - buffer);
  const auto ask = rate(Decimal::from_int(1) + buffer);
  json.begin_object()
      .field("symbol", std::string(asset) + "USD")
      .field("time", to_ms(floor_to(call.now, Seconds(1))))
      .field("index", eight(price))
      .field("bidBuffer", eight(buffer))
      .field("askBuffer", eight(buffer))
      .field("bidRate", bid)
      .field("askRate", ask)
      .field("autoExchangeBidBuffer", eight(buffer))
      .field("autoExchangeAskBuffer", eight(buffer))
      .field("autoExchangeBidRate", bid)
      .field("autoExchangeAskRate", ask)
      .end_object();
}

/// A composite index is taken to hold the first coins of the exchange in equal parts.
void write_composite(JsonWriter& json, Call& call, const SymbolRules& index,
                     const std::vector<SymbolRules>& all) {
  std::vector<const SymbolRules*> parts;
  for (const auto& rules : all)
    if (rules.is_coin && rules.status == SymbolStatus::trading && parts.size() < kIndexParts)
      parts.push_back(&rules);
  json.begin_object()
      .field("symbol", index.symbol.str())
      .field("time", to_ms(floor_to(call.now, Seconds(1))))
      .field("component", "baseAsset")
      .key("baseAssetList")
      .begin_array();
  for (const auto* part : parts) {
    const Decimal weight =
        Decimal::div(Decimal::from_int(1),
                     Decimal::from_int(static_cast<std::int64_t>(parts.size())), Rounding::nearest);
    const auto mark = call.venue.market().mark(part->symbol, call.now);
    const auto own = call.venue.market().mark(index.symbol, call.now);
    const bool known = mark && own && mark->is_positive();
    json.begin_object()
        .field("baseAsset", part->base_asset)
        .field("quoteAsset", part->quote_asset)
        .field("weightInQuantity", eight(known ? Decimal::mul_div(own->value(), weight,
                                                                  mark->value(), Rounding::nearest)
                                               : Decimal()))
        .field("weightInPercentage", eight(weight))
        .end_object();
  }
  json.end_array().end_object();
}

void write_adl_risk(JsonWriter& json, Call& call, Symbol symbol) {
  json.begin_object()
      .field("symbol", symbol.str())
      .field("adlRisk", "low")
      .field("updateTime", to_ms(floor_to(call.now, kRiskInterval)))
      .end_object();
}

struct Session {
  Minutes begin;  // after midnight
  Minutes end;
  std::string_view type;
};
// Eastern standard time, without its summer.
constexpr std::array kEquitySessions = {Session{Minutes(60), Minutes(540), "OVERNIGHT"},
                                        Session{Minutes(540), Minutes(870), "PRE_MARKET"},
                                        Session{Minutes(870), Minutes(1260), "REGULAR"},
                                        Session{Minutes(1260), Minutes(1500), "AFTER_MARKET"}};
constexpr std::array kCommoditySessions = {Session{Minutes(0), Minutes(1320), "REGULAR"},
                                           Session{Minutes(1320), Minutes(1440), "NO_TRADING"}};

template <class Sessions>
void write_sessions(JsonWriter& json, std::string_view market, const Sessions& sessions,
                    TimePoint now) {
  json.key(market).begin_object().key("sessions").begin_array();
  const TimePoint today = utc_midnight(now);
  for (int day = 0; day < 7; ++day) {
    const TimePoint midnight = today + std::chrono::days(day);
    const std::chrono::weekday weekday{std::chrono::floor<std::chrono::days>(midnight)};
    const bool closed = weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
    for (const auto& session : sessions) {
      json.begin_object()
          .field("startTime", to_ms(midnight + session.begin))
          .field("endTime", to_ms(midnight + session.end))
          .field("type", closed ? "NO_TRADING" : session.type)
          .end_object();
    }
  }
  json.end_array().end_object();
}

}  // namespace

Reply asset_index(Call& call) {
  const auto wanted = call.params.optional("symbol");
  if (call.params.error()) return refuse(*call.params.error());
  JsonWriter json;
  if (wanted) {
    const std::string_view asset =
        wanted->substr(0, wanted->size() - std::min<std::size_t>(3, wanted->size()));
    const bool is_usd = wanted->ends_with("USD");
    for (const auto& margin : kMarginAssets)
      if (is_usd && margin.name == asset)
        if (const auto price = usd_price(call, asset)) {
          write_asset_index(json, call, asset, *price);
          return ok(json);
        }
    return refuse(-1121, "Invalid symbol.");
  }
  json.begin_array();
  for (const auto& margin : kMarginAssets)
    if (const auto price = usd_price(call, margin.name))
      write_asset_index(json, call, margin.name, *price);
  json.end_array();
  return ok(json);
}

Reply composite_index(Call& call) {
  const auto* contract = call.optional_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  const auto& all = call.venue.live_rules(call.now);
  JsonWriter json;
  if (!contract) json.begin_array();
  bool found = false;
  for (const auto& rules : all) {
    if (rules.underlying_type != "INDEX" || (contract && rules.symbol != contract->symbol))
      continue;
    found = true;
    write_composite(json, call, rules, all);
  }
  if (contract && !found) return refuse(-1121, "Invalid symbol.");
  if (!contract) json.end_array();
  return ok(json);
}

Reply constituents(Call& call) {
  const auto* contract = call.required_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  const auto& market = call.venue.market();
  const auto rules = market.find_rules(contract->symbol, call.now);
  const auto mark = market.mark(contract->symbol, call.now);
  if (!rules || !mark) return refuse(-1121, "Invalid symbol.");
  const auto price = index_price(*mark, premium_of(market, contract->symbol, call.now));
  JsonWriter json;
  json.begin_object()
      .field("symbol", contract->symbol.str())
      .field("time", to_ms(call.now))
      .key("constituents")
      .begin_array();
  json.begin_object()
      .field("exchange", "binance")
      .field("symbol", rules->base_asset + rules->quote_asset)
      .field("price", eight(price))
      .field("weight", "1.00000000")
      .end_object();
  json.end_array().end_object();
  return ok(json);
}

Reply insurance_balance(Call& call) {
  const auto* contract = call.optional_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  JsonWriter json;
  if (!contract) json.begin_array();
  json.begin_object().key("symbols").begin_array();
  for (const auto& rules : call.venue.live_rules(call.now))
    json.value(rules.symbol.str());
  json.end_array().key("assets").begin_array();
  json.begin_object()
      .field("asset", "USDT")
      .field("marginBalance", "1000000000.00000000")
      .field("updateTime", to_ms(floor_to(call.now, Hours(1))))
      .end_object();
  json.end_array().end_object();
  if (!contract) json.end_array();
  return ok(json);
}

Reply adl_risk(Call& call) {
  const auto* contract = call.optional_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  JsonWriter json;
  if (contract) {
    write_adl_risk(json, call, contract->symbol);
    return ok(json);
  }
  json.begin_array();
  for (const auto& rules : call.venue.live_rules(call.now))
    write_adl_risk(json, call, rules.symbol);
  json.end_array();
  return ok(json);
}

Reply trading_schedule(Call& call) {
  JsonWriter json;
  json.begin_object()
      .field("updateTime", to_ms(utc_midnight(call.now)))
      .key("marketSchedules")
      .begin_object();
  write_sessions(json, "EQUITY", kEquitySessions, call.now);
  write_sessions(json, "COMMODITY", kCommoditySessions, call.now);
  json.end_object().end_object();
  return ok(json);
}

}  // namespace bb::paper
