#include "binance/signing.h"

#include <doctest/doctest.h>

#include "binance/settings.h"
#include "net/http.h"
#include "support/keys.h"

namespace bb::binance::test {
namespace {

Secret test_secret() { return Secret("test-secret-" + std::string(54, '0')); }

/// `kind` is "PRIVATE KEY" or another; `line` is what ends a line.
std::string pem(const std::string& kind, const std::string& body, const std::string& line = "\n") {
  const std::string dashes(5, '-');
  return dashes + "BEGIN " + kind + dashes + line + body + line + dashes + "END " + kind + dashes;
}

Credentials hmac() { return {Secret("AK"), test_secret(), 5000}; }

Credentials credentials(const std::string& secret) {
  Settings settings;
  settings.api_key = Secret("AK");
  settings.api_secret = Secret(secret);
  auto made = make_credentials(settings);
  REQUIRE(made.has_value());
  return std::move(*made);
}

std::string fault(const std::string& secret) {
  Settings settings;
  settings.api_secret = Secret(secret);
  const auto made = make_credentials(settings);
  return made ? "none" : made.error().text;
}

TEST_CASE("keys: V6, an Ed25519 key on one line signs; its signature is sent percent-encoded") {
  const auto who = credentials(bb::test::kEd25519Private);
  REQUIRE(who.private_key != nullptr);
  CHECK(signature_of(who, bb::test::kPayloadV1, "") == bb::test::kEd25519SignatureOfV1);
  Params params;
  params.add("symbol", "BTCUSDT");
  const auto out = sign(params, who, from_ms(1767225600000));
  CHECK(out.text.find("&signature=" + net::percent_encode(out.signature)) != std::string::npos);
  CHECK(out.text.find('+') == std::string::npos);
}

TEST_CASE("keys: PEM with real and with written line breaks is the same key") {
  const std::string body = bb::test::kEd25519Private;
  for (const auto& line : {"\n", "\r\n", "\\n"})
    CHECK(signature_of(credentials(pem("PRIVATE KEY", body, line)), bb::test::kPayloadV1, "") ==
          bb::test::kEd25519SignatureOfV1);
}

TEST_CASE("keys: an HMAC secret stays one, also where it looks like base64") {
  for (const auto& text : {std::string(64, 'a'), std::string("MC4C") + std::string(60, 'A'),
                           std::string("MIIB") + std::string(60, 'x')}) {
    const auto who = credentials(text + "\n");
    CHECK(who.private_key == nullptr);
    CHECK(who.api_secret.reveal() == text);
  }
}

TEST_CASE("keys: what is wrong with a key is said, and the key is not shown") {
  const std::string body = bb::test::kEd25519Private;
  CHECK(fault(pem("PUBLIC KEY", "AAAA")) ==
        "[binance] api_secret: this is the public key, which belongs to the exchange; the private "
        "one signs");
  CHECK(fault(pem("ENCRYPTED PRIVATE KEY", "AAAA")) ==
        "[binance] api_secret: the private key is encrypted; store it without a passphrase");
  CHECK(fault(pem("PRIVATE KEY", body.substr(0, 40))) ==
        "[binance] api_secret: this is not a private key in PEM");
  CHECK(fault("two words").find("blanks") != std::string::npos);
  for (const auto& text : {body.substr(0, 60), pem("PRIVATE KEY", body.substr(0, 40))})
    CHECK(fault(text).find(body.substr(30, 8)) == std::string::npos);
}

TEST_CASE("signing: V1, an order in one string") {
  Params params;
  params.add("symbol", "BTCUSDT")
      .add("side", "BUY")
      .add("type", "LIMIT")
      .add("timeInForce", "GTC")
      .add("quantity", "0.010")
      .add("price", "60000.0")
      .add("newClientOrderId", "t-1");
  const Credentials who{Secret("AK"), test_secret(), 5000};
  const auto out = sign(params, who, from_ms(1767225600000));
  CHECK(out.signature == "d8e74c77abf24d0470ea215cc082d340f58d4014d6b87d38bbc185587b4b0ee5");
  CHECK(out.text ==
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.010&price=60000.0"
        "&newClientOrderId=t-1&recvWindow=5000&timestamp=1767225600000"
        "&signature=d8e74c77abf24d0470ea215cc082d340f58d4014d6b87d38bbc185587b4b0ee5");
}

TEST_CASE("signing: V2, JSON in a parameter is encoded first and signed as encoded") {
  Params params;
  params.add("batchOrders",
             R"([{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"0.001"}])");
  const Credentials who{Secret("AK"), test_secret(), 5000};
  CHECK(sign(params, who, from_ms(1767225600000)).signature ==
        "6cc47f7cecc62bc6b78cf006067ca64f15c8915f583b1e881aa4d93d636d7429");
}

TEST_CASE("signing: V3, a symbol beyond ASCII") {
  Params params;
  params.add("symbol", "币安人生USDT").add("timestamp", from_ms(1767225600000));
  CHECK(params.encoded() ==
        "symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&timestamp=1767225600000");
  CHECK(signature_of(hmac(), params.encoded(), {}) ==
        "ceb6dd1e41c747ea0098522cc6abe97cd326fa19d6e60006ac403abfc18fa4fc");
}

TEST_CASE("signing: V4, query and body are signed without a separator") {
  CHECK(signature_of(hmac(), "symbol=BTCUSDT&side=SELL",
                     "type=MARKET&quantity=0.010&timestamp=1767225600000") ==
        "381264f5c957af8cb5f86441e26bd5b1528cbe27acd6a1d899f70aa975d82e29");
}

TEST_CASE("texts: secrets are blotted out, control characters go, and length is bounded") {
  CHECK(printable("bad key k1, again k1\n", {"k1", ""}) == "bad key ***, again *** ");
  CHECK(printable(std::string(500, 'x'), {}).size() == 200);
}

TEST_CASE("settings: the environment follows from the host") {
  CHECK(environment_of("https://fapi.binance.com") == "live");
  CHECK(environment_of("https://demo-fapi.binance.com") == "testnet");
  CHECK(environment_of("https://testnet.binancefuture.com") == "testnet");
  CHECK(environment_of("https://fapi.binance.com.evil.test") == "paper");
  CHECK(environment_of("http://127.0.0.1:8090") == "paper");
}

TEST_CASE("settings: values are read, and every fault is told") {
  Settings settings;
  std::vector<SettingsSection> sections;
  sections.push_back(settings_section(settings));
  const auto file = parse_ini(
      "[binance]\napi_key = k\nbase_url = http://127.0.0.1:8090/\nretry_delay_sec = 0.5\n"
      "recv_window = 2000\n",
      "config.ini");
  REQUIRE(file.has_value());
  REQUIRE(apply_settings(*file, {}, sections).has_value());
  CHECK(settings.api_key.reveal() == "k");
  CHECK(settings.base_url == "http://127.0.0.1:8090");
  CHECK(settings.retry_delay_sec == *Decimal::parse("0.5"));
  CHECK(settings.recv_window == 2000);

  const auto bad = parse_ini(
      "[binance]\nbase_url = fapi.binance.com\nretry_count = 0\nretry_delay_sec = 0.05\n"
      "recv_window = 99\nhttp_pool_maxsize = 513\n",
      "config.ini");
  REQUIRE(bad.has_value());
  const auto faults = apply_settings(*bad, {}, sections);
  REQUIRE_FALSE(faults.has_value());
  CHECK(faults.error().size() == 5);
}

}  // namespace
}  // namespace bb::binance::test
