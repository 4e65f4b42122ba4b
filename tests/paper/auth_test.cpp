#include "paper/auth.h"

#include <doctest/doctest.h>

#include "net/crypto.h"
#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::Method;

namespace {

const std::string kSecret = "test-secret-" + std::string(54, '0');

std::string hmac(std::string_view query, std::string_view body) {
  return net::hmac_sha256_hex(kSecret, signed_payload(query, body));
}

net::HttpRequest with_key(std::string target, std::string key = "key-a") {
  net::HttpRequest request;
  request.target = std::move(target);
  request.headers = {{"x-mbx-apikey", std::move(key)}};
  return request;
}

/// A signature in the middle: timestamp, signature, and `after` behind them.
std::string balance_query(TimePoint now, const std::string& after) {
  const auto payload = "timestamp=" + std::to_string(to_ms(now));
  const auto signature = net::hmac_sha256_hex("secret-a", payload + "&" + after);
  return "/fapi/v3/balance?" + payload + "&signature=" + signature + "&" + after;
}

}  // namespace

TEST_CASE("auth: the payload is query and body as received, without the signature") {
  CHECK(hmac("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.010&price=60000.0&"
             "newClientOrderId=t-1&recvWindow=5000&timestamp=1767225600000",
             "") == "d8e74c77abf24d0470ea215cc082d340f58d4014d6b87d38bbc185587b4b0ee5");
  CHECK(hmac("",
             "batchOrders=%5B%7B%22symbol%22%3A%22BTCUSDT%22%2C%22side%22%3A%22BUY%22%2C%22type"
             "%22%3A%22MARKET%22%2C%22quantity%22%3A%220.001%22%7D%5D&recvWindow=5000&timestamp="
             "1767225600000") ==
        "6cc47f7cecc62bc6b78cf006067ca64f15c8915f583b1e881aa4d93d636d7429");
  CHECK(hmac("symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&timestamp=1767225600000", "") ==
        "ceb6dd1e41c747ea0098522cc6abe97cd326fa19d6e60006ac403abfc18fa4fc");
  CHECK(hmac("symbol=BTCUSDT&side=SELL", "type=MARKET&quantity=0.010&timestamp=1767225600000") ==
        "381264f5c957af8cb5f86441e26bd5b1528cbe27acd6a1d899f70aa975d82e29");
}

TEST_CASE("auth: the signature is taken out wherever it stands") {
  CHECK(signed_payload("a=1&signature=ff&b=2", "") == "a=1&b=2");
  CHECK(signed_payload("signature=ff&a=1", "") == "a=1");
  CHECK(signed_payload("a=1&signature=ff", "") == "a=1");
  CHECK(signed_payload("a=1", "b=2&signature=ff") == "a=1b=2");
  CHECK(signed_payload("signature=ff", "b=2") == "b=2");
  CHECK(signed_payload("my_signature=1&signature=ff", "") == "my_signature=1");
}

TEST_CASE("auth: last, in the middle and in upper case, a right signature is accepted") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto last = co_await world.get_signed("/fapi/v3/balance");
    CHECK(last.status == 200);
    const auto middle =
        co_await world.send(with_key(balance_query(world.server().now(), "recvWindow=5000")));
    CHECK(middle.status == 200);

    const std::string payload = "timestamp=" + std::to_string(to_ms(world.server().now()));
    std::string signature = net::hmac_sha256_hex("secret-a", payload);
    for (auto& c : signature)
      c = static_cast<char>(std::toupper(c));
    const auto upper =
        co_await world.send(with_key("/fapi/v3/balance?" + payload + "&signature=" + signature));
    CHECK(upper.status == 200);

    // Query and body both, nothing between them.
    net::HttpRequest both = with_key("/fapi/v1/leverage?symbol=AAAUSDT&leverage=7");
    both.method = Method::post;
    both.body = payload;
    both.body +=
        "&signature=" + net::hmac_sha256_hex("secret-a", "symbol=AAAUSDT&leverage=7" + payload);
    const auto mixed = co_await world.send(std::move(both));
    CHECK(mixed.status == 200);
    CHECK(mixed.at("leverage") == "7");
    co_await world.close();
  });
}

TEST_CASE("auth: a tampered request, or another secret, is -1022") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string payload =
        "symbol=AAAUSDT&timestamp=" + std::to_string(to_ms(world.server().now()));
    const auto signature = net::hmac_sha256_hex("secret-a", payload);
    auto tampered = "/fapi/v3/positionRisk?" + payload + "&signature=" + signature;
    tampered.replace(tampered.find("AAA"), 3, "BBB");
    const auto answer = co_await world.send(with_key(tampered));
    CHECK(answer.status == 400);
    CHECK(answer.body == R"({"code":-1022,"msg":"Signature for this request is not valid."})");

    Signing other_secret;
    other_secret.secret = "secret-b";
    const auto other = co_await world.call(Method::get, "/fapi/v3/balance", "", other_secret);
    CHECK(other.code() == -1022);
    co_await world.close();
  });
}

TEST_CASE("auth: keys are checked first, then timestamp and signature are asked for") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto no_key = co_await world.get("/fapi/v3/balance");
    CHECK(no_key.status == 401);
    CHECK(no_key.body == R"({"code":-2014,"msg":"API-key format invalid."})");
    const auto strange = co_await world.send(with_key("/fapi/v3/balance", "no such key"));
    CHECK(strange.code() == -2014);
    const auto unknown = co_await world.send(with_key("/fapi/v3/balance", "nosuchkey"));
    CHECK(unknown.status == 401);
    CHECK(unknown.body ==
          R"({"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."})");
    const auto no_time = co_await world.send(with_key("/fapi/v3/balance"));
    CHECK(no_time.status == 400);
    CHECK(no_time.body ==
          R"({"code":-1102,"msg":"Mandatory parameter 'timestamp' was not sent, was )"
          R"(empty/null, or malformed."})");
    const auto no_signature = co_await world.send(with_key("/fapi/v3/balance?timestamp=1"));
    CHECK(no_signature.body ==
          R"({"code":-1102,"msg":"Mandatory parameter 'signature' was not sent, was )"
          R"(empty/null, or malformed."})");
    const auto bad_time = co_await world.send(with_key("/fapi/v3/balance?timestamp=now"));
    CHECK(bad_time.code() == -1100);
    co_await world.close();
  });
}

TEST_CASE("auth: no account endpoint answers without a key, or with a key and no signature") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string v1 = "/fapi/v1/";
    const std::vector<std::pair<Method, std::string>> endpoints = {
        {Method::post, v1 + "order"},
        {Method::get, v1 + "order"},
        {Method::del, v1 + "order"},
        {Method::get, v1 + "openOrder"},
        {Method::get, v1 + "openOrders"},
        {Method::get, v1 + "allOrders"},
        {Method::del, v1 + "allOpenOrders"},
        {Method::get, v1 + "userTrades"},
        {Method::post, v1 + "algoOrder"},
        {Method::get, v1 + "algoOrder"},
        {Method::del, v1 + "algoOrder"},
        {Method::del, v1 + "algoOpenOrders"},
        {Method::get, v1 + "openAlgoOrders"},
        {Method::get, v1 + "allAlgoOrders"},
        {Method::get, "/fapi/v2/account"},
        {Method::get, "/fapi/v3/account"},
        {Method::get, "/fapi/v2/balance"},
        {Method::get, "/fapi/v3/balance"},
        {Method::get, "/fapi/v2/positionRisk"},
        {Method::get, "/fapi/v3/positionRisk"},
        {Method::get, v1 + "income"},
        {Method::get, v1 + "accountConfig"},
        {Method::get, v1 + "symbolConfig"},
        {Method::get, v1 + "leverageBracket"},
        {Method::get, v1 + "commissionRate"},
        {Method::post, v1 + "leverage"},
        {Method::post, v1 + "marginType"},
        {Method::get, v1 + "positionSide/dual"},
        {Method::post, v1 + "positionSide/dual"},
        {Method::get, v1 + "multiAssetsMargin"},
        {Method::get, v1 + "rateLimit/order"},
        {Method::get, v1 + "apiTradingStatus"}};
    for (const auto& [method, path] : endpoints) {
      INFO(path);
      net::HttpRequest bare;
      bare.method = method;
      bare.target = path;
      const auto keyless = co_await world.send(bare);
      CHECK(keyless.code() == -2014);
      net::HttpRequest unsigned_ =
          with_key(path + "?timestamp=" + std::to_string(to_ms(world.server().now())));
      unsigned_.method = method;
      const auto refused = co_await world.send(std::move(unsigned_));
      CHECK(refused.code() == -1102);
    }
    co_await world.close();
  });
}

TEST_CASE("auth: every account answers to its own key only") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Signing beta;
    beta.key = "key-b";
    beta.secret = "secret-b";
    const auto a = co_await world.get_signed("/fapi/v3/balance");
    const auto b = co_await world.call(Method::get, "/fapi/v3/balance", "", beta);
    CHECK(a.at("accountAlias") == "alpha");
    CHECK(a.at("balance") == "10000.00000000");
    CHECK(b.at("accountAlias") == "beta");
    CHECK(b.at("balance") == "500.00000000");
    co_await world.close();
  });
}

TEST_CASE("auth: the time rule holds to the millisecond at both ends") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto at_age = [&](std::int64_t age_ms, std::string window) {
      Signing how;
      how.age = Millis(age_ms);
      how.recv_window = std::move(window);
      return world.call(Method::get, "/fapi/v3/balance", "", how);
    };
    const auto just_in = co_await at_age(5000, "");
    CHECK(just_in.status == 200);
    const auto too_old = co_await at_age(5001, "");
    CHECK(too_old.status == 400);
    CHECK(too_old.body ==
          R"({"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."})");
    const auto ahead = co_await at_age(-999, "");
    CHECK(ahead.status == 200);
    const auto too_early = co_await at_age(-1000, "");
    CHECK(too_early.body ==
          R"({"code":-1021,"msg":"Timestamp for this request was 1000ms ahead of the server's )"
          R"(time."})");
    const auto short_window = co_await at_age(101, "100");
    CHECK(short_window.code() == -1021);
    const auto long_window = co_await at_age(59'000, "60000");
    CHECK(long_window.status == 200);
    const auto beyond = co_await at_age(0, "60001");
    CHECK(beyond.code() == -1130);
    co_await world.close();
  });
}

TEST_CASE("auth: an order that is late where it acts is -5028 and has done nothing") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.delay_before = Millis(300);
    World world(loop, options);
    Signing how;
    how.recv_window = "299";
    const auto late = co_await world.call(Method::post, "/fapi/v1/order",
                                          "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=1", how);
    CHECK(late.status == 400);
    CHECK(late.body ==
          R"({"code":-5028,"msg":"Timestamp for this request is outside of the ME recvWindow."})");
    CHECK(world.exchange().positions(0).empty());
    how.recv_window = "300";
    const auto in_time = co_await world.call(
        Method::post, "/fapi/v1/order", "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=1", how);
    CHECK(in_time.status == 200);
    // Other endpoints are judged on arrival only.
    how.recv_window = "10";
    const auto leverage =
        co_await world.call(Method::post, "/fapi/v1/leverage", "symbol=BBBUSDT&leverage=5", how);
    CHECK(leverage.status == 200);
    co_await world.close();
  });
}
