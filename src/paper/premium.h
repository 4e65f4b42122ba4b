// The index price and the premium of a contract's mark price over it. Recorded markets have
// neither: they are derived from the expected funding rate, whose formula is undone (reference
// §19): the premium P for which P + clamp(I - P, -0.05 %, +0.05 %) is that rate, 0 where every P in
// the dead band would do. A rate beyond its cap (recordings have some) counts as the cap, so the
// index is a price whatever was recorded. So index, premium and funding of an answer agree with
// each other.
#pragma once

#include "sim/market.h"

namespace bb::paper {

/// Cap of the funding rate of one interval; its floor is the same below zero (fundingInfo).
inline constexpr Ratio kFundingCap = Ratio(Decimal::from_raw(2'000'000));  // 2 %

/// I of reference §19 for one funding interval of the contract: 0.01 % for 8 hours.
Ratio interest_rate(const sim::Market& market, Symbol symbol, TimePoint now);
/// How far the mark stands above the index: 0.0005 = 0.05 %.
Ratio premium_of(const sim::Market& market, Symbol symbol, TimePoint now);
Price index_price(Price mark, Ratio premium);

}  // namespace bb::paper
