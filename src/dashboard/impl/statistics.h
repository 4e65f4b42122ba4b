// Statistics: what closed positions came to, by the original's formula and by the right one. Pure,
// but for the cache.
//
// The original: (entry - close) x qty, without commission and funding. Right: what the exchange
// booked: realized PnL, commission and funding.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/reader.h"

namespace bb::dashboard {

/// As the original computes it; nothing when no closing fill is known.
std::optional<Usdt> gross_pnl(const store::HoldingResult& result);
/// The average price of the closing fills.
std::optional<Price> close_price(const store::HoldingResult& result);
/// Realized PnL + commission + funding; nothing when not all of the position's closing fills are
/// known.
std::optional<Usdt> net_pnl(const store::HoldingResult& result);

struct TradeStatistics {
  int priced = 0, unpriced = 0, wins = 0, losses = 0, breakeven = 0;
  Usdt gross_profit, gross_loss, total;
  Usdt commission, funding;  // net figures only
  void add(std::optional<Usdt> pnl);
  double win_rate_pct() const;
  std::optional<double> profit_factor() const;  // nothing without a loss
  std::optional<double> average_ratio() const;
  Usdt average_win() const, average_loss() const;
};

struct Statistics {
  TradeStatistics original, net;
  std::map<std::string, TradeStatistics> by_reason, by_symbol;
  std::map<int, TradeStatistics> by_hour;        // UTC hour of closing
  std::map<int, TradeStatistics> by_hold_hours;  // held at least so many hours: 0, 1, 2, 4, ..
};

Statistics compute(const std::vector<store::HoldingResult>& closed);

/// Computed anew only when positions, fills or income changed.
class StatisticsCache {
 public:
  Result<const Statistics*> get(store::Reader& reader);

 private:
  std::optional<std::string> version_;
  const store::Reader* reader_ = nullptr;
  Statistics statistics_;
};

}  // namespace bb::dashboard
