// Equity history: what an account's curve is drawn from, read beside the process that holds the
// account, on any thread: a read-only connection of its own, nothing of a Store.
#pragma once

#include <string>
#include <vector>

#include "store/records.h"

namespace bb::store {

struct TimedAmount {
  TimePoint at{};
  Usdt amount;
};

struct EquityHistory {
  std::vector<TimedAmount> samples;  // ascending; readings that failed are left out
  std::vector<TimedAmount> flows;    // deposits and withdrawals, ascending, signed
  // Bookings since `since`, signed as they changed the wallet.
  Usdt realized, commission, funding;
  std::int64_t closes = 0;  // bookings of realized PnL
};

/// From `since` on, up to now. `account` as the database knows it. Errors as open_for_reading() of
/// a Store.
Result<EquityHistory> load_equity_history(const std::string& path, const std::string& account,
                                          TimePoint since);

}  // namespace bb::store
