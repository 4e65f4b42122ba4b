#include <doctest/doctest.h>

#include "net/crypto.h"
#include "net/http.h"

namespace bb::net::test {
namespace {

TEST_CASE("crypto: HMAC-SHA256 signs the known payload") {
  const std::string secret = "test-secret-" + std::string(54, '0');
  CHECK(hmac_sha256_hex(secret,
                        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.010"
                        "&price=60000.0&newClientOrderId=t-1&recvWindow=5000"
                        "&timestamp=1767225600000") ==
        "d8e74c77abf24d0470ea215cc082d340f58d4014d6b87d38bbc185587b4b0ee5");
  CHECK(hmac_sha256_hex(secret,
                        "symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT"
                        "&timestamp=1767225600000") ==
        "ceb6dd1e41c747ea0098522cc6abe97cd326fa19d6e60006ac403abfc18fa4fc");
}

TEST_CASE("crypto: HMAC and SHA-256 of empty text are the published values") {
  CHECK(hmac_sha256_hex("", "") ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a keyed HMAC says the same as the single one, message after message") {
  for (const std::string key : {"", "secret",
                                "a key that is longer than the block of the hash, "
                                "which is hashed itself before it is used"}) {
    const HmacSha256 mac(key);
    for (const std::string message : {"", "one", "two", "one"})
      CHECK(mac.hex_of(message) == hmac_sha256_hex(key, message));
  }
}

TEST_CASE("crypto: equal text is equal, different text or length is not") {
  CHECK(equal_constant_time("secret", "secret"));
  CHECK(equal_constant_time("", ""));
  CHECK_FALSE(equal_constant_time("secret", "secreT"));
  CHECK_FALSE(equal_constant_time("secret", "secrets"));
}

TEST_CASE("percent encoding: only unreserved bytes stay, and decoding undoes it") {
  CHECK(percent_encode("aZ0-_.~") == "aZ0-_.~");
  CHECK(percent_encode("[{\"a b\":1}]") == "%5B%7B%22a%20b%22%3A1%7D%5D");
  CHECK(percent_encode("币安人生USDT") == "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT");
  std::string all;
  for (int byte = 0; byte < 256; ++byte)
    all += static_cast<char>(byte);
  CHECK(*percent_decode(percent_encode(all), false) == all);
}

TEST_CASE("percent decoding: plus is a blank only where asked, a broken escape is an error") {
  CHECK(*percent_decode("a+b%20c", true) == "a b c");
  CHECK(*percent_decode("a+b", false) == "a+b");
  CHECK(*percent_decode("%41", false) == "A");
  for (const char* text : {"%", "%4", "a%zz", "%4g", "x%"})
    CHECK_FALSE(percent_decode(text, false).has_value());
}

TEST_CASE("base url: scheme, host, port and prefix") {
  const auto plain = *parse_base_url("https://fapi.binance.com");
  CHECK(plain.endpoint.host == "fapi.binance.com");
  CHECK(plain.endpoint.port == 443);
  CHECK(plain.endpoint.tls);
  CHECK(plain.prefix.empty());
  const auto local = *parse_base_url("http://127.0.0.1:8080/prefix/");
  CHECK(local.endpoint.host == "127.0.0.1");
  CHECK(local.endpoint.port == 8080);
  CHECK_FALSE(local.endpoint.tls);
  CHECK(local.prefix == "/prefix");
  const auto v6 = *parse_base_url("http://[::1]:81/");
  CHECK(v6.endpoint.host == "::1");
  CHECK(v6.endpoint.port == 81);
  CHECK(v6.prefix.empty());
}

TEST_CASE("base url: anything else is an error that shows the form") {
  for (const char* url :
       {"", "fapi.binance.com", "ftp://a", "https://", "https:///x", "http://a:0", "http://a:65536",
        "http://a:", "http://a:b", "http://user@host", "http://a b", "http://a/?q=1", "http://a/#f",
        "http://[::1", "http://[::1]x", "http://a?b", "http://a\r\nb"}) {
    const auto parsed = parse_base_url(url);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().text.find("https://host") != std::string::npos);
  }
}

TEST_CASE("headers: names compare without letter case, the first one counts") {
  const Headers headers{{"X-Used", "1"}, {"x-used", "2"}};
  CHECK(find_header(headers, "x-USED") == "1");
  CHECK(find_header(headers, "x-use").empty());
}

}  // namespace
}  // namespace bb::net::test
