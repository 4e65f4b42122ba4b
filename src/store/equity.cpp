#include "store/equity.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace bb::store {

namespace {

constexpr std::string_view kSource = "wallet";

// Sums of everything booked before and up to each booking, ascending by time.
struct Ledger {
  std::vector<TimePoint> times;
  std::vector<Usdt> sums{Usdt()};  // sums[i] = of the first i bookings
};

Ledger ledger_of(std::vector<const IncomeRecord*> rows) {
  std::ranges::sort(rows, {},
                    [](const auto* row) { return std::pair(row->time, row->transaction_id); });
  Ledger ledger;
  for (const auto* row : rows) {
    ledger.times.push_back(row->time);
    ledger.sums.push_back(ledger.sums.back() + row->amount);
  }
  return ledger;
}

// Which sums the wallet may have stood at when it was read.
struct Window {
  std::size_t first;
  std::size_t last;
};

Window window_of(const Ledger& ledger, const WalletPoint& point) {
  const auto begin = std::ranges::lower_bound(ledger.times, point.asked);
  const auto end = std::ranges::upper_bound(ledger.times, point.answered);
  return {static_cast<std::size_t>(begin - ledger.times.begin()),
          static_cast<std::size_t>(end - ledger.times.begin())};
}

// The first point that does not fit, when the wallet stood at `start` with nothing booked.
std::size_t count_fitting(const Ledger& ledger, const std::vector<WalletPoint>& points,
                          Usdt start) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Window window = window_of(ledger, points[i]);
    bool fits = false;
    for (std::size_t cut = window.first; cut <= window.last && !fits; ++cut)
      fits = start + ledger.sums[cut] == points[i].wallet;
    if (!fits) return i;
  }
  return points.size();
}

}  // namespace

JournalRow journal_row(const WalletPoint& point) {
  const auto hour = std::chrono::duration_cast<Hours>(point.asked.time_since_epoch()).count();
  JournalRow row;
  row.source = kSource;
  row.key = fmt::format("{}:{}", point.asset, hour);
  row.exchange_time = point.asked;
  row.seen_at = point.answered;
  row.body = fmt::format("{} {}", point.asset, point.wallet.str());
  return row;
}

std::vector<WalletPoint> wallet_points(const std::vector<JournalRow>& rows) {
  std::vector<WalletPoint> points;
  for (const auto& row : rows) {
    const auto space = row.body.find(' ');
    if (row.source != kSource || space == std::string::npos) continue;
    const auto wallet = Usdt::parse(std::string_view(row.body).substr(space + 1));
    if (wallet)
      points.push_back({row.body.substr(0, space), *wallet, row.exchange_time, row.seen_at});
  }
  return points;
}

std::vector<std::string> check_equity(std::vector<WalletPoint> points,
                                      std::vector<IncomeRecord> income) {
  std::ranges::sort(points, {}, &WalletPoint::asked);
  std::map<std::string, std::vector<WalletPoint>> by_asset;
  for (auto& point : points)
    by_asset[point.asset].push_back(std::move(point));
  std::vector<std::string> faults;
  for (const auto& [asset, readings] : by_asset) {
    std::vector<const IncomeRecord*> rows;
    for (const auto& row : income)
      if (row.asset == asset) rows.push_back(&row);
    const Ledger ledger = ledger_of(std::move(rows));
    const Window first = window_of(ledger, readings.front());
    std::size_t best = 0;
    for (std::size_t cut = first.first; cut <= first.last; ++cut)
      best = std::max(best,
                      count_fitting(ledger, readings, readings.front().wallet - ledger.sums[cut]));
    if (best >= readings.size()) continue;
    const WalletPoint& before = readings[best - 1];
    const WalletPoint& after = readings[best];
    const Usdt moved = after.wallet - before.wallet;
    const Usdt booked =
        ledger.sums[window_of(ledger, after).last] - ledger.sums[window_of(ledger, before).last];
    faults.push_back(
        fmt::format("wallet {}: it moved by {} between {} ms and {} ms, and {} was booked", asset,
                    moved.str(), to_ms(before.asked), to_ms(after.asked), booked.str()));
  }
  return faults;
}

}  // namespace bb::store
