// What a flatten does after the positions are where they should be: the stops of what is gone, and
// the records.
#include <algorithm>

#include "base/join.h"
#include "desk/holdings.h"
#include "desk/impl/flattening.h"

namespace bb::desk {

// After the verdict on the positions. Resting orders of ours whose position was closed here:
// closePosition orders expire by themselves, what is still there is cancelled. That other positions
// are missing in one read proves nothing: their orders are the patrol's.
Task<bool> Flattening::sweep() {
  if (!after) co_return false;
  const auto orders = co_await desk.parts().account.fetch_open_orders();
  if (!orders) {
    report.text = "the resting orders could not be read: " + orders.error().text;
    are_orders_known = false;
    co_return false;
  }
  std::vector<Task<bool>> cancels;
  for (const auto& order : *orders) {
    if (is_opener(order)) {
      cancels.push_back(desk.cancel_order(order.ref()));
      continue;
    }
    if (!desk.ids().decode(order.client_order_id, order.symbol)) continue;
    if (!is_wanted(request, order.symbol)) continue;
    const auto row = find_row(order.symbol, order.position_side);
    if (!row || !is_closed(*row)) continue;
    if (find_position(after->positions, order.symbol, order.position_side) != nullptr) continue;
    cancels.push_back(desk.cancel_order(order.ref()));
  }
  const auto gone = co_await gather(std::move(cancels));
  report.orders_left = static_cast<int>(std::ranges::count(gone, false));
  co_return true;
}

// The record of what was closed; a part changes the holding's size only.
Task<bool> Flattening::record(std::size_t index) {
  const FlattenRow& row = report.rows[index];
  CloseResult& result = results[index];
  (void)co_await record_fills_of(desk, {row.symbol, row.side, row.target.abs()}, result);
  const Turn turn = co_await desk.turns().take(row.symbol);
  auto holding = desk.parts().store.find_open_holding(row.symbol);
  if (!holding || holding->side != row.side) co_return false;
  const bool is_gone = result.kind == CloseResult::Kind::flat && !row.left.is_negative();
  if (is_gone) {
    const bool ours = result.order_id != 0;
    Ending ending{store::HoldingStatus::closed_flatten, request.reason, result.order_id,
                  result.has_all_fills()};
    if (!ours) {
      ending.status = store::HoldingStatus::closed_external;
      ending.reason = "SHORT_POSITION_NOT_FOUND";
    }
    co_await record_closed(desk, std::move(*holding), std::move(ending));
  } else if (result.closed.is_positive() && row.left.is_negative()) {
    holding->qty = row.left.abs();
    co_await save_holding(desk, std::move(*holding));
  }
  co_return true;
}

Task<void> Flattening::record_all() {
  std::vector<Task<bool>> records;
  for (std::size_t i = 0; i < report.rows.size(); ++i)
    records.push_back(record(i));
  (void)co_await gather(std::move(records));
}

}  // namespace bb::desk
