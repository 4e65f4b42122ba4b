#include <doctest/doctest.h>

#include "base/random.h"
#include "supervise/text.h"

using namespace bb;
using namespace bb::supervise;

TEST_CASE("text: what follows the name of a secret is masked") {
  CHECK(mask_secrets("api_key=abc123 ok") == "api_key=*** ok");
  CHECK(mask_secrets(R"({"apiKey":"abc","side":"BUY"})") == R"({"apiKey":"***","side":"BUY"})");
  CHECK(mask_secrets("BINANCE_API_SECRET_2 = abc") == "BINANCE_API_SECRET_2 = ***");
  CHECK(mask_secrets("password: p4ss\nnext") == "password: ***\nnext");
  CHECK(mask_secrets("Authorization: Basic dXNlcjpwYXNz") == "Authorization: ***");
  CHECK(mask_secrets("GET /order?signature=ab12&x=1") == "GET /order?signature=***&x=1");
}

TEST_CASE("text: what looks like a secret is masked whatever stands before it") {
  CHECK(mask_secrets("Bearer abc.def") == "Bearer ***");
  CHECK(mask_secrets("redis://user:word@host/0") == "redis://***@host/0");
  const std::string token =
      "1234567"
      "89:" +
      std::string(35, 'A');
  CHECK(mask_secrets("bot " + token + " up") == "bot *** up");
  CHECK(mask_secrets("k " + std::string(32, 'a') + std::string(32, '7')) == "k ***");
  CHECK(mask_secrets("-----BEGIN PRIVATE "
                     "KEY-----\nMIIE\n-----END X") ==
        "-----BEGIN PRIVATE "
        "KEY-----***-----END X");
}

TEST_CASE("text: a secret that is known is masked wherever it stands") {
  std::vector<Secret> known;
  known.emplace_back("plain word");
  CHECK(mask_secrets("say plain word, plain word", known) == "say ***, ***");
}

TEST_CASE("text: ordinary lines stay as they are") {
  for (const auto* line :
       {"2026-11-21T10:00:00Z filled BTCUSDT qty=0.5 price=60000.10", "order 123456789 at 12:34:56",
        "tokens of the day", "https://a.b/c", "client id bb-20261121-0001-BTCUSDT-entry-1"})
    CHECK(mask_secrets(line) == line);
}

TEST_CASE("text: control bytes, colours and direction marks are not shown to a terminal") {
  CHECK(clean_text("\x1b[31mred\x1b[0m") == "red");
  CHECK(clean_text("a\nb\tc\x7f") == "a?b?c?");
  CHECK(clean_text("a\u202eb") == "aU+202Eb");
  CHECK(clean_text("\xff\xfe") == "??");
  CHECK(clean_text("\x1b]0;title\aend") == "end");
  CHECK(clean_lines("a\r\nb\n") == "a\nb\n");
  CHECK(clean_text("äää", 3) == "ä..");
}

TEST_CASE("text: a look-alike does not look alike in quotes") {
  CHECK(quote_word("l\u0456ve") == "'lU+0456ve'");
  CHECK(quote_word(std::string("a\0b", 3)) == "'aU+0000b'");
  CHECK(quote_word(std::string(5000, 'x')).size() < 100);
}

TEST_CASE("text: the last lines") {
  CHECK(last_lines("a\nb\nc\n", 2) == "b\nc\n");
  CHECK(last_lines("a\nb", 1) == "b");
  CHECK(last_lines("a", 5) == "a");
  CHECK(last_lines("", 5).empty());
  CHECK(last_lines("a\nb\n", 0).empty());
}

TEST_CASE("text: any bytes can be cleaned and masked") {
  Random random(3);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (auto left = random.below(60); left > 0; --left)
      bytes += random.chance(0.3) ? "token=:\"' \x1b[//@"[random.below(15)]
                                  : static_cast<char>(random.below(256));
    const auto clean = clean_text(mask_secrets(bytes));
    CHECK(clean.find('\x1b') == std::string::npos);
  }
}
