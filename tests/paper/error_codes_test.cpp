// det-ok: table
// Every error code of the exchange that a client can provoke, each by a request. Together with the
// list of those that cannot be provoked here, and why, the table is the exchange's whole list.
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::Method;

namespace {

/// How a request is sent.
enum class How { as_it_should, without_key, bad_key, unknown_key, bad_signature, late };

struct Row {
  int code;
  std::string request;                // "METHOD path params"
  std::vector<std::string> before{};  // requests, "50 METHOD ...", or "sleep HOURS"
  How how = How::as_it_should;
  ServerOptions (*options)() = default_options;
};

const std::string kOrder = "POST /fapi/v1/order ";
const std::string kAlgo = "POST /fapi/v1/algoOrder algoType=CONDITIONAL&";
const std::string kSellOne = kOrder + "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=1";
const std::string kRest =
    kOrder + "symbol=AAAUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=104";
const std::string kCloseStop =
    kAlgo + "symbol=AAAUSDT&side=BUY&type=STOP_MARKET&closePosition=true&triggerPrice=110";

std::string limit_order(const std::string& more) {
  return kOrder + "symbol=AAAUSDT&type=LIMIT&" + more;
}

ServerOptions one_order() {
  auto options = default_options();
  options.limits.orders_per_10s = 1;
  return options;
}
ServerOptions little_weight() {
  auto options = default_options();
  options.limits.weight_per_minute = 1;
  return options;
}
ServerOptions slow() {
  auto options = default_options();
  options.delay_before = Millis(300);
  return options;
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {-1003, "GET /fapi/v1/time", {"3 GET /fapi/v1/time"}, How::as_it_should, little_weight},
      {-1015, kSellOne, {kSellOne}, How::as_it_should, one_order},
      {-1021, "GET /fapi/v3/balance", {}, How::late},
      {-1022, "GET /fapi/v3/balance", {}, How::bad_signature},
      {-1023, "GET /fapi/v1/klines symbol=AAAUSDT&interval=1m&startTime=2&endTime=1"},
      {-1099, "GET /fapi/v1/order/asyn/id downloadId=1"},
      {-1100, "GET /fapi/v1/klines symbol=AAAUSDT&interval=1m&limit=many"},
      {-1101, "GET /fapi/v1/depth symbol=AAAUSDT&symbol=BBBUSDT"},
      {-1102, "GET /fapi/v1/depth"},
      {-1105, "GET /fapi/v2/ticker/price symbol="},
      {-1106, kSellOne + "&price=100"},
      {-1111, kOrder + "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=1.00001"},
      {-1115, limit_order("side=BUY&timeInForce=SOON&quantity=1&price=99")},
      {-1116, kOrder + "symbol=AAAUSDT&side=BUY&type=GUESS&quantity=1"},
      {-1117, kOrder + "symbol=AAAUSDT&side=UP&type=MARKET&quantity=1"},
      {-1120, "GET /fapi/v1/klines symbol=AAAUSDT&interval=7m"},
      {-1121, "GET /fapi/v1/depth symbol=NOPEUSDT"},
      {-1125, "PUT /fapi/v1/listenKey"},
      {-1127, "GET /fapi/v1/aggTrades symbol=AAAUSDT&startTime=0&endTime=3600000"},
      {-1128, "GET /fapi/v1/aggTrades symbol=AAAUSDT&startTime=0&fromId=1"},
      {-1130, "GET /fapi/v1/klines symbol=AAAUSDT&interval=1m&limit=0"},
      {-1136, kSellOne + "&newOrderRespType=LATER"},
      {-2011, "DELETE /fapi/v1/order symbol=AAAUSDT&orderId=1"},
      {-2013, "GET /fapi/v1/order symbol=AAAUSDT&orderId=1"},
      {-2014, "GET /fapi/v3/balance", {}, How::bad_key},
      {-2015, "GET /fapi/v3/balance", {}, How::unknown_key},
      {-2019, kOrder + "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=3000"},
      {-2021,
       kAlgo + "symbol=AAAUSDT&side=BUY&type=STOP_MARKET&quantity=1&triggerPrice=90",
       {kSellOne}},
      {-2022, kOrder + "symbol=AAAUSDT&side=BUY&type=MARKET&quantity=1&reduceOnly=true"},
      {-2025,
       kRest,
       {"100 " + limit_order("side=SELL&timeInForce=GTC&quantity=0.1&price=104"),
        "100 " + limit_order("side=SELL&timeInForce=GTC&quantity=0.1&price=104.5")}},
      {-2027,
       kOrder + "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=600",
       {"POST /fapi/v1/leverage symbol=AAAUSDT&leverage=50"}},
      {-2028,
       "POST /fapi/v1/leverage symbol=AAAUSDT&leverage=5",
       {kOrder + "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=1000"}},
      {-4002, limit_order("side=SELL&timeInForce=GTC&quantity=1&price=200000")},
      {-4003, kOrder + "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=0"},
      {-4004, kOrder + "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=0.001"},
      {-4005, kOrder + "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=100001"},
      {-4007,
       kAlgo + "symbol=AAAUSDT&side=BUY&type=STOP_MARKET&quantity=1&triggerPrice=200000",
       {kSellOne}},
      {-4013, limit_order("side=BUY&timeInForce=GTC&quantity=1&price=0.01")},
      {-4014,
       kOrder + "symbol=BBBUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=10&price=2.4501"},
      {-4015, kSellOne + "&newClientOrderId=" + std::string(40, 'a')},
      {-4016, limit_order("side=BUY&timeInForce=GTC&quantity=1&price=106")},
      {-4021, "GET /fapi/v1/depth symbol=AAAUSDT&limit=6"},
      {-4023, kOrder + "symbol=BBBUSDT&side=BUY&type=MARKET&quantity=7"},
      {-4024, limit_order("side=SELL&timeInForce=GTC&quantity=1&price=94")},
      {-4028, "POST /fapi/v1/leverage symbol=AAAUSDT&leverage=126"},
      {-4031, kCloseStop + "&workingType=GUESS", {kSellOne}},
      {-4032, "DELETE /fapi/v1/batchOrders symbol=AAAUSDT&orderIdList=[1,2,3,4,5,6,7,8,9,10,11]"},
      {-4045,
       kAlgo + "symbol=AAAUSDT&side=BUY&type=STOP_MARKET&quantity=1&reduceOnly=true&"
               "triggerPrice=111",
       {kSellOne, "200 " + kAlgo +
                      "symbol=AAAUSDT&side=BUY&type=STOP_MARKET&quantity=1&reduceOnly=true&"
                      "triggerPrice=110"}},
      {-4046, "POST /fapi/v1/marginType symbol=AAAUSDT&marginType=CROSSED", {kSellOne}},
      {-4047, "POST /fapi/v1/marginType symbol=AAAUSDT&marginType=ISOLATED", {kRest}},
      {-4048, "POST /fapi/v1/marginType symbol=AAAUSDT&marginType=ISOLATED", {kSellOne}},
      {-4049, "POST /fapi/v1/positionMargin symbol=AAAUSDT&amount=1&type=1", {kSellOne}},
      {-4050,
       "POST /fapi/v1/positionMargin symbol=AAAUSDT&amount=100000&type=1",
       {"POST /fapi/v1/marginType symbol=AAAUSDT&marginType=ISOLATED", kSellOne}},
      {-4051,
       "POST /fapi/v1/positionMargin symbol=AAAUSDT&amount=100000&type=2",
       {"POST /fapi/v1/marginType symbol=AAAUSDT&marginType=ISOLATED", kSellOne}},
      {-4054,
       "POST /fapi/v1/positionMargin symbol=AAAUSDT&amount=1&type=1",
       {"POST /fapi/v1/marginType symbol=AAAUSDT&marginType=ISOLATED"}},
      {-4055,
       "POST /fapi/v1/positionMargin symbol=AAAUSDT&amount=0&type=1",
       {"POST /fapi/v1/marginType symbol=AAAUSDT&marginType=ISOLATED", kSellOne}},
      {-4059, "POST /fapi/v1/positionSide/dual dualSidePosition=false"},
      {-4060, kSellOne + "&positionSide=UP"},
      {-4061, kSellOne + "&positionSide=SHORT"},
      {-4067, "POST /fapi/v1/positionSide/dual dualSidePosition=true", {kRest}},
      {-4068, "POST /fapi/v1/positionSide/dual dualSidePosition=true", {kSellOne}},
      {-4082, R"(POST /fapi/v1/batchOrders batchOrders=[{},{},{},{},{},{}])"},
      {-4104, "GET /fapi/v1/continuousKlines pair=AAAUSDT&contractType=WEEKLY&interval=1m"},
      {-4116, kRest + "&newClientOrderId=same", {kRest + "&newClientOrderId=same"}},
      {-4118,
       limit_order("side=BUY&timeInForce=GTC&quantity=1&price=98&reduceOnly=true"),
       {kSellOne, limit_order("side=BUY&timeInForce=GTC&quantity=1&price=97&reduceOnly=true")}},
      {-4120, kOrder + "symbol=AAAUSDT&side=BUY&type=STOP_MARKET&stopPrice=110&quantity=1"},
      {-4130, kCloseStop, {kSellOne, kCloseStop}},
      {-4131,
       kOrder + "symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&side=BUY&type=MARKET&quantity=10"},
      {-4135,
       kAlgo + "symbol=AAAUSDT&side=BUY&type=TRAILING_STOP_MARKET&quantity=1&callbackRate=1&"
               "activatePrice=99999999",
       {kSellOne}},
      {-4136,
       kAlgo + "symbol=AAAUSDT&side=BUY&type=TRAILING_STOP_MARKET&closePosition=true&"
               "callbackRate=1",
       {kSellOne}},
      {-4137, kCloseStop + "&quantity=1", {kSellOne}},
      {-4140,
       kOrder + "symbol=LATEUSDT&side=SELL&type=MARKET&quantity=10",
       {"sleep 1320", "GET /fapi/v1/exchangeInfo", "sleep 120"}},
      {-4141,
       kOrder + "symbol=LATEUSDT&side=SELL&type=MARKET&quantity=10",
       {"sleep 1320", "GET /fapi/v1/exchangeInfo", "sleep 122"}},
      {-4144, "GET /fapi/v1/continuousKlines pair=NOPE&contractType=PERPETUAL&interval=1m"},
      {-4161,
       "POST /fapi/v1/leverage symbol=AAAUSDT&leverage=5",
       {"POST /fapi/v1/marginType symbol=AAAUSDT&marginType=ISOLATED", kSellOne}},
      {-4164, kOrder + "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=0.01"},
      {-4165, "GET /fapi/v1/allOrders symbol=AAAUSDT&startTime=1&endTime=700000000"},
      {-4167,
       "POST /fapi/v1/multiAssetsMargin multiAssetsMargin=true",
       {"POST /fapi/v1/marginType symbol=AAAUSDT&marginType=ISOLATED"}},
      {-4168,
       "POST /fapi/v1/marginType symbol=AAAUSDT&marginType=ISOLATED",
       {"POST /fapi/v1/multiAssetsMargin multiAssetsMargin=true"}},
      {-4170, "POST /fapi/v1/multiAssetsMargin multiAssetsMargin=true", {kRest}},
      {-4171, "POST /fapi/v1/multiAssetsMargin multiAssetsMargin=false"},
      {-4509, kCloseStop},
      {-5021, limit_order("side=SELL&timeInForce=FOK&quantity=1&price=104")},
      {-5022, limit_order("side=SELL&timeInForce=GTX&quantity=1&price=96")},
      {-5027,
       "PUT /fapi/v1/order symbol=AAAUSDT&side=SELL&quantity=1&price=104&origClientOrderId=one",
       {kRest + "&newClientOrderId=one"}},
      {-5028, kSellOne + "&recvWindow=299", {}, How::as_it_should, slow},
      {-5029,
       "PUT /fapi/v1/order symbol=AAAUSDT&side=SELL&quantity=0.01&price=104&"
       "origClientOrderId=one",
       {kRest + "&newClientOrderId=one"}},
      {-5037, limit_order("side=SELL&timeInForce=GTC&quantity=1&priceMatch=BEST")},
      {-5038, kSellOne + "&priceMatch=OPPONENT"},
      {-5039, kSellOne + "&selfTradePreventionMode=NEVER"},
      {-5040, limit_order("side=SELL&timeInForce=GTD&quantity=1&price=104&goodTillDate=1")},
      {-5041, limit_order("side=SELL&timeInForce=GTC&quantity=1&priceMatch=QUEUE_20")},
      {-5047,
       "PUT /fapi/v1/order symbol=AAAUSDT&side=SELL&quantity=1&price=104.5&"
       "origClientOrderId=one&reduceOnly=true",
       {kRest + "&newClientOrderId=one"}},
  };
  return all;
}

/// Codes that no request to a paper exchange can meet, and why.
const std::map<std::string, std::vector<int>>& not_provocable() {
  static const std::map<std::string, std::vector<int>> all = {
      {"trouble inside the exchange: planted as faults, not provoked",
       {-1000, -1001, -1006, -1007, -1008, -1010, -1013, -1016}},
      {"reserved for other services: a key's refusal is -2015", {-1002, -1011, -2017}},
      {"there is no endpoint that manages keys and their addresses here",
       {-1004, -1005, -4056, -4057}},
      {"surplus parameters are ignored, as clients find it in practice", {-1103, -1104}},
      {"no endpoint here takes an asset, another account or a kind of instrument",
       {-1108, -1109, -1110, -1126, -4044, -4114, -4115}},
      {"the synthetic book has levels on both sides always", {-1112, -2020}},
      {"another code is given where it would apply: -1106 for a timeInForce that is not wanted, "
       "-1105 for empty ids, -1100 for signs, -1106 for reduceOnly in hedge mode or with "
       "closePosition, -4136, -2022, -4118 and -2021 for the rest",
       {-1014, -1020, -1114, -1118, -1119, -2010, -2024, -2026, -4000, -4001, -4006, -4020, -4062,
        -4138, -4139, -4142}},
      {"no contract of a recorded market has such a status", {-1122, -2016, -4022}},
      {"batch answers carry a code per element instead", {-2012, -4083}},
      {"money moves between wallets through no endpoint here", {-2018}},
      {"a liquidation and a trigger take no time here", {-2023, -4117}},
      {"auto-add-margin is set through no endpoint", {-4052, -4053}},
      {"restrictions that an exchange lays on people or contracts",
       {-4087, -4088, -4105, -4106, -4107, -4109, -4189, -4192, -4202, -4203, -4204,
        -4205, -4206, -4207, -4208, -4209, -4400, -4401, -4402, -4403, -4411}},
      {"retired by the exchange", {-4129}},
      {"the only asset is USDT, whose wallet is never negative", {-4169, -4172}},
      {"price bands of stop orders are not documented; PERCENT_PRICE is checked at the trigger",
       {-4183, -4184, -4210, -4211}},
      {"coin-margined contracts are not traded here", {-4531}},
      {"no symbol leaves trading while an order of it rests; resting regular orders are LIMIT; an "
       "amendment takes no time; ten thousand of them are too many for a test",
       {-5024, -5025, -5026, -5043}},
  };
  return all;
}

/// Reference §21.2, whole.
const std::set<int>& all_codes() {
  static const std::set<int> codes = {
      -1000, -1001, -1002, -1003, -1004, -1005, -1006, -1007, -1008, -1010, -1011, -1013, -1014,
      -1015, -1016, -1020, -1021, -1022, -1023, -1099, -1100, -1101, -1102, -1103, -1104, -1105,
      -1106, -1108, -1109, -1110, -1111, -1112, -1114, -1115, -1116, -1117, -1118, -1119, -1120,
      -1121, -1122, -1125, -1126, -1127, -1128, -1130, -1136, -2010, -2011, -2012, -2013, -2014,
      -2015, -2016, -2017, -2018, -2019, -2020, -2021, -2022, -2023, -2024, -2025, -2026, -2027,
      -2028, -4000, -4001, -4002, -4003, -4004, -4005, -4006, -4007, -4013, -4014, -4015, -4016,
      -4020, -4021, -4022, -4023, -4024, -4028, -4031, -4032, -4044, -4045, -4046, -4047, -4048,
      -4049, -4050, -4051, -4052, -4053, -4054, -4055, -4056, -4057, -4059, -4060, -4061, -4062,
      -4067, -4068, -4082, -4083, -4087, -4088, -4104, -4105, -4106, -4107, -4109, -4114, -4115,
      -4116, -4117, -4118, -4120, -4129, -4130, -4131, -4135, -4136, -4137, -4138, -4139, -4140,
      -4141, -4142, -4144, -4161, -4164, -4165, -4167, -4168, -4169, -4170, -4171, -4172, -4183,
      -4184, -4189, -4192, -4202, -4203, -4204, -4205, -4206, -4207, -4208, -4209, -4210, -4211,
      -4400, -4401, -4402, -4403, -4411, -4509, -4531, -5021, -5022, -5024, -5025, -5026, -5027,
      -5028, -5029, -5037, -5038, -5039, -5040, -5041, -5043, -5047};
  return codes;
}

int status_of(int code) {
  if (code == -2014 || code == -2015) return 401;
  return code == -1003 || code == -1015 ? 429 : 400;
}

/// The test market with minimums, steps and bands that each filter's code needs.
sim::Market strict_market() {
  static const sim::Market market = [] {
    const auto decimal = [](const char* text) { return *Decimal::parse(text); };
    auto columns = test_columns();
    auto& a = columns[0].rules;
    a.lot.min = a.market_lot.min = Qty(decimal("0.002"));
    a.min_price = Price(decimal("0.05"));
    auto& b = columns[1].rules;
    b.tick = Price(decimal("0.0005"));
    b.min_price = b.tick;
    b.lot.step = b.market_lot.step = Qty(decimal("5"));
    auto& c = columns[2].rules;
    c.price_up = Ratio(decimal("1.000001"));
    c.price_down = Ratio(decimal("0.999999"));
    return market_of(std::move(columns));
  }();
  return market;
}

Method method_of(const std::string& word) {
  if (word == "POST") return Method::post;
  if (word == "PUT") return Method::put;
  return word == "DELETE" ? Method::del : Method::get;
}

/// "METHOD path params", sent and signed as told.
Task<Answer> ask(World& world, std::string text, How how) {
  const auto first = text.find(' ');
  const auto second = text.find(' ', first + 1);
  const auto method = method_of(text.substr(0, first));
  auto path = text.substr(first + 1, second - first - 1);
  auto params = second == std::string::npos ? std::string() : text.substr(second + 1);
  Signing signing;
  signing.in_query = method == Method::put;
  switch (how) {
    case How::as_it_should:
      break;
    case How::without_key:
      signing.key = "";
      break;
    case How::bad_key:
      signing.key = "not a key";
      break;
    case How::unknown_key:
      signing.key = "unknown";
      break;
    case How::bad_signature:
      signing.secret = "another";
      break;
    case How::late:
      signing.age = Seconds(60);
      break;
  }
  return world.call(method, std::move(path), std::move(params), signing);
}

Task<void> prepare(World& world, SimLoop& loop, std::string step) {
  if (step.starts_with("sleep ")) {
    co_await sleep_for(loop.clock, Hours(std::stoi(step.substr(6))));
    co_return;
  }
  int times = 1;
  if (step[0] >= '0' && step[0] <= '9') {
    const auto blank = step.find(' ');
    times = std::stoi(step.substr(0, blank));
    step = step.substr(blank + 1);
  }
  for (int i = 0; i < times; ++i) {
    const auto answer = co_await ask(world, step, How::as_it_should);
    INFO(step);
    INFO(answer.body);
    if (times < 3) CHECK(answer.status == 200);
  }
}

/// In a world and a time of its own.
Answer provoke(const Row& row) {
  Answer answer;
  run_sim([&](SimLoop& loop) -> Task<void> {
    World world(loop, row.options(), Micros(0), strict_market());
    for (const auto& step : row.before)
      co_await prepare(world, loop, step);
    answer = co_await ask(world, row.request, row.how);
    co_await world.close();
  });
  return answer;
}

}  // namespace

TEST_CASE("error codes: each that a client can provoke is provoked, with its HTTP status") {
  for (const auto& row : rows()) {
    const auto answer = provoke(row);
    INFO(row.request);
    INFO(answer.body);
    CHECK(answer.code() == row.code);
    CHECK(answer.status == status_of(row.code));
  }
}

TEST_CASE("error codes: table and list together are the exchange's list, without overlap") {
  std::set<int> listed;
  for (const auto& row : rows()) {
    INFO(row.code);
    CHECK(listed.insert(row.code).second);
  }
  for (const auto& [reason, codes] : not_provocable())
    for (const int code : codes) {
      INFO(code);
      CHECK(listed.insert(code).second);
    }
  CHECK(listed == all_codes());
}

namespace {

/// Recorded texts that ours differ from, and why.
const std::map<std::string, std::string>& other_texts() {
  static const std::map<std::string, std::string> all = {
      {"-4164 Order's notional must be no smaller than # (unless you choose reduce only)",
       "the text of 2021; it ends with a period since 2023"},
  };
  return all;
}

/// Numbers and quoted names belong to the request.
std::string without_particulars(const std::string& text) {
  return std::regex_replace(text, std::regex("[0-9]+(\\.[0-9]+)?|'[A-Za-z]+'"), "#");
}

}  // namespace

TEST_CASE("error codes: texts are the recorded ones") {
  std::map<int, Answer> provoked;
  for (const auto& row : rows())
    provoked[row.code] = provoke(row);
  std::ifstream in(BB_PAPER_DATA "/error_responses.jsonl");
  int compared = 0;
  for (std::string line; std::getline(in, line);) {
    const auto document = net::JsonDocument::parse(line);
    REQUIRE(document.has_value());
    const auto root = document->root();
    const auto found = provoked.find(static_cast<int>(root.at("code").integer()));
    if (!root.at("exact_text").boolean() || found == provoked.end()) continue;
    ++compared;
    const auto recorded = without_particulars(std::string(root.at("msg").text()));
    const auto key = std::to_string(found->first) + " " + recorded;
    INFO(key);
    const bool same = without_particulars(found->second.msg()) == recorded;
    CHECK(same != other_texts().contains(key));
    if (root.has("http_status")) CHECK(found->second.status == root.at("http_status").integer());
  }
  CHECK(compared >= 20);
}
