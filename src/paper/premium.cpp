#include "paper/premium.h"

#include <algorithm>

namespace bb::paper {

namespace {

const Decimal kInterest = Decimal::from_raw(10'000);  // 0.0001
const Decimal kBand = Decimal::from_raw(50'000);      // 0.0005

/// Length of the funding interval after the coming settlement.
std::int64_t funding_hours(const sim::Market& market, Symbol symbol, TimePoint now) {
  const auto next = market.next_funding(symbol, now);
  const auto after = market.next_funding(symbol, next.time);
  return std::chrono::round<Hours>(after.time - next.time).count();
}

}  // namespace

Ratio interest_rate(const sim::Market& market, Symbol symbol, TimePoint now) {
  const auto hours = Decimal::from_int(funding_hours(market, symbol, now));
  return Ratio(Decimal::mul_div(kInterest, hours, Decimal::from_int(8), Rounding::nearest));
}

Ratio premium_of(const sim::Market& market, Symbol symbol, TimePoint now) {
  const auto next = market.next_funding(symbol, now);
  const auto hours = funding_hours(market, symbol, now);
  if (hours <= 0) return {};
  const Ratio capped = std::clamp(next.rate, -kFundingCap, kFundingCap);
  const auto rate = Decimal::mul_div(capped.value(), Decimal::from_int(8), Decimal::from_int(hours),
                                     Rounding::nearest);
  if (rate > kInterest) return Ratio(rate + kBand);
  if (rate < kInterest) return Ratio(rate - kBand);
  return {};
}

Price index_price(Price mark, Ratio premium) {
  return Price(
      Decimal::div(mark.value(), Decimal::from_int(1) + premium.value(), Rounding::nearest));
}

}  // namespace bb::paper
