// Keys of the three kinds, several of one account, and what each of them may do.
#include "net/keys.h"

#include <doctest/doctest.h>

#include "net/crypto.h"
#include "paper/auth.h"
#include "paper/world.h"
#include "support/keys.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::Method;

namespace {

ApiKey with_public_key(std::string name, std::string pem) {
  ApiKey key;
  key.key = std::move(name);
  key.public_key = std::move(pem);
  return key;
}

ServerOptions options_with(std::vector<ApiKey> keys) {
  auto options = default_options();
  options.accounts.front().keys = std::move(keys);
  return options;
}

net::HttpRequest request_of(Method method, std::string target, std::string key,
                            std::string body = "") {
  net::HttpRequest request;
  request.method = method;
  request.target = std::move(target);
  request.headers = {{"X-MBX-APIKEY", std::move(key)}};
  request.body = std::move(body);
  return request;
}

constexpr const char* kRefused =
    R"({"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."})";

}  // namespace

TEST_CASE("keys: RSA and Ed25519 sign queries and bodies; HMAC goes on beside them") {
  run_sim([](SimLoop& loop) -> Task<void> {
    for (const auto type : {net::KeyType::rsa, net::KeyType::ed25519}) {
      const auto key = net::PrivateKey::generate(type);
      World world(loop, options_with({with_public_key("key-public", key.public_pem())}));
      const std::string stamp = "timestamp=" + std::to_string(to_ms(world.server().now()));
      const auto query = [&](const std::string& signed_text, const std::string& sent_text) {
        return "/fapi/v3/balance?" + sent_text +
               "&signature=" + net::percent_encode(key.sign(signed_text));
      };
      const auto good =
          co_await world.send(request_of(Method::get, query(stamp, stamp), "key-public"));
      CHECK(good.status == 200);
      CHECK(good.at("accountAlias") == "alpha");
      const auto tampered = co_await world.send(
          request_of(Method::get, query(stamp, stamp + "&recvWindow=9"), "key-public"));
      CHECK(tampered.code() == -1022);
      // The signature in the middle of a body.
      const std::string payload = "symbol=AAAUSDT&leverage=9&" + stamp;
      const auto signature = net::percent_encode(key.sign(payload));
      const auto posted = co_await world.send(
          request_of(Method::post, "/fapi/v1/leverage", "key-public",
                     "symbol=AAAUSDT&signature=" + signature + "&leverage=9&" + stamp));
      CHECK(posted.status == 200);
      CHECK(posted.at("leverage") == "9");
      const auto hmac = co_await world.get_signed("/fapi/v3/balance");
      CHECK(hmac.status == 200);
      // An HMAC signature is nothing to this key.
      Signing wrong;
      wrong.key = "key-public";
      const auto crossed = co_await world.call(Method::get, "/fapi/v3/balance", "", wrong);
      CHECK(crossed.code() == -1022);
      co_await world.close();
    }
  });
}

TEST_CASE("keys: the known Ed25519 and HMAC vectors, checked over the bytes as sent") {
  auto options = options_with({with_public_key("ed", bb::test::kEd25519Public)});
  options.accounts.front().api_key = "hmac";
  options.accounts.front().api_secret = "test-secret-" + std::string(54, '0');
  const Auth auth(options.accounts);
  const auto is_signed = [&](const char* key, const std::string& query, const std::string& body,
                             const std::string& signature) {
    const auto caller = auth.identify(key, "127.0.0.1", true, true);
    REQUIRE(caller.has_value());
    return auth.is_signed(*caller, signed_payload(query, body), signature);
  };
  const std::string v1 = bb::test::kPayloadV1;
  CHECK(is_signed("ed", v1, "", bb::test::kEd25519SignatureOfV1));
  CHECK(is_signed("hmac", v1, "",
                  "d8e74c77abf24d0470ea215cc082d340f58d4014d6b87d38bbc185587b4b0ee5"));
  CHECK(is_signed("hmac", "symbol=BTCUSDT&side=SELL&signature=0",
                  "type=MARKET&quantity=0.010&timestamp=1767225600000",
                  "381264F5C957AF8CB5F86441E26BD5B1528CBE27ACD6A1D899F70AA975D82E29"));
  // V5: the WebSocket API signs the names sorted, the values as text.
  CHECK(is_signed("hmac",
                  "apiKey=AK&price=60000.0&quantity=0.010&recvWindow=5000&side=BUY&"
                  "symbol=BTCUSDT&timeInForce=GTC&timestamp=1767225600000&type=LIMIT",
                  "", "15e08582474f781b7960a3bcc1904b974c3b927b7c23d6affb91d254593830e2"));
  CHECK_FALSE(is_signed("hmac", v1 + "0", "",
                        "d8e74c77abf24d0470ea215cc082d340f58d4014d6b87d38bbc185587b4b0ee5"));
}

TEST_CASE("keys: unencoded JSON in a body is verified as it is") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string body = R"(symbol=AAAUSDT&leverage=3&note=[{"a":"b","c":[1,2]}]&timestamp=)" +
                             std::to_string(to_ms(world.server().now()));
    const auto answer = co_await world.send(
        request_of(Method::post, "/fapi/v1/leverage", "key-a",
                   body + "&signature=" + net::hmac_sha256_hex("secret-a", body)));
    CHECK(answer.status == 200);
    co_await world.close();
  });
}

TEST_CASE("keys: permissions and addresses bound what a key may do; the refusal is 401") {
  run_sim([](SimLoop& loop) -> Task<void> {
    ApiKey reader{.key = "reader", .secret = "s"};
    reader.can_trade = false;
    ApiKey blind{.key = "blind", .secret = "s"};
    blind.can_read = false;
    ApiKey elsewhere{.key = "elsewhere", .secret = "s", .addresses = {"10.0.0.1"}};
    ApiKey here{.key = "here", .secret = "s", .addresses = {"10.0.0.1", "127.0.0.1"}};
    World world(loop, options_with({reader, blind, elsewhere, here}));
    const auto with = [](const char* key) {
      Signing how;
      how.key = key;
      how.secret = "s";
      return how;
    };
    const auto reads = [&](const char* key) {
      return world.call(Method::get, "/fapi/v3/balance", "", with(key));
    };
    const auto trades = [&](const char* key) {
      return world.call(Method::post, "/fapi/v1/leverage", "symbol=AAAUSDT&leverage=7", with(key));
    };
    const auto reader_reads = co_await reads("reader");
    CHECK(reader_reads.status == 200);
    const auto reader_trades = co_await trades("reader");
    CHECK(reader_trades.status == 401);
    CHECK(reader_trades.body == kRefused);
    const auto blind_reads = co_await reads("blind");
    CHECK(blind_reads.body == kRefused);
    const auto blind_trades = co_await trades("blind");
    CHECK(blind_trades.status == 200);
    const auto from_here = co_await reads("here");
    CHECK(from_here.status == 200);
    const auto from_elsewhere = co_await reads("elsewhere");
    CHECK(from_elsewhere.status == 401);
    CHECK(from_elsewhere.body == kRefused);
    co_await world.close();
  });
}

TEST_CASE("keys: apiRestrictions tells what the asking key may do") {
  run_sim([](SimLoop& loop) -> Task<void> {
    ApiKey bound{.key = "bound", .secret = "s", .addresses = {"127.0.0.1"}};
    bound.can_trade = false;
    World world(loop, options_with({bound}));
    const auto open = co_await world.get_signed("/sapi/v1/account/apiRestrictions");
    CHECK(field_names(open.body) ==
          "ipRestrict,createTime,enableReading,enableWithdrawals,enableInternalTransfer,"
          "enableMargin,enableFutures,permitsUniversalTransfer,enableVanillaOptions,"
          "enableFixApiTrade,enableFixReadOnly,enableSpotAndMarginTrading,"
          "enablePortfolioMarginTrading");
    CHECK(open.at("ipRestrict") == "false");
    CHECK(open.at("enableFutures") == "true");
    CHECK(open.at("enableWithdrawals") == "false");
    CHECK(open.header("X-SAPI-USED-IP-WEIGHT-1M") == "1");
    CHECK(open.header("X-MBX-USED-WEIGHT-1M").empty());
    Signing how;
    how.key = "bound";
    how.secret = "s";
    const auto tight =
        co_await world.call(Method::get, "/sapi/v1/account/apiRestrictions", "", how);
    CHECK(tight.at("ipRestrict") == "true");
    CHECK(tight.at("enableFutures") == "false");
    const auto coins = co_await world.get_signed("/sapi/v1/capital/config/getall");
    CHECK(column(coins.body, "coin").starts_with("USDT,BTC,"));
    const auto status = co_await world.get("/sapi/v1/system/status");
    CHECK(status.body == R"({"status":0,"msg":"normal"})");
    co_await world.close();
  });
}

TEST_CASE("keys: accounts that cannot be served are refused with a sentence") {
  const auto fault = [](std::vector<PaperAccount> accounts) {
    const auto checked = check_accounts(accounts);
    return checked ? std::string() : checked.error().text;
  };
  const PaperAccount good{.alias = "a", .api_key = "k", .api_secret = "s"};
  CHECK(fault({good}).empty());
  CHECK(fault({}).find("no account") != std::string::npos);
  CHECK(fault({good, good}).find("second time") != std::string::npos);
  PaperAccount twin = good;
  twin.alias = "b";
  CHECK(fault({good, twin}).find("stands twice") != std::string::npos);
  CHECK(fault({{.alias = "c"}}).find("needs an API key") != std::string::npos);
  CHECK(fault({{.alias = "c", .api_key = "k"}}).find("either a secret") != std::string::npos);
  PaperAccount broken{.alias = "d"};
  broken.keys.push_back(with_public_key("k", "AAAA"));
  CHECK(fault({broken}).find("not a public key") != std::string::npos);
}
