// det-ok: table
// Our answers against recorded ones, field by field: presence, JSON type, and the text form of
// numbers (how many decimals; which of them are the symbol's own). What differs stands in the table
// below with its reason; a difference that is not listed fails, and so does a line that is true no
// more.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::JsonView;
using net::Method;

namespace {

struct Places {
  int price = 2;
  int qty = 3;
};

constexpr Places kOurs{2, 4};  // of BTCUSDT in this market

struct Recorded {
  Places places;
  net::JsonDocument document;
  JsonView raw() const { return document.root().at("raw"); }
};

std::map<std::string, Recorded> load_recorded() {
  std::map<std::string, Recorded> all;
  std::ifstream in(BB_PAPER_DATA "/recorded_rest.jsonl");
  for (std::string line; std::getline(in, line);) {
    auto document = net::JsonDocument::parse(line);
    REQUIRE(document.has_value());
    const auto root = document->root();
    const Places places{static_cast<int>(root.at("price_places").integer()),
                        static_cast<int>(root.at("qty_places").integer())};
    const std::string id(root.at("id").text());
    all.emplace(id, Recorded{places, std::move(*document)});
  }
  return all;
}

std::string kind_of(const JsonView& value) {
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_string()) return "text";
  if (value.is_number()) return "number";
  return value.is_null() ? "null" : "boolean";
}

/// What the form of a text can be called: of "1.50" at two decimals of prices "2" and "price".
std::set<std::string> forms_of(std::string_view text, const Places& places) {
  if (text.empty()) return {"empty"};
  const bool signs = text.find_first_not_of("0123456789.-+E") == std::string_view::npos;
  const bool digits = text.find_first_of("0123456789") != std::string_view::npos;
  if (!signs || !digits) return {"word"};
  if (text.find('E') != std::string_view::npos) return {"scientific"};
  const auto point = text.find('.');
  const int decimals =
      point == std::string_view::npos ? 0 : static_cast<int>(text.size() - point - 1);
  std::set<std::string> forms{std::to_string(decimals)};
  if (decimals == places.price) forms.insert("price");
  if (decimals == places.qty) forms.insert("qty");
  return forms;
}

bool share_one(const std::set<std::string>& a, const std::set<std::string>& b) {
  return std::ranges::any_of(a, [&](const auto& form) { return b.contains(form); });
}

class Comparison {
 public:
  explicit Comparison(Places recorded) : recorded_(recorded) {}

  void compare(const std::string& path, const JsonView& theirs, const JsonView& ours) {
    if (kind_of(theirs) != kind_of(ours)) {
      note(path, "is a " + kind_of(ours) + ", recorded a " + kind_of(theirs));
    } else if (theirs.is_object()) {
      compare_objects(path, theirs, ours);
    } else if (theirs.is_array()) {
      compare_arrays(path, theirs, ours);
    } else if (theirs.is_string()) {
      const auto recorded = forms_of(theirs.text(), recorded_);
      const auto own = forms_of(ours.text(), kOurs);
      if (!share_one(recorded, own))
        note(path, "has the form " + *own.begin() + ", recorded " + *recorded.begin());
    }
  }
  const std::set<std::string>& found() const { return found_; }

 private:
  void note(const std::string& path, const std::string& what) { found_.insert(path + " " + what); }

  static std::map<std::string, JsonView> members(const JsonView& object) {
    std::map<std::string, JsonView> all;
    object.for_each_member(
        [&](std::string_view name, JsonView value) { all.emplace(std::string(name), value); });
    return all;
  }

  void compare_objects(const std::string& path, const JsonView& theirs, const JsonView& ours) {
    const auto recorded = members(theirs);
    const auto own = members(ours);
    for (const auto& [name, value] : recorded) {
      const auto found = own.find(name);
      if (found == own.end()) {
        note(path + "." + name, "is not there");
      } else {
        compare(path + "." + name, value, found->second);
      }
    }
    for (const auto& [name, value] : own)
      if (!recorded.contains(name)) note(path + "." + name, "is ours alone");
  }

  static std::vector<JsonView> elements(const JsonView& array) {
    std::vector<JsonView> all;
    array.for_each([&](JsonView element) { all.push_back(element); });
    return all;
  }

  /// Rows of one kind: the first of each. Filters: by their type. Tuples: place by place.
  void compare_arrays(const std::string& path, const JsonView& theirs, const JsonView& ours) {
    const auto recorded = elements(theirs);
    const auto own = elements(ours);
    if (recorded.empty()) return;
    if (own.empty()) return note(path, "is empty");
    if (recorded.front().is_object() && recorded.front().has("filterType"))
      return compare_filters(path, recorded, own);
    if (recorded.front().is_object() || recorded.front().is_array())
      return compare(path + "[]", recorded.front(), own.front());
    // Words: orderTypes, timeInForce, permissionSets.
    if (recorded.front().is_string() && forms_of(recorded.front().text(), {}).contains("word"))
      return compare(path + "[]", recorded.front(), own.front());
    if (recorded.size() != own.size()) return note(path, "has another length");
    for (std::size_t i = 0; i < recorded.size(); ++i)
      compare(path + "[" + std::to_string(i) + "]", recorded[i], own[i]);
  }

  void compare_filters(const std::string& path, const std::vector<JsonView>& recorded,
                       const std::vector<JsonView>& own) {
    for (const auto& filter : recorded) {
      const auto type = filter.at("filterType").text();
      const auto found = std::ranges::find_if(
          own, [&](const JsonView& one) { return one.at("filterType").text() == type; });
      const auto name = path + "{" + std::string(type) + "}";
      if (found == own.end())
        note(name, "is not there");
      else
        compare(name, filter, *found);
    }
  }

  Places recorded_;
  std::set<std::string> found_;
};

struct Case {
  std::string id;
  std::string request;                // ours: "METHOD path params"
  std::vector<std::string> before{};  // what leads to it
};

const std::string kSell = "POST /fapi/v1/order symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.010";
const std::string kLimit =
    "POST /fapi/v1/order symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.010&"
    "price=61000.00&newClientOrderId=limit-1";
const std::string kStop =
    "POST /fapi/v1/algoOrder algoType=CONDITIONAL&symbol=BTCUSDT&side=BUY&type=STOP_MARKET&"
    "quantity=0.0007&reduceOnly=true&triggerPrice=64457.10&workingType=MARK_PRICE&"
    "clientAlgoId=stop-1";
const std::string kTakeProfit =
    "POST /fapi/v1/algoOrder algoType=CONDITIONAL&symbol=BTCUSDT&side=BUY&"
    "type=TAKE_PROFIT_MARKET&quantity=0.007&reduceOnly=true&triggerPrice=54457.10&"
    "workingType=MARK_PRICE&clientAlgoId=take-1";

const std::vector<Case>& cases() {
  const std::string data = "GET /futures/data/";
  const std::string v1 = "GET /fapi/v1/";
  const std::string points = " symbol=BTCUSDT&period=5m&limit=3";
  static const std::vector<Case> all = {
      {"http/aggTrades", v1 + "aggTrades symbol=BTCUSDT&limit=5"},
      {"http/depth", v1 + "depth symbol=BTCUSDT&limit=100"},
      {"http/fundingInfo", v1 + "fundingInfo"},
      {"http/fundingRate", v1 + "fundingRate symbol=BTCUSDT&limit=1"},
      {"http/indexInfo", v1 + "indexInfo symbol=BTCDOMUSDT"},
      {"http/klines", v1 + "klines symbol=BTCUSDT&interval=1d&limit=5"},
      {"http/openInterest", v1 + "openInterest symbol=BTCUSDT"},
      {"http/premiumIndex", v1 + "premiumIndex symbol=BTCUSDT"},
      {"http/premiumIndex/2020", v1 + "premiumIndex"},
      {"http/ticker24hr/unknown", v1 + "ticker/24hr symbol=BTCUSD_201225"},
      {"http/ticker24hr", v1 + "ticker/24hr symbol=BTCUSDT"},
      {"http/ticker24hr/all", v1 + "ticker/24hr"},
      {"http/bookTicker/all", v1 + "ticker/bookTicker"},
      {"http/bookTicker", v1 + "ticker/bookTicker symbol=BTCUSDT"},
      {"http/tickerPrice", v1 + "ticker/price symbol=BTCUSDT"},
      {"http/tickerPrice/all", v1 + "ticker/price"},
      {"http/time", v1 + "time"},
      {"http/trades", v1 + "trades symbol=BTCUSDT&limit=5"},
      {"http/basis", data + "basis pair=BTCUSDT&contractType=PERPETUAL&period=5m"},
      {"http/globalLongShortAccountRatio", data + "globalLongShortAccountRatio" + points},
      {"http/openInterestHist", data + "openInterestHist" + points},
      {"http/takerlongshortRatio", data + "takerlongshortRatio" + points},
      {"http/topLongShortAccountRatio", data + "topLongShortAccountRatio" + points},
      {"http/topLongShortPositionRatio", data + "topLongShortPositionRatio" + points},
      {"http/exchangeInfo", v1 + "exchangeInfo"},
      {"exchangeInfo/testnet", v1 + "exchangeInfo"},
      {"exchangeInfo/mainnet", v1 + "exchangeInfo"},
      {"leverageBracket", v1 + "leverageBracket"},
      {"premiumIndex/mainnet", v1 + "premiumIndex"},
      {"ticker24hr/testnet", v1 + "ticker/24hr"},
      {"tickerPrice/mainnet", v1 + "ticker/price"},
      {"roq/json_account_balance_ack/usd_m", "GET /fapi/v2/balance"},
      {"roq/json_account_status_ack/usd_m", "GET /fapi/v2/account"},
      {"roq/json_account_status_ack/usd_m_new", "GET /fapi/v2/account"},
      {"roq/json_wsapi_account_status/fapi", "GET /fapi/v2/account"},
      {"roq/json_wsapi_account_position/fapi", "GET /fapi/v2/positionRisk symbol=BTCUSDT"},
      {"roq/json_asset_index_ack/simple", v1 + "assetIndex"},
      {"roq/json_countdown_cancel_all_ack/simple",
       "POST /fapi/v1/countdownCancelAll symbol=BTCUSDT&countdownTime=30000"},
      {"roq/json_error/simple",
       "POST /fapi/v1/order symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.001"},
      {"roq/json_open_orders_ack/json_open_orders_simple_empty", v1 + "openOrders symbol=BTCUSDT"},
      {"roq/json_open_orders_ack/json_open_orders_simple_1",
       v1 + "openOrders symbol=BTCUSDT",
       {kLimit}},
      {"roq/json_order_cancel_ack/simple",
       "DELETE /fapi/v1/order symbol=BTCUSDT&origClientOrderId=limit-1",
       {kLimit}},
      {"roq/json_order_place_ack/json_new_order_simple", kLimit},
      {"roq/json_trades_ack/empty", v1 + "userTrades symbol=BTCUSDT"},
      {"roq/json_trades_ack/fapi", v1 + "userTrades symbol=BTCUSDT", {kSell}},
      {"algo_2026-09-14/1_place", kStop, {kSell}},
      {"algo_2026-09-14/2_open_list", v1 + "openAlgoOrders", {kSell, kStop}},
      {"algo_2026-09-14/3_cancel", "DELETE /fapi/v1/algoOrder clientAlgoId=stop-1", {kSell, kStop}},
      {"algo_2026-09-14/4_query_right_after_cancel",
       v1 + "algoOrder clientAlgoId=stop-1",
       {kSell, kStop, "DELETE /fapi/v1/algoOrder clientAlgoId=stop-1"}},
      {"algo_2026-09-14/5_query_1.2s_later",
       v1 + "algoOrder clientAlgoId=stop-1",
       {kSell, kStop, "DELETE /fapi/v1/algoOrder clientAlgoId=stop-1", "sleep"}},
      {"algo_2026-09-14/6_query_not_found", v1 + "algoOrder clientAlgoId=nothing"},
      {"algo_2026-01-20/query_short_take_profit",
       v1 + "algoOrder clientAlgoId=take-1",
       {kSell, kTakeProfit}},
      {"ccxt/create_orders_swap",
       "POST /fapi/v1/batchOrders batchOrders=%5B%7B%22symbol%22%3A%22BTCUSDT%22%2C%22side%22%3A"
       "%22SELL%22%2C%22type%22%3A%22LIMIT%22%2C%22timeInForce%22%3A%22GTC%22%2C%22quantity%22%3A"
       "%220.010%22%2C%22price%22%3A%2261000.00%22%7D%5D"},
      {"passivbot_401/batch_mixed",
       "POST /fapi/v1/batchOrders batchOrders=%5B%7B%22symbol%22%3A%22BTCUSDT%22%2C%22side%22%3A"
       "%22SELL%22%2C%22type%22%3A%22MARKET%22%2C%22quantity%22%3A%220.001%22%7D%5D"},
  };
  return all;
}

/// Recorded answers that we have no endpoint for, and why.
const std::map<std::string, std::string>& not_ours() {
  static const std::map<std::string, std::string> all = {
      {"http/takerBuySellVol", "an endpoint of coin-margined futures"}};
  return all;
}

struct Deviation {
  std::string id;
  std::string difference;
  std::string reason;
};

const std::vector<Deviation>& deviations() {
  static const std::vector<Deviation> all = {
      {"http/aggTrades", "[].nq is ours alone",
       "documented: added since the recording (2025-12-31)"},
      {"http/fundingRate", "[].markPrice is ours alone", "documented: added since the recording"},
      {"http/fundingRate", "[].rateType is ours alone",
       "documented: added since the recording (2026-07-23)"},
      {"http/premiumIndex/2020", "[].estimatedSettlePrice is ours alone",
       "recorded in 2020; present in answers of 2023"},
      {"http/trades", "[].isRPITrade is ours alone", "documented: added since the recording"},
      {"http/basis", "[].annualizedBasisRate is ours alone",
       "documented: added since the recording"},
      {"http/openInterestHist", "[].CMCCirculatingSupply is ours alone",
       "documented: added since the recording"},
      {"http/exchangeInfo", ".symbols[].filters{MAX_NUM_ALGO_ORDERS} is not there",
       "dropped by the exchange on 2025-12-29"},
      {"exchangeInfo/mainnet", ".symbols[].filters{MAX_NUM_ALGO_ORDERS} is not there",
       "dropped by the exchange on 2025-12-29"},
      {"exchangeInfo/mainnet", ".assets is ours alone", "the origin kept the symbols only"},
      {"exchangeInfo/mainnet", ".exchangeFilters is ours alone",
       "the origin kept the symbols only"},
      {"exchangeInfo/mainnet", ".futuresType is ours alone", "the origin kept the symbols only"},
      {"exchangeInfo/mainnet", ".rateLimits is ours alone", "the origin kept the symbols only"},
      {"exchangeInfo/mainnet", ".serverTime is ours alone", "the origin kept the symbols only"},
      {"exchangeInfo/mainnet", ".timezone is ours alone", "the origin kept the symbols only"},
      {"roq/json_account_status_ack/usd_m", ".feeBurn is ours alone",
       "an older recording; present in the answer of 2025-12"},
      {"roq/json_account_status_ack/usd_m", ".multiAssetsMargin is ours alone",
       "an older recording; present in the answer of 2025-12"},
      {"roq/json_account_status_ack/usd_m", ".tradeGroupId is ours alone",
       "an older recording; present in the answer of 2025-12"},
      {"roq/json_account_status_ack/usd_m", ".positions[].breakEvenPrice is ours alone",
       "an older recording; present in the answer of 2025-12"},
      {"roq/json_account_status_ack/usd_m_new", ".feeBurn is ours alone",
       "an older recording; present in the answer of 2025-12"},
      {"roq/json_account_status_ack/usd_m_new", ".multiAssetsMargin is ours alone",
       "an older recording; present in the answer of 2025-12"},
      {"roq/json_account_status_ack/usd_m_new", ".tradeGroupId is ours alone",
       "an older recording; present in the answer of 2025-12"},
      {"roq/json_account_status_ack/usd_m_new", ".positions[].breakEvenPrice is ours alone",
       "an older recording; present in the answer of 2025-12"},
      {"roq/json_account_status_ack/usd_m", ".positions[].askNotional is ours alone",
       "an older recording; present in the answer of 2025-12"},
      {"roq/json_account_status_ack/usd_m", ".positions[].bidNotional is ours alone",
       "an older recording; present in the answer of 2025-12"},
      {"roq/json_open_orders_ack/json_open_orders_simple_1",
       "[].avgPrice has the form 2, recorded 0",
       "recorded in 2021; answers of 2025 write the zero with its decimals"},
      {"roq/json_open_orders_ack/json_open_orders_simple_1",
       "[].cumQuote has the form 5, recorded 0",
       "recorded in 2021; answers of 2025 write the zero with its decimals"},
      {"roq/json_open_orders_ack/json_open_orders_simple_1", "[].goodTillDate is ours alone",
       "recorded in 2021; present in answers of 2025"},
      {"roq/json_open_orders_ack/json_open_orders_simple_1", "[].priceMatch is ours alone",
       "recorded in 2021; present in answers of 2025"},
      {"roq/json_open_orders_ack/json_open_orders_simple_1",
       "[].selfTradePreventionMode is ours alone", "recorded in 2021; present in answers of 2025"},
      {"ccxt/create_orders_swap", "[].avgPrice is not there",
       "removed by the exchange in June 2026"},
      {"ccxt/create_orders_swap", "[].cumQuote is not there",
       "removed by the exchange in June 2026"},
      {"roq/json_order_cancel_ack/simple", ".avgPrice is not there",
       "removed by the exchange in June 2026"},
      {"roq/json_order_cancel_ack/simple", ".cumQuote is not there",
       "removed by the exchange in June 2026"},
      {"roq/json_order_cancel_ack/simple", ".goodTillDate is ours alone",
       "recorded in 2021; present in answers of 2025"},
      {"roq/json_order_cancel_ack/simple", ".priceMatch is ours alone",
       "recorded in 2021; present in answers of 2025"},
      {"roq/json_order_cancel_ack/simple", ".selfTradePreventionMode is ours alone",
       "recorded in 2021; present in answers of 2025"},
      {"roq/json_order_cancel_ack/simple", ".stopPrice has the form 2, recorded 0",
       "recorded in 2021; answers of 2025 write 0.00"},
      {"roq/json_order_place_ack/json_new_order_simple", ".avgPrice is not there",
       "removed by the exchange in June 2026"},
      {"roq/json_order_place_ack/json_new_order_simple", ".cumQuote is not there",
       "removed by the exchange in June 2026"},
      {"roq/json_order_place_ack/json_new_order_simple", ".goodTillDate is ours alone",
       "recorded in 2021; present in answers of 2025"},
      {"roq/json_order_place_ack/json_new_order_simple", ".priceMatch is ours alone",
       "recorded in 2021; present in answers of 2025"},
      {"roq/json_order_place_ack/json_new_order_simple", ".selfTradePreventionMode is ours alone",
       "recorded in 2021; present in answers of 2025"},
      {"roq/json_order_place_ack/json_new_order_simple", ".stopPrice has the form 2, recorded 0",
       "recorded in 2021; answers of 2025 write 0.00"},
      {"roq/json_trades_ack/fapi", "[].baseQty is ours alone",
       "documented: added since the recording (2026-08-05)"},
      {"roq/json_trades_ack/fapi", "[].marginAsset is ours alone",
       "documented: added since the recording"},
      {"roq/json_trades_ack/fapi", "[].pair is ours alone",
       "documented: added since the recording (2026-08-05)"},
      {"algo_2026-01-20/query_short_take_profit", ".actualPrice has the form 6, recorded 7",
       "at least six decimals: seven are that contract's own, six are BTCUSDT's, as recorded"},
      {"roq/json_trades_ack/fapi", "[].quoteQty has the form 3, recorded 5",
       "a documentation example: price times quantity, not cut"},
  };
  return all;
}

/// BTCUSDT at 60000.00 and an index contract, flat, with funding every four hours.
sim::Market recorded_market() {
  static const sim::Market market = [] {
    const auto decimal = [](const char* text) { return *Decimal::parse(text); };
    auto columns = test_columns();
    columns.resize(2);
    auto& btc = columns[0];
    btc.rules.symbol = Symbol("BTCUSDT");
    btc.rules.base_asset = "BTC";
    btc.rules.tick = Price(decimal("0.1"));
    btc.rules.min_price = Price(decimal("556.8"));
    btc.rules.max_price = Price(decimal("4529764"));
    btc.rules.min_notional = Usdt(decimal("100"));
    btc.rules.price_precision = 2;
    btc.rules.lot.min = btc.rules.lot.step = Qty(decimal("0.0001"));
    btc.rules.market_lot = btc.rules.lot;
    btc.rules.market_lot.max = Qty(decimal("120"));
    btc.rules.qty_precision = 4;
    btc.rules.underlying_sub_types = {"PoW"};
    for (auto& bar : btc.bars)
      bar = {600'000, 600'000, 600'000, 600'000, 1000};
    btc.funding.clear();
    for (auto at = btc.first + Hours(4); at < some_day() + std::chrono::days(100); at += Hours(4))
      btc.funding.push_back({at, Ratio(decimal("0.0001"))});
    auto& index = columns[1].rules;
    index.symbol = Symbol("BTCDOMUSDT");
    index.base_asset = "BTCDOM";
    index.is_coin = false;
    index.underlying_type = "INDEX";
    return market_of(std::move(columns));
  }();
  return market;
}

Task<Answer> ask(World& world, std::string text) {
  const auto first = text.find(' ');
  const auto second = text.find(' ', first + 1);
  const auto word = text.substr(0, first);
  const auto method = word == "POST"     ? Method::post
                      : word == "PUT"    ? Method::put
                      : word == "DELETE" ? Method::del
                                         : Method::get;
  return world.call(method, text.substr(first + 1, second - first - 1),
                    second == std::string::npos ? "" : text.substr(second + 1));
}

Task<Answer> answer_to(SimLoop& loop, const Case& one) {
  World world(loop, default_options(), Micros(0), recorded_market());
  co_await sleep_for(loop.clock, std::chrono::days(2));
  for (const auto& step : one.before) {
    if (step == "sleep") {
      co_await sleep_for(loop.clock, Millis(1200));
      continue;
    }
    const auto done = co_await ask(world, step);
    INFO(one.id, " ", step, " ", done.body);
    CHECK(done.status == 200);
  }
  auto answer = co_await ask(world, one.request);
  co_await world.close();
  co_return answer;
}

}  // namespace

TEST_CASE("recorded: every answer has the recorded fields, types and forms, but for listed ones") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const auto recorded = load_recorded();
    std::set<std::pair<std::string, std::string>> excused;
    for (const auto& one : deviations())
      excused.emplace(one.id, one.difference);
    for (const auto& one : cases()) {
      REQUIRE(recorded.contains(one.id));
      const auto& theirs = recorded.at(one.id);
      const auto answer = co_await answer_to(loop, one);
      const auto document = net::JsonDocument::parse(answer.body);
      REQUIRE(document.has_value());
      Comparison comparison(theirs.places);
      comparison.compare("", theirs.raw(), document->root());
      for (const auto& difference : comparison.found()) {
        INFO(one.id, ": ", difference);
        CHECK(excused.erase({one.id, difference}) == 1);
      }
    }
    for (const auto& [id, difference] : excused) {
      INFO(id, ": ", difference);
      FAIL_CHECK("listed, and not so any more");
    }
  });
}

TEST_CASE("recorded: every recorded answer is compared, or said not to be ours") {
  std::set<std::string> compared;
  for (const auto& one : cases())
    compared.insert(one.id);
  for (const auto& [id, reason] : not_ours())
    compared.insert(id);
  std::set<std::string> all;
  for (const auto& [id, one] : load_recorded())
    all.insert(id);
  CHECK(compared == all);
}
