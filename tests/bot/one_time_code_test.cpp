#include "bot/one_time_code.h"

#include <doctest/doctest.h>

namespace bb::bot {
namespace {

constexpr std::string_view kKey = "12345678901234567890";

TEST_CASE("one-time codes: the vectors of RFC 4226 and RFC 6238") {
  const char* const hotp[] = {"755224", "287082", "359152", "969429", "338314",
                              "254676", "287922", "162583", "399871", "520489"};
  for (std::uint64_t i = 0; i < 10; ++i)
    CHECK(one_time_code(kKey, i) == hotp[i]);
  const std::pair<std::int64_t, const char*> totp[] = {
      {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
      {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
  for (const auto& [seconds, code] : totp)
    CHECK(accept_code(kKey, code, from_ms(seconds * 1000), 0) == seconds / 30);
}

TEST_CASE("one-time codes: one step early or late is taken, two are not, none twice") {
  const auto now = from_ms(1234567890000);
  const std::int64_t step = 1234567890 / 30;
  for (const std::int64_t off : {-1, 0, 1})
    CHECK(accept_code(kKey, one_time_code(kKey, static_cast<std::uint64_t>(step + off)), now, 0));
  for (const std::int64_t off : {-2, 2})
    CHECK_FALSE(
        accept_code(kKey, one_time_code(kKey, static_cast<std::uint64_t>(step + off)), now, 0));
  CHECK_FALSE(accept_code(kKey, one_time_code(kKey, static_cast<std::uint64_t>(step)), now, step));
  CHECK_FALSE(accept_code(kKey, "", now, 0));
  CHECK_FALSE(accept_code(kKey, "0059240", now, 0));
}

TEST_CASE("base32: there and back, as people type it") {
  CHECK(base32_encode(kKey) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  CHECK(base32_decode("gezd gnbv-gy3tqojqgezdgnbvgy3tqojq") == std::string(kKey));
  CHECK(base32_decode("MZXW6===") == "foo");
  CHECK_FALSE(base32_decode("MZXW1").has_value());
  const auto made = make_totp_secret();
  CHECK(made.size() == 32);
  CHECK(base32_decode(made)->size() == 20);
  CHECK(made != make_totp_secret());
}

}  // namespace
}  // namespace bb::bot
