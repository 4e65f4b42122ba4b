#include "store/equity.h"

#include <doctest/doctest.h>

namespace bb::store {
namespace {

const TimePoint kBegin = from_ms(1'760'000'000'000);

Usdt amount(const char* text) { return Usdt::parse(text).value(); }

WalletPoint point(const char* asset, const char* wallet, int minute) {
  const TimePoint at = kBegin + Minutes(minute);
  return {asset, amount(wallet), at, at + Millis(100)};
}

IncomeRecord booked(const char* type, const char* asset, const char* value, Millis at) {
  static std::int64_t id = 0;
  IncomeRecord row;
  row.type = type;
  row.transaction_id = ++id;
  row.asset = asset;
  row.amount = amount(value);
  row.time = kBegin + at;
  return row;
}

TEST_CASE("equity: a wallet moves by what was booked, to the last decimal and per asset") {
  const std::vector<WalletPoint> points{point("USDT", "1000", 0),
                                        point("USDT", "1004.68765432", 60), point("BNB", "2", 0),
                                        point("BNB", "1.99999999", 60)};
  std::vector<IncomeRecord> income{booked("REALIZED_PNL", "USDT", "5.00000001", Minutes(10)),
                                   booked("FUNDING_FEE", "USDT", "-0.31234569", Minutes(20)),
                                   booked("COMMISSION", "BNB", "-0.00000001", Minutes(10))};
  CHECK(check_equity(points, income).empty());
  income.pop_back();
  const auto faults = check_equity(points, income);
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].find("wallet BNB: it moved by -0.00000001") != std::string::npos);
}

TEST_CASE("equity: a commission in BNB does not explain a move of USDT") {
  const std::vector<WalletPoint> points{point("USDT", "100", 0), point("USDT", "99", 60)};
  CHECK(check_equity(points, {booked("COMMISSION", "BNB", "-1", Minutes(5))}).size() == 1);
  CHECK(check_equity(points, {booked("COMMISSION", "USDT", "-1", Minutes(5))}).empty());
}

TEST_CASE("equity: what was booked during a reading may lie on either side of it, not on both") {
  const auto during = booked("TRANSFER", "USDT", "50", Minutes(60) + Millis(40));
  for (const char* seen : {"100", "150"}) {
    const std::vector<WalletPoint> points{point("USDT", "100", 0), point("USDT", seen, 60),
                                          point("USDT", "150", 120)};
    CHECK(check_equity(points, {during}).empty());
  }
  const std::vector<WalletPoint> twice{point("USDT", "100", 0), point("USDT", "150", 60),
                                       point("USDT", "200", 120)};
  CHECK(check_equity(twice, {during}).size() == 1);
}

TEST_CASE("equity: points keep their value on their way through the journal") {
  const auto before = point("USDT", "1234.56789012", 7);
  const auto after = wallet_points({journal_row(before)});
  REQUIRE(after.size() == 1);
  CHECK(after[0].wallet == before.wallet);
  CHECK(after[0].asset == "USDT");
  CHECK(after[0].asked == before.asked);
  CHECK(after[0].answered == before.answered);
}

}  // namespace
}  // namespace bb::store
