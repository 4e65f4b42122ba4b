// The parts of streams that need no socket: names, addresses, control messages, listen keys, lines.
#include <doctest/doctest.h>

#include "paper/listen_keys.h"
#include "paper/stream_address.h"
#include "paper/stream_client.h"
#include "paper/stream_control.h"
#include "paper/stream_line.h"
#include "paper/stream_names.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;

namespace {

using Kind = StreamSpec::Kind;

std::string refusal(std::string_view message) {
  const auto parsed = parse_control(message);
  return parsed ? "(accepted)" : parsed.error();
}

}  // namespace

TEST_CASE("stream names: every documented one exists at its root and at no other") {
  const std::vector<std::string> at_public = {
      "btcusdt@bookTicker",     "!bookTicker",   "btcusdt@depth5",      "btcusdt@depth10@100ms",
      "btcusdt@depth20@500ms",  "btcusdt@depth", "btcusdt@depth@100ms", "btcusdt@depth@500ms",
      "btcusdt@rpiDepth@500ms", "btcusdt@trade", "币安人生usdt@trade"};
  const std::vector<std::string> at_market = {
      "btcusdt@aggTrade",        "btcusdt@markPrice",
      "btcusdt@markPrice@1s",    "!markPrice@arr",
      "!markPrice@arr@1s",       "btcusdt@kline_1m",
      "btcusdt@kline_1d",        "btcusdt_perpetual@continuousKline_1h",
      "btcusdt@miniTicker",      "!miniTicker@arr",
      "btcusdt@ticker",          "!ticker@arr",
      "btcusdt@forceOrder",      "!forceOrder@arr",
      "defiusdt@compositeIndex", "!contractInfo",
      "!assetIndex@arr",         "usdtusd@assetIndex",
      "tradingSession"};
  for (const auto& name : at_public) {
    CAPTURE(name);
    CHECK(parse_stream(name, StreamRoot::public_));
    CHECK_FALSE(parse_stream(name, StreamRoot::market));
    CHECK_FALSE(parse_stream(name, StreamRoot::private_));
  }
  for (const auto& name : at_market) {
    CAPTURE(name);
    CHECK(parse_stream(name, StreamRoot::market));
    CHECK_FALSE(parse_stream(name, StreamRoot::public_));
  }
  for (const auto* name :
       {"BTCUSDT@trade", "btcusdt@depth7", "btcusdt@depth@1s", "btcusdt@kline_7m", "btcusdt",
        "@trade", "", "btcusdt@", "btcusdt@markPrice@2s", "!everything"}) {
    CAPTURE(name);
    CHECK_FALSE(parse_stream(name, StreamRoot::public_));
    CHECK_FALSE(parse_stream(name, StreamRoot::market));
  }
}

TEST_CASE("stream names: rates and parameters") {
  const auto period = [](std::string_view name, StreamRoot root) {
    return parse_stream(name, root)->period.count();
  };
  using enum StreamRoot;
  CHECK(period("btcusdt@markPrice", market) == 3000);
  CHECK(period("!markPrice@arr@1s", market) == 1000);
  CHECK(period("btcusdt@depth", public_) == 250);
  CHECK(period("btcusdt@depth5@100ms", public_) == 100);
  CHECK(period("btcusdt@kline_1m", market) == 250);
  CHECK(period("btcusdt@ticker", market) == 2000);
  CHECK(period("!bookTicker", public_) == 5000);
  CHECK(parse_stream("btcusdt@depth20", public_)->levels == 20);
  CHECK(parse_stream("btcusdt@kline_4h", market)->interval.span == Hours(4));
  CHECK(parse_stream("btcusdt@kline_1w", market)->interval.unit == Interval::Unit::week);
  CHECK(parse_stream("btcusdt@kline_1M", market)->interval.unit == Interval::Unit::month);
  CHECK_FALSE(parse_stream("btcusdt@kline_1s", market));
  CHECK_FALSE(parse_stream("btcusdt@kline_1W", market));
  CHECK(parse_stream("btcusdt_perpetual@continuousKline_1s", market)->interval.span == Seconds(1));
  CHECK(parse_stream("btcusdt_perpetual@continuousKline_1m", market)->symbol == "BTCUSDT");
  CHECK_FALSE(parse_stream("btcusdt_perpetual@continuousKline_1m", market)->tradfi);
  CHECK(parse_stream("tslausdt_tradifi_perpetual@continuousKline_1m", market)->symbol ==
        "TSLAUSDT");
  CHECK(parse_stream("tslausdt_tradifi_perpetual@continuousKline_1m", market)->tradfi);
  CHECK_FALSE(parse_stream("btcusdt_current_quarter@continuousKline_1m", market));
  CHECK(parse_stream("币安人生usdt@trade", public_)->symbol == "币安人生USDT");
}

TEST_CASE("stream addresses: roots, modes and the five private forms") {
  using enum StreamRoot;
  const auto at = [](std::string_view path, std::string_view query = "") {
    return parse_stream_address(path, query);
  };
  CHECK(at("/market/ws/a@trade/b@trade")->streams ==
        std::vector<std::string>{"a@trade", "b@trade"});
  CHECK(at("/market/ws/a@trade")->root == market);
  CHECK_FALSE(at("/market/ws/a@trade")->combined);
  CHECK(at("/stream", "streams=a@trade/b@depth")->root == public_);
  CHECK(at("/stream", "streams=a@trade/b@depth")->combined);
  CHECK(at("/stream", "streams=a@trade/b@depth")->streams.size() == 2);
  CHECK(at("/public/stream", "streams=")->streams.empty());
  CHECK(at("/public/ws")->streams.empty());
  CHECK(at("/public/ws/%E5%B8%81usdt@trade")->streams[0] == "币usdt@trade");

  CHECK(at("/private/ws/KEY")->users[0].key == "KEY");
  CHECK(at("/private/ws", "listenKey=KEY")->users[0].events.empty());
  const auto some = at("/private/ws", "listenKey=KEY&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE");
  CHECK(some->users[0].wants("ACCOUNT_UPDATE"));
  CHECK_FALSE(some->users[0].wants("listenKeyExpired"));
  const auto two = at("/private/stream", "listenKey=K1&events=A&listenKey=K2&events=B");
  CHECK(two->combined);
  REQUIRE(two->users.size() == 2);
  CHECK(two->users[0].wants("A"));
  CHECK_FALSE(two->users[0].wants("B"));
  CHECK(two->users[1].wants("B"));
  CHECK(at("/private/stream", "streams=")->users.empty());

  for (const auto* path : {"/", "/fapi/v1/time", "/wss", "/market", "/market/streams", "/other/ws"})
    CHECK_FALSE(at(path));
}

TEST_CASE("stream control: what is wrong with a message is said in the exchange's words") {
  CHECK(refusal("not JSON") ==
        R"({"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"})");
  const std::string bad_id =
      R"({"code":2,"msg":"Invalid request: request ID must be an unsigned integer"})";
  CHECK(refusal(R"({"method":"LIST_SUBSCRIPTIONS"})") == bad_id);
  CHECK(refusal(R"({"method":"LIST_SUBSCRIPTIONS","id":-1})") == bad_id);
  CHECK(refusal(R"({"method":"LIST_SUBSCRIPTIONS","id":1.5})") == bad_id);
  CHECK(refusal(R"({"method":"LIST_SUBSCRIPTIONS","id":"hello"})") == bad_id);
  CHECK(refusal(R"({"method":"LIST_SUBSCRIPTIONS","id":null})") == bad_id);
  CHECK(refusal(R"({"method":"LIST","id":1})")
            .find("unknown variant `LIST`, expected one of "
                  "`SUBSCRIBE`, `UNSUBSCRIBE`") != std::string::npos);
  CHECK(refusal(R"({"method":"SET_PROPERTY","params":["color",true],"id":1})") ==
        R"({"code":0,"msg":"Unknown property"})");
  CHECK(refusal(R"({"method":"SET_PROPERTY","params":["combined","yes"],"id":1})") ==
        R"({"code":1,"msg":"Invalid value type: expected Boolean"})");
  CHECK(refusal(R"({"method":"GET_PROPERTY","params":[7],"id":1})") ==
        R"({"code":2,"msg":"Invalid request: property name must be a string"})");
  CHECK(refusal(R"({"method":"SET_PROPERTY","params":["combined",true,1],"id":1})") ==
        R"({"code":2,"msg":"Invalid request: too many parameters"})");
  for (const auto* message : {"[]", "1", R"({"method":7,"id":1})", R"({"id":1})",
                              R"({"method":"SUBSCRIBE","params":{},"id":1})",
                              R"({"method":"SUBSCRIBE","params":[1],"id":1})"})
    CHECK(refusal(message).starts_with(R"({"code":2,"msg":"Invalid request: )"));
}

TEST_CASE("stream control: ids are unsigned integers or the hex text of the official SDK") {
  const auto id_of = [](std::string_view message) { return parse_control(message)->id; };
  CHECK(id_of(R"({"method":"LIST_SUBSCRIPTIONS","id":18446744073709551615})") ==
        "18446744073709551615");
  CHECK(id_of(R"({"method":"LIST_SUBSCRIPTIONS","id":"0a1b2c3d4e5f60718293a4b5c6d7e8f9"})") ==
        R"("0a1b2c3d4e5f60718293a4b5c6d7e8f9")");
  CHECK(control_result("null", "7") == R"({"result":null,"id":7})");
}

TEST_CASE("listen keys: one for an account, 60 minutes, and dead ones stay dead") {
  ListenKeys keys;
  const TimePoint t = some_day();
  const auto first = keys.start(0, t);
  CHECK(first.size() == 64);
  CHECK(keys.start(0, t + Minutes(10)) == first);
  CHECK(keys.start(1, t) != first);
  CHECK(keys.account_of(first, t + Minutes(69)) == 0);
  CHECK_FALSE(keys.account_of(first, t + Minutes(70)));
  CHECK(keys.extend(0, t + Minutes(69)) == first);
  CHECK(keys.next_expiry() == t + Minutes(60));
  CHECK(keys.take_expired(t + Minutes(60)).size() == 1);
  CHECK_FALSE(keys.extend(0, t + Minutes(129)));
  CHECK(keys.take_expired(t + Minutes(129)) == std::vector{first});
  const auto second = keys.start(0, t + Minutes(130));
  CHECK(second != first);
  keys.end(0);
  CHECK_FALSE(keys.account_of(second, t + Minutes(131)));
  CHECK_FALSE(keys.extend(0, t + Minutes(131)));
}

TEST_CASE("stream lines: faults lose, double, swap and delay events as planted") {
  run_sim([](SimLoop& loop) -> Task<void> {
    std::string told;
    StreamLine<int> line(
        loop.clock, [&](const int& n) { told += std::to_string(n); }, [](int& n) { n /= 10; });
    line.push(1, Micros(0));
    line.fault = {.drop = 2};
    for (const int n : {2, 3, 4})
      line.push(n, Micros(0));
    line.fault = {.duplicate = 1};
    for (const int n : {5, 6})
      line.push(n, Micros(0));
    line.fault = {.swap = 1};
    for (const int n : {7, 8, 9})
      line.push(n, Micros(0));
    CHECK(told ==
          "145568"
          "79");
    line.fault = {.truncate = 1};
    line.push(27, Micros(0));
    CHECK(told.back() == '2');
    line.fault = {.silent = true};
    line.push(1, Micros(0));
    CHECK(told.size() == 9);

    // A delay that becomes shorter lets nobody pass.
    told.clear();
    line.fault = {.delay = Millis(100)};
    line.push(1, Micros(0));
    line.fault = {};
    line.push(2, Millis(20));
    line.push(3, Micros(0));
    CHECK(told.empty());
    co_await sleep_for(loop.clock, Millis(99));
    CHECK(told.empty());
    co_await sleep_for(loop.clock, Millis(2));
    CHECK(told == "123");
  });
}
