#include "dashboard/impl/statistics.h"

#include <array>
#include <limits>

namespace bb::dashboard {

namespace {

constexpr double kHundred = 100;
constexpr std::array kHoldHours{0, 1, 2, 4, 8, 12, 24, 36, 48};

double quotient(Usdt a, Usdt b) { return a.value().to_double() / b.value().to_double(); }

int hold_bucket(const store::Holding& holding) {
  const auto held = std::chrono::floor<Hours>(*holding.closed_at - holding.opened_at).count();
  int bucket = 0;
  for (const int hours : kHoldHours)
    if (held >= hours) bucket = hours;
  return bucket;
}

}  // namespace

std::optional<Price> close_price(const store::HoldingResult& result) {
  if (!result.closed_qty.is_positive()) return std::nullopt;
  return result.closed_notional / result.closed_qty;
}

std::optional<Usdt> gross_pnl(const store::HoldingResult& result) {
  const auto price = close_price(result);
  const auto& held = result.holding;
  if (!price || !held.qty.is_positive() || !held.entry_price.is_positive()) return std::nullopt;
  return (held.entry_price - *price) * held.qty;
}

std::optional<Usdt> net_pnl(const store::HoldingResult& result) {
  if (!result.holding.closed_at || result.closed_qty < result.holding.qty) return std::nullopt;
  return result.realized + result.commission + result.funding;
}

void TradeStatistics::add(std::optional<Usdt> pnl) {
  if (!pnl) {
    ++unpriced;
    return;
  }
  ++priced;
  total += *pnl;
  if (pnl->is_positive()) {
    ++wins;
    gross_profit += *pnl;
  } else if (pnl->is_negative()) {
    ++losses;
    gross_loss += pnl->abs();
  } else {
    ++breakeven;
  }
}

double TradeStatistics::win_rate_pct() const {
  return priced == 0 ? 0 : static_cast<double>(wins) / priced * kHundred;
}

std::optional<double> TradeStatistics::profit_factor() const {
  if (gross_loss.is_zero()) return std::nullopt;
  return quotient(gross_profit, gross_loss);
}

std::optional<double> TradeStatistics::average_ratio() const {
  if (average_loss().is_zero()) return std::nullopt;
  return quotient(average_win(), average_loss());
}

Usdt TradeStatistics::average_win() const { return wins == 0 ? Usdt() : gross_profit / wins; }
Usdt TradeStatistics::average_loss() const { return losses == 0 ? Usdt() : gross_loss / losses; }

Statistics compute(const std::vector<store::HoldingResult>& closed) {
  constexpr int kDayHours = 24;
  Statistics all;
  for (const auto& result : closed) {
    const auto& held = result.holding;
    const auto net = net_pnl(result);
    all.original.add(gross_pnl(result));
    const auto add = [&](TradeStatistics& group) {
      group.add(net);
      if (!net) return;
      group.commission += result.commission;
      group.funding += result.funding;
    };
    add(all.net);
    add(all.by_reason[std::string(store::str(held.status))]);
    add(all.by_symbol[held.symbol.str()]);
    const auto hour = std::chrono::floor<Hours>(*held.closed_at).time_since_epoch().count();
    add(all.by_hour[static_cast<int>(hour % kDayHours)]);
    add(all.by_hold_hours[hold_bucket(held)]);
  }
  return all;
}

Result<const Statistics*> StatisticsCache::get(store::Reader& reader) {
  const auto version = reader.load_trades_version();
  if (!version) return std::unexpected(version.error());
  if (reader_ == &reader && version_ == *version) return &statistics_;
  store::HoldingFilter all;
  all.limit = std::numeric_limits<int>::max();
  const auto closed = reader.load_holdings(all);
  if (!closed) return std::unexpected(closed.error());
  statistics_ = compute(*closed);
  reader_ = &reader;
  version_ = *version;
  return &statistics_;
}

}  // namespace bb::dashboard
