#include "trading/loss_cut.h"

#include <fmt/format.h>

#include "trading/lifecycle.h"

namespace bb::trading {

namespace {

struct Cut {
  bool closed = false;
  std::string detail;
};

Task<Cut> cut_one(desk::Desk& desk, exchange::Position position, std::string trade_day) {
  auto& parts = desk.parts();
  const desk::Turn turn = co_await desk.turns().take(position.symbol);
  Cut cut;
  const auto holding = parts.store.find_open_holding(position.symbol);
  const bool is_ours = holding && holding->side == position.side && position.qty.is_negative();
  if (is_ours) {
    cut.closed = co_await close_holding(desk, *holding, OrderKind::loss_cut, Job::loss_cut,
                                        trade_day, store::HoldingStatus::closed_daily_loss_cut,
                                        "DAILY_FLOATING_LOSS_CHECK");
  } else {
    const auto closed = co_await desk.close_position(position.symbol, position.side,
                                                     OrderKind::loss_cut, trade_day, Job::loss_cut);
    cut.closed = closed.kind == desk::CloseResult::Kind::flat;
    if (cut.closed)
      (void)co_await desk.record_fills(position.symbol, parts.market.exchange_now() - Minutes(10),
                                       0);
  }
  cut.detail = fmt::format("{} {} {} ({} USDT)", position.symbol.str(), str(position.side),
                           cut.closed ? "closed" : "NOT closed", position.unrealized_pnl.str());
  co_return cut;
}

}  // namespace

Task<LossCutReport> cut_losses(desk::Desk& desk, LossCutScope scope, std::string trade_day) {
  auto& parts = desk.parts();
  LossCutReport report;
  const auto book = co_await desk.book().refresh_if_older(Hours(6), parts.clock);
  if (!book) parts.log.warn("rules not read", {{"why", book.error().text}});
  const auto positions = co_await parts.account.fetch_positions();
  if (!positions) {
    report.failed = true;
    report.errors = 1;
    report.details.push_back(positions.error().text);
    co_return report;
  }
  std::vector<Task<Cut>> cuts;
  for (const auto& position : *positions) {
    const auto holding = parts.store.find_open_holding(position.symbol);
    const bool tracked = holding && holding->side == position.side && position.qty.is_negative();
    if (scope == LossCutScope::tracked && !tracked) continue;
    ++report.total;
    if (!position.unrealized_pnl.is_negative()) continue;
    cuts.push_back(cut_one(desk, position, trade_day));
  }
  auto results = co_await gather(std::move(cuts));
  for (auto& cut : results) {
    if (cut.closed)
      ++report.closed;
    else
      ++report.errors;
    report.details.push_back(std::move(cut.detail));
  }
  co_return report;
}

}  // namespace bb::trading
