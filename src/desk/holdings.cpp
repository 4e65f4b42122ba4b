#include "desk/holdings.h"

#include <array>

namespace bb::desk {

Task<void> save_holding(Desk& desk, store::Holding holding) {
  auto& parts = desk.parts();
  holding.updated_at = parts.market.exchange_now();
  store::Batch batch;
  batch.put(holding);
  const auto stored = co_await parts.store.commit(std::move(batch));
  if (!stored)
    parts.log.error("position not stored",
                    {{"symbol", holding.symbol}, {"error", stored.error().text}});
}

namespace {

// The trade history may lag behind the position: asked again until it covers what was held.
Task<void> record_closing_fills(Desk& desk, const store::Holding& holding) {
  constexpr std::array kWaits{Millis(0), Millis(500), Millis(1500)};
  for (const auto wait : kWaits) {
    if (wait.count() > 0) co_await sleep_for(desk.parts().clock, wait);
    const auto fills =
        co_await desk.record_fills(holding.symbol, holding.opened_at - Minutes(1), holding.id);
    Qty bought;
    if (fills)
      for (const auto& fill : *fills)
        if (fill.side == Side::buy && fill.position_side == holding.side) bought += fill.qty;
    if (bought >= holding.qty) co_return;
  }
  desk.parts().log.warn("closing fills incomplete", {{"symbol", holding.symbol}});
}

}  // namespace

Task<bool> record_closed(Desk& desk, store::Holding holding, Ending ending) {
  auto& parts = desk.parts();
  if (!ending.has_fills) co_await record_closing_fills(desk, holding);
  const auto now = parts.store.find_open_holding(holding.symbol);
  if (!now || now->id != holding.id) co_return false;
  holding.status = ending.status;
  holding.close_reason = std::move(ending.reason);
  holding.close_order_id = ending.order_id;
  holding.closed_at = parts.market.exchange_now();
  holding.last_error.clear();
  parts.log.info("position closed", {{"symbol", holding.symbol},
                                     {"status", str(holding.status)},
                                     {"reason", holding.close_reason}});
  co_await save_holding(desk, std::move(holding));
  co_return true;
}

}  // namespace bb::desk
