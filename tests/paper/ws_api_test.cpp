// The WebSocket API: requests as REST would take them, over one socket.
#include <doctest/doctest.h>

#include "net/crypto.h"
#include "paper/stream_client.h"
#include "paper/ws_api_request.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;

namespace {

const std::string kFile = "ws_api_answers.jsonl";

/// A request with these params, signed by the account alpha unless they have a signature.
std::string request(World& world, const std::string& method, const std::string& params,
                    const std::string& more = "") {
  const auto now = std::to_string(to_ms(world.server().now()));
  const auto with_time =
      params + (params.empty() ? "" : ",") + R"("apiKey":"key-a","timestamp":)" + now;
  const auto parsed = parse_api_request(R"({"method":"x","params":{)" + with_time + "}}");
  const auto signature = net::hmac_sha256_hex("secret-a", parsed->signed_text());
  return R"({"id":"a1","method":")" + method + R"(","params":{)" + with_time + R"(,"signature":")" +
         signature + R"("})" + more + "}";
}

const std::string kPlace = R"("symbol":"AAAUSDT","side":"BUY","type":"LIMIT",)"
                           R"("timeInForce":"GTC","quantity":"0.5","price":"98.5")";

}  // namespace

TEST_CASE("ws api: the signature covers names in order and values as they are") {
  const auto parsed = parse_api_request(
      R"({"id":"a1","method":"order.place","params":{"apiKey":"AK","symbol":"BTCUSDT",)"
      R"("side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":"0.010","price":"60000.0",)"
      R"("recvWindow":5000,)"
      R"("timestamp":1767225600000,"signature":"x"}})");
  REQUIRE(parsed.has_value());
  CHECK(
      parsed->signed_text() ==
      "apiKey=AK&price=60000.0&quantity=0.010&recvWindow=5000&side=BUY&symbol=BTCUSDT&timeInForce="
      "GTC&timestamp=1767225600000&type=LIMIT");
  // The published example (reference §4, V5).
  CHECK(net::hmac_sha256_hex("test-secret-" + std::string(54, '0'), parsed->signed_text()) ==
        "15e08582474f781b7960a3bcc1904b974c3b927b7c23d6affb91d254593830e2");
}

TEST_CASE("ws api: an order is placed, asked for and cancelled, as recorded") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(world, "/ws-fapi/v1");
    auto text = co_await client->ask(
        request(world, "order.place", kPlace + R"(,"newClientOrderId":"w-1")"));
    // avgPrice and cumQuote left the answers of placing and cancelling on 2026-06-30.
    CHECK(difference(text, recorded(kFile, "roq/json_wsapi_order_place/fapi_success")) ==
          "-result.avgPrice -result.cumQuote");
    CHECK(member(text, "id") == "a1");
    CHECK(member(text, "status") == "200");
    CHECK(member(text, "result.clientOrderId") == "w-1");
    const auto limits = member(text, "rateLimits");
    CHECK(column(limits, "limit") == "-1,300,1200");
    CHECK(column(limits, "count") == "-1,1,1");
    CHECK(column(limits, "intervalNum") == "1,10,1");

    text = co_await client->ask(
        request(world, "order.status", R"("symbol":"AAAUSDT","origClientOrderId":"w-1")"));
    CHECK(member(text, "result.status") == "NEW");
    CHECK(column(member(text, "rateLimits"), "limit") == "2400");
    text = co_await client->ask(
        request(world, "order.cancel", R"("symbol":"AAAUSDT","origClientOrderId":"w-1")"));
    CHECK(difference(text, recorded(kFile, "roq/json_wsapi_order_cancel/fapi_success")) ==
          "-result.avgPrice -result.cumQuote");
    CHECK(member(text, "result.status") == "CANCELED");
    text = co_await client->ask(
        request(world, "order.cancel", R"("symbol":"AAAUSDT","origClientOrderId":"w-1")"));
    CHECK(difference(text, recorded(kFile, "roq/json_wsapi_order_cancel/fapi_failure")) == "");
    CHECK(member(text, "error.code") == "-2011");
    // 5 for the handshake, 1 for each but the placing.
    CHECK(column(member(text, "rateLimits"), "count") == "8");
    const auto rest = co_await world.get("/fapi/v1/time");
    CHECK(rest.header("X-MBX-USED-WEIGHT-1M") == "9");
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("ws api: refusals are those of REST, in the shape of this API") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(world, "/ws-fapi/v1");
    auto text = co_await client->ask("not JSON");
    CHECK(text == recorded(kFile, "roq/json_wsapi_error/simple"));
    text = co_await client->ask(R"({"method":7})");
    CHECK(text == recorded(kFile, "roq/json_wsapi_error/simple"));
    text = co_await client->ask(R"({"id":7,"method":"order.dance"})");
    CHECK(text ==
          R"({"id":7,"status":400,"error":{"code":-1000,"msg":"Unknown method: order.dance"}})");
    text = co_await client->ask(request(world, "order.place", R"("symbol":"AAAUSDT")"));
    CHECK(difference(text, recorded(kFile, "roq/json_wsapi_order_place/fapi_failure")) == "");
    CHECK(member(text, "status") == "400");
    CHECK(member(text, "error.code") == "-1102");
    text = co_await client->ask(
        request(world, "order.place",
                R"("symbol":"AAAUSDT","side":"BUY","type":"STOP_MARKET","stopPrice":"110")"));
    CHECK(member(text, "error.code") == "-4120");
    text = co_await client->ask(R"({"id":1,"method":"account.balance",)"
                                R"("params":{"apiKey":"key-a","timestamp":1,"signature":"x"}})");
    CHECK(member(text, "error.code") == "-1022");
    text = co_await client->ask(R"({"id":1,"method":"account.balance",)"
                                R"("params":{"apiKey":"key-x","timestamp":1,"signature":"x"}})");
    CHECK(member(text, "status") == "401");
    CHECK(member(text, "error.code") == "-2015");
    text = co_await client->ask(R"({"id":1,"method":"account.balance"})");
    CHECK(member(text, "error.code") == "-2014");
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("ws api: account, market data, algo orders and listen keys") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    co_await world.market("AAAUSDT", "SELL", "1");
    auto client = co_await StreamClient::open(world, "/ws-fapi/v1");
    const auto names = [&](std::string method, std::string params) -> Task<std::string> {
      const auto text = co_await client->ask(request(world, method, params));
      co_return field_names(member(text, "result"));
    };
    auto same = co_await names("account.balance", "");
    auto rest = co_await world.get_signed("/fapi/v2/balance");
    CHECK(same == field_names(rest.body));
    for (const auto& [method, path] : {std::pair{"account.status", "/fapi/v2/account"},
                                       {"v2/account.status", "/fapi/v3/account"},
                                       {"account.position", "/fapi/v2/positionRisk"},
                                       {"v2/account.position", "/fapi/v3/positionRisk"},
                                       {"v2/account.balance", "/fapi/v3/balance"}}) {
      CAPTURE(method);
      same = co_await names(method, "");
      rest = co_await world.get_signed(path);
      CHECK(same == field_names(rest.body));
    }
    auto text = co_await client->ask(
        R"({"id":1,"method":"depth","params":{"symbol":"AAAUSDT","limit":5}})");
    CHECK(field_names(member(text, "result")) == "lastUpdateId,E,T,bids,asks");
    text =
        co_await client->ask(R"({"id":1,"method":"ticker.price","params":{"symbol":"AAAUSDT"}})");
    CHECK(member(text, "result.price") == "100.00");
    text = co_await client->ask(R"({"id":1,"method":"ticker.book"})");
    CHECK(count(member(text, "result")) == 3);

    text = co_await client->ask(
        request(world, "algoOrder.place",
                R"("algoType":"CONDITIONAL","symbol":"AAAUSDT","side":"BUY","type":"STOP_MARKET",)"
                R"("closePosition":"true","triggerPrice":"110","clientAlgoId":"c-1")"));
    CHECK(member(text, "result.algoStatus") == "NEW");
    CHECK(column(member(text, "rateLimits"), "count") == "-1,2,2");
    text = co_await client->ask(request(world, "algoOrder.cancel", R"("clientAlgoId":"c-1")"));
    CHECK(member(text, "result.code") == "200");

    text = co_await client->ask(
        R"({"id":1,"method":"userDataStream.start","params":{"apiKey":"key-a"}})");
    const auto key = member(text, "result.listenKey");
    CHECK(key.size() == 64);
    text = co_await client->ask(
        R"({"id":1,"method":"userDataStream.ping","params":{"apiKey":"key-a"}})");
    CHECK(member(text, "result.listenKey") == key);
    text = co_await client->ask(
        R"({"id":1,"method":"userDataStream.stop","params":{"apiKey":"key-a"}})");
    CHECK(member(text, "result") == "{}");
    text = co_await client->ask(
        R"({"id":1,"method":"userDataStream.ping","params":{"apiKey":"key-a"}})");
    CHECK(member(text, "error.code") == "-1125");
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("ws api: rate limits can be left out, of a connection or of a request") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto quiet = co_await StreamClient::open(world, "/ws-fapi/v1?returnRateLimits=false");
    auto text = co_await quiet->ask(R"({"id":1,"method":"ticker.book"})");
    CHECK(member(text, "rateLimits") == "(absent)");
    text = co_await quiet->ask(R"({"id":1,"method":"ticker.book","returnRateLimits":true})");
    CHECK(member(text, "rateLimits") != "(absent)");
    auto loud = co_await StreamClient::open(world, "/ws-fapi/v1");
    text = co_await loud->ask(R"({"id":1,"method":"ticker.book","returnRateLimits":false})");
    CHECK(member(text, "rateLimits") == "(absent)");
    co_await quiet->close();
    co_await loud->close();
    co_await world.close();
  });
}

TEST_CASE("ws api: limits are shared with REST, and a handshake can be refused") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.limits.weight_per_minute = 10;
    World world(loop, options);
    auto client = co_await StreamClient::open(world, "/ws-fapi/v1");
    for (int i = 0; i < 5; ++i)
      co_await world.get("/fapi/v1/time");
    const auto text = co_await client->ask(R"({"id":1,"method":"ticker.book"})");
    CHECK(member(text, "status") == "429");
    CHECK(member(text, "error.code") == "-1003");
    CHECK(std::stoll(member(text, "error.data.retryAfter")) > to_ms(world.server().now()));
    const auto refused = co_await world.get("/ws-fapi/v1");
    CHECK(refused.status == 429);
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("ws api: a planted lost answer is a lost connection") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.faults.push_back(
        {.path_prefix = "/fapi/v1/order", .effect = FaultRule::Effect::act_then_drop});
    World world(loop, options);
    auto client = co_await StreamClient::open(world, "/ws-fapi/v1");
    const auto text = co_await client->ask(
        request(world, "order.place", kPlace + R"(,"newClientOrderId":"w-1")"));
    CHECK(text.starts_with("(ended 1006"));
    const auto placed =
        co_await world.get_signed("/fapi/v1/order", "symbol=AAAUSDT&origClientOrderId=w-1");
    CHECK(placed.at("status") == "NEW");
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("ws api: logging on is for Ed25519 keys; the status says so") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(world, "/ws-fapi/v1");
    auto text = co_await client->ask(request(world, "session.logon", ""));
    CHECK(member(text, "status") == "400");
    CHECK(member(text, "error.code") == "-4056");
    text = co_await client->ask(R"({"id":1,"method":"session.status"})");
    CHECK(field_names(member(text, "result")) ==
          "apiKey,authorizedSince,connectedSince,returnRateLimits,serverTime");
    CHECK(member(text, "result.apiKey") == "null");
    CHECK(member(text, "result.returnRateLimits") == "true");
    text = co_await client->ask(R"({"id":1,"method":"session.logout"})");
    CHECK(member(text, "result.authorizedSince") == "null");
    co_await client->close();
    co_await world.close();
  });
}
