#include "trading/reconcile.h"

namespace bb::trading {

namespace {

using FillsRead = Result<std::vector<exchange::Fill>>;

// opened_at is when the fill was known; it happened before.
constexpr Minutes kBeforeOpened{1};

}  // namespace

Task<void> record_held_fills(desk::Desk& desk) {
  std::vector<Task<FillsRead>> reads;
  for (const auto& holding : desk.parts().store.open_holdings())
    reads.push_back(
        desk.record_fills(holding.symbol, holding.opened_at - kBeforeOpened, holding.id));
  const auto results = co_await gather(std::move(reads));
  for (const auto& fills : results)
    if (!fills) desk.parts().log.warn("fills not read", {{"why", fills.error().text}});
}

Task<Result<PatrolReport>> reconcile(desk::Desk& desk, Patrol& patrol) {
  auto& parts = desk.parts();
  const auto doubts = desk.gate().doubts();
  const auto [modes, book] = co_await both(parts.account.fetch_modes(),
                                           desk.book().refresh_if_older(Micros(0), parts.clock));
  if (!modes) co_return std::unexpected(modes.error());
  if (!book) co_return std::unexpected(book.error());
  desk.gate().note_modes(*modes);
  auto report = co_await patrol.run_once();
  if (report.unreadable) co_return fail(ErrorKind::unreachable, "the account could not be read");
  co_await record_held_fills(desk);
  // The round sees conditional orders only; a stranger with our id form may rest with any.
  auto open = co_await parts.account.fetch_open_orders();
  if (!open) co_return std::unexpected(open.error());
  co_await patrol.judge_foreign(std::move(*open));
  desk.gate().settle(doubts);
  parts.log.info(
      "account reconciled",
      {{"holdings", report.total}, {"restored", report.restored}, {"adopted", report.adopted}});
  co_return report;
}

}  // namespace bb::trading
