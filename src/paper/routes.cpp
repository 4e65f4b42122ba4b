#include "paper/routes.h"

#include <array>
#include <unordered_map>

namespace bb::paper {

namespace {

using enum net::Method;
constexpr Security kPublic = Security::none;
constexpr Security kSigned = Security::signed_;

std::int64_t limit_of(const ParamReader& params, std::int64_t otherwise) {
  const auto text = params.find("limit");
  if (!text || text->empty() || text->size() > 6) return otherwise;
  std::int64_t value = 0;
  for (const char c : *text) {
    if (c < '0' || c > '9') return otherwise;
    value = value * 10 + (c - '0');
  }
  return value;
}

int weigh_klines(const ParamReader& params) {
  const auto limit = limit_of(params, 500);
  if (limit < 100) return 1;
  if (limit < 500) return 2;
  return limit <= 1000 ? 5 : 10;
}

int weigh_depth(const ParamReader& params) {
  const auto limit = limit_of(params, 500);
  if (limit <= 50) return 2;
  if (limit <= 100) return 5;
  return limit <= 500 ? 10 : 20;
}

constexpr Route statistics(std::string_view path, Handler handler) {
  return {.path = path, .weight = 0, .handler = handler, .pool = Pool::data};
}

// Weights: reference §10 to §13.
constexpr std::array kRoutes = {
    Route{get, "/fapi/v1/ping", kPublic, 1, ping},
    Route{get, "/fapi/v1/time", kPublic, 1, server_time},
    Route{get, "/fapi/v1/exchangeInfo", kPublic, 1, exchange_info},
    Route{.path = "/fapi/v1/depth", .handler = depth, .weigh = weigh_depth},
    Route{get, "/fapi/v1/rpiDepth", kPublic, 20, rpi_depth},
    Route{get, "/fapi/v1/trades", kPublic, 5, recent_executions},
    Route{get, "/fapi/v1/historicalTrades", Security::key, 200, old_executions},
    Route{get, "/fapi/v1/aggTrades", kPublic, 20, aggregates},
    Route{.path = "/fapi/v1/klines", .handler = klines, .weigh = weigh_klines},
    Route{.path = "/fapi/v1/continuousKlines", .handler = continuous_klines, .weigh = weigh_klines},
    Route{.path = "/fapi/v1/markPriceKlines", .handler = mark_klines, .weigh = weigh_klines},
    Route{.path = "/fapi/v1/indexPriceKlines", .handler = index_klines, .weigh = weigh_klines},
    Route{.path = "/fapi/v1/premiumIndexKlines", .handler = premium_klines, .weigh = weigh_klines},
    Route{get, "/fapi/v1/premiumIndex", kPublic, 1, premium_index, 10},
    Route{.path = "/fapi/v1/fundingRate",
          .weight = 0,
          .handler = funding_rate,
          .pool = Pool::funding},
    Route{.path = "/fapi/v1/fundingInfo",
          .weight = 0,
          .handler = funding_info,
          .pool = Pool::funding},
    Route{get, "/fapi/v1/ticker/24hr", kPublic, 1, ticker_24h, 40},
    Route{get, "/fapi/v1/ticker/price", kPublic, 1, ticker_price, 2},
    Route{get, "/fapi/v2/ticker/price", kPublic, 1, ticker_price, 2},
    Route{get, "/fapi/v1/ticker/bookTicker", kPublic, 2, book_ticker, 5},
    Route{get, "/fapi/v1/openInterest", kPublic, 1, open_interest},
    Route{get, "/fapi/v1/symbolAdlRisk", kPublic, 1, adl_risk},
    Route{get, "/fapi/v1/insuranceBalance", kPublic, 1, insurance_balance},
    Route{get, "/fapi/v1/indexInfo", kPublic, 1, composite_index},
    Route{get, "/fapi/v1/assetIndex", kPublic, 1, asset_index, 10},
    Route{get, "/fapi/v1/constituents", kPublic, 2, constituents},
    Route{get, "/fapi/v1/tradingSchedule", kPublic, 5, trading_schedule},
    statistics("/futures/data/delivery-price", delivery_prices),
    statistics("/futures/data/openInterestHist", open_interest_history),
    statistics("/futures/data/topLongShortPositionRatio", top_position_ratio),
    statistics("/futures/data/topLongShortAccountRatio", top_account_ratio),
    statistics("/futures/data/globalLongShortAccountRatio", global_account_ratio),
    statistics("/futures/data/takerlongshortRatio", taker_ratio),
    statistics("/futures/data/basis", basis),

    Route{.method = post,
          .path = "/fapi/v1/order",
          .security = kSigned,
          .weight = 0,
          .handler = place_order,
          .counts_as_order = true,
          .checks_in_engine = true},
    Route{.method = post,
          .path = "/fapi/v1/order/test",
          .security = kSigned,
          .weight = 0,
          .handler = check_order,
          .counts_as_order = true},
    Route{.method = put,
          .path = "/fapi/v1/order",
          .security = kSigned,
          .weight = 0,
          .handler = amend_order,
          .counts_as_order = true,
          .checks_in_engine = true},
    Route{.method = post,
          .path = "/fapi/v1/batchOrders",
          .security = kSigned,
          .weight = 5,
          .handler = place_batch,
          .counts_as_order = true,
          .orders_in_10s = 5,
          .checks_in_engine = true},
    Route{.method = put,
          .path = "/fapi/v1/batchOrders",
          .security = kSigned,
          .weight = 5,
          .handler = amend_batch,
          .counts_as_order = true,
          .orders_in_10s = 5,
          .checks_in_engine = true},
    Route{del, "/fapi/v1/batchOrders", kSigned, 1, cancel_batch},
    Route{post, "/fapi/v1/countdownCancelAll", kSigned, 10, set_countdown},
    Route{get, "/fapi/v1/orderAmendment", kSigned, 1, amendments},
    Route{get, "/fapi/v1/forceOrders", kSigned, 20, forced_orders, 50},
    Route{get, "/fapi/v1/adlQuantile", kSigned, 5, adl_quantiles},
    Route{post, "/fapi/v1/positionMargin", kSigned, 1, change_position_margin},
    Route{get, "/fapi/v1/positionMargin/history", kSigned, 1, position_margin_history},
    Route{get, "/fapi/v1/order", kSigned, 1, query_order},
    Route{del, "/fapi/v1/order", kSigned, 1, cancel_order},
    Route{get, "/fapi/v1/openOrder", kSigned, 1, open_order},
    Route{get, "/fapi/v1/openOrders", kSigned, 1, open_orders, 40},
    Route{get, "/fapi/v1/allOrders", kSigned, 5, all_orders},
    Route{del, "/fapi/v1/allOpenOrders", kSigned, 1, cancel_all_orders},
    Route{get, "/fapi/v1/userTrades", kSigned, 5, user_trades},

    Route{.method = post,
          .path = "/fapi/v1/algoOrder",
          .security = kSigned,
          .weight = 0,
          .handler = place_algo_order,
          .counts_as_order = true},
    Route{get, "/fapi/v1/algoOrder", kSigned, 1, query_algo_order},
    Route{del, "/fapi/v1/algoOrder", kSigned, 1, cancel_algo_order},
    Route{del, "/fapi/v1/algoOpenOrders", kSigned, 1, cancel_all_algo_orders},
    Route{get, "/fapi/v1/openAlgoOrders", kSigned, 1, open_algo_orders, 40},
    Route{get, "/fapi/v1/allAlgoOrders", kSigned, 5, all_algo_orders},

    Route{get, "/fapi/v2/account", kSigned, 5, account_v2},
    Route{get, "/fapi/v3/account", kSigned, 5, account_v3},
    Route{get, "/fapi/v2/balance", kSigned, 5, balance},
    Route{get, "/fapi/v3/balance", kSigned, 5, balance},
    Route{get, "/fapi/v2/positionRisk", kSigned, 5, position_risk_v2},
    Route{get, "/fapi/v3/positionRisk", kSigned, 5, position_risk_v3},
    Route{get, "/fapi/v1/income", kSigned, 30, income},

    Route{get, "/fapi/v1/accountConfig", kSigned, 5, account_config},
    Route{get, "/fapi/v1/symbolConfig", kSigned, 5, symbol_config},
    Route{get, "/fapi/v1/leverageBracket", kSigned, 1, leverage_bracket},
    Route{get, "/fapi/v1/commissionRate", kSigned, 20, commission_rate},
    Route{post, "/fapi/v1/leverage", kSigned, 1, set_leverage},
    Route{post, "/fapi/v1/marginType", kSigned, 1, set_margin_type},
    Route{get, "/fapi/v1/positionSide/dual", kSigned, 30, position_mode},
    Route{post, "/fapi/v1/positionSide/dual", kSigned, 1, set_position_mode},
    Route{get, "/fapi/v1/multiAssetsMargin", kSigned, 30, multi_assets_mode},
    Route{post, "/fapi/v1/multiAssetsMargin", kSigned, 1, set_multi_assets_mode},
    Route{post, "/fapi/v1/stock/contract", kSigned, 50, sign_stock_contract},
    Route{get, "/fapi/v1/feeBurn", kSigned, 30, fee_burn},
    Route{post, "/fapi/v1/feeBurn", kSigned, 1, set_fee_burn},
    Route{get, "/fapi/v1/order/asyn", kSigned, 1000, start_order_export},
    Route{get, "/fapi/v1/order/asyn/id", kSigned, 10, order_export},
    Route{get, "/fapi/v1/trade/asyn", kSigned, 1000, start_fill_export},
    Route{get, "/fapi/v1/trade/asyn/id", kSigned, 10, fill_export},
    Route{get, "/fapi/v1/income/asyn", kSigned, 1000, start_income_export},
    Route{get, "/fapi/v1/income/asyn/id", kSigned, 10, income_export},
    Route{get, "/fapi/v1/rateLimit/order", kSigned, 1, order_rate_limits},
    Route{get, "/fapi/v1/apiTradingStatus", kSigned, 1, api_trading_status, 10},

    Route{post, "/fapi/v1/listenKey", Security::key, 1, start_listen_key},
    Route{put, "/fapi/v1/listenKey", Security::key, 1, extend_listen_key},
    Route{del, "/fapi/v1/listenKey", Security::key, 1, end_listen_key},

    Route{.path = "/sapi/v1/account/apiRestrictions",
          .security = kSigned,
          .handler = api_restrictions,
          .pool = Pool::wallet},
    Route{.path = "/sapi/v1/capital/config/getall",
          .security = kSigned,
          .weight = 10,
          .handler = wallet_coins,
          .pool = Pool::wallet},
    Route{.path = "/sapi/v1/margin/allPairs",
          .security = Security::key,
          .handler = margin_pairs,
          .pool = Pool::wallet},
    Route{.path = "/sapi/v1/system/status", .handler = system_status, .pool = Pool::wallet},

    Route{.path = "/paper/export", .weight = 0, .handler = fetch_export},
    Route{.path = "/paper/journal", .weight = 0, .handler = audit_journal, .is_audit = true},
    Route{.path = "/paper/state", .weight = 0, .handler = audit_state, .is_audit = true},
};

struct Key {
  net::Method method;
  std::string_view path;
  friend bool operator==(const Key&, const Key&) = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    return std::hash<std::string_view>()(key.path) * 4 + static_cast<std::size_t>(key.method);
  }
};
using Table = std::unordered_map<Key, const Route*, KeyHash>;

Table make_table() {
  Table table;
  for (const auto& route : kRoutes)
    table.emplace(Key{route.method, route.path}, &route);
  return table;
}

}  // namespace

int Route::weight_for(const ParamReader& params) const {
  if (weigh != nullptr) return weigh(params);
  return weight_of_all != 0 && !params.has("symbol") ? weight_of_all : weight;
}

std::span<const Route> all_routes() { return kRoutes; }

const Route* find_route(net::Method method, std::string_view path) {
  static const Table table = make_table();
  const auto found = table.find(Key{method, path});
  return found == table.end() ? nullptr : found->second;
}

}  // namespace bb::paper
