#include "control/command.h"

#include <doctest/doctest.h>

namespace bb::control::test {

TEST_CASE("a percentage is plain digits above 0 and at most 100") {
  CHECK(parse_percent("100").value() == Decimal::from_int(100));
  CHECK(parse_percent("12.5").value().str() == "12.5");
  CHECK(parse_percent("0.000001").value().str() == "0.000001");
  for (const char* wrong :
       {"",       "0",    "0.0",       "101",  "100.1",         "-5",  "+5", "1e2", "100%",
        "100%25", "NaN",  "inf",       " 50",  "50 ",           "5,0", ".5", "5.",  "0x10",
        "1.2.3",  "50\n", "0.0000001", "0100", "99999999999999"})
    CHECK_MESSAGE(!parse_percent(wrong), wrong);
}

TEST_CASE("two ids are never the same, and are 32 hex digits") {
  const auto id = make_command_id();
  CHECK(id.size() == 32);
  CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(id != make_command_id());
}

TEST_CASE("a symbol has neither blanks nor control characters") {
  CHECK(complaint_of_symbol("BTCUSDT").empty());
  CHECK(complaint_of_symbol("币安人生USDT").empty());
  for (const char* wrong : {"", "BTC USDT", "BTC\nUSDT", "\x7f"})
    CHECK_MESSAGE(!complaint_of_symbol(wrong).empty(), wrong);
  CHECK_FALSE(complaint_of_symbol(std::string(41, 'A')).empty());
}

}  // namespace bb::control::test
