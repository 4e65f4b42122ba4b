#include "trading/loss_cut.h"

#include <fmt/format.h>

#include "base/plant.h"
#include "desk/closing.h"
#include "trading/lifecycle.h"

namespace bb::trading {

namespace {

std::optional<store::Holding> holding_of(desk::Desk& desk, const exchange::Position& position) {
  auto holding = desk.parts().store.find_open_holding(position.symbol);
  const bool is_ours = holding && holding->side == position.side && position.qty.is_negative();
  return is_ours ? holding : std::nullopt;
}

Task<bool> record(desk::Desk& desk, exchange::Position position, desk::CloseResult result) {
  const desk::Turn turn = co_await desk.turns().take(position.symbol);
  if (const auto holding = holding_of(desk, position))
    co_return co_await record_close(desk, *holding, result,
                                    store::HoldingStatus::closed_daily_loss_cut,
                                    "DAILY_FLOATING_LOSS_CHECK") == CloseEnd::closed;
  co_return result.kind == desk::CloseResult::Kind::flat;
}

}  // namespace

Task<LossCutReport> cut_losses(desk::Desk& desk, LossCutScope scope, std::string trade_day) {
  auto& parts = desk.parts();
  LossCutReport report;
  const auto book = co_await desk.book().refresh_if_older(Hours(6), parts.clock);
  if (!book) parts.log.warn("rules not read", {{"why", book.error().text}});
  auto positions = co_await parts.account.fetch_positions();
  if (!positions) {
    report.failed = true;
    report.errors = 1;
    report.details.push_back(positions.error().text);
    co_return report;
  }
  std::vector<exchange::Position> losers;
  std::vector<desk::CloseOrder> orders;
  for (const auto& position : *positions) {
    if (scope == LossCutScope::tracked && !holding_of(desk, position)) continue;
    ++report.total;
    if (!position.unrealized_pnl.is_negative() && !planted("winners_cut")) continue;
    losers.push_back(position);
    orders.push_back({position.symbol, position.side, {}});
  }
  if (losers.empty()) co_return report;
  desk::CloseOptions options;
  options.turns = desk::CloseTurns::taken;
  options.seen = std::move(*positions);
  const desk::ClosePurpose purpose{OrderKind::loss_cut, Job::loss_cut, std::move(trade_day)};
  auto cut = co_await desk::close_legs(desk, std::move(orders), purpose, std::move(options));
  std::vector<Task<bool>> records;
  for (std::size_t i = 0; i < losers.size(); ++i)
    records.push_back(record(desk, losers[i], cut.legs[i]));
  const auto closed = co_await gather(std::move(records));
  for (std::size_t i = 0; i < losers.size(); ++i) {
    ++(closed[i] ? report.closed : report.errors);
    report.details.push_back(fmt::format("{} {} {} ({} USDT)", losers[i].symbol.str(),
                                         str(losers[i].side), closed[i] ? "closed" : "NOT closed",
                                         losers[i].unrealized_pnl.str()));
  }
  co_return report;
}

}  // namespace bb::trading
