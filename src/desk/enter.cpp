#include <fmt/format.h>

#include "base/plant.h"
#include "desk/desk.h"
#include "desk/impl/journal.h"
#include "exchange/settle.h"

namespace bb::desk {

namespace {

EntryResult result_of(const exchange::OrderView& order) {
  EntryResult result;
  result.order_id = order.order_id;
  result.filled = order.executed_qty;
  if (order.executed_qty.is_positive()) {
    result.kind = EntryResult::Kind::filled;
  } else if (is_live(order.status) || order.status == OrderStatus::unknown) {
    result.text = "the order is not filled yet";
  } else {
    result.kind = EntryResult::Kind::refused;
    result.text = fmt::format("the order ended {} without a fill", str(order.status));
  }
  return result;
}

}  // namespace

Task<EntryResult> Desk::enter_short(EntryOrder order) {
  exchange::OrderRequest request;
  request.symbol = order.symbol;
  request.side = Side::sell;
  request.position_side = short_side();
  request.type = OrderType::market;
  request.qty = order.qty;
  request.client_order_id =
      next_id(order.trade_day, Job::entry, order.symbol, order.kind, &order.attempt);
  auto intent = make_intent(parts_, request, order.trade_day, Job::entry, order.kind, order.attempt,
                            order.run_id, order.holding_id);
  store::Batch before;
  before.put(intent);
  const auto durable = co_await parts_.store.commit(std::move(before));
  const bool stopping = parts_.stop != nullptr && parts_.stop->requested();
  if (!durable || stopping) {
    // Nothing was sent: the intent may be on no disk, so no risk is taken on its account; and a
    // process that is about to end opens nothing.
    intent.state = store::IntentState::refused;
    intent.evidence = "not sent: " + (stopping ? "a stop was requested" : durable.error().text);
    store::Batch undo;
    undo.put(intent);
    co_await commit_or_log(parts_, std::move(undo));
    co_return EntryResult{EntryResult::Kind::refused, {}, 0, 0, intent.evidence};
  }
  auto outcome = co_await parts_.account.place(request);
  if (planted("resend_on_unknown") && outcome.unknown() != nullptr)
    outcome = co_await parts_.account.place(request);
  parts_.log.info("order sent", {{"symbol", order.symbol},
                                 {"kind", str(order.kind)},
                                 {"client_order_id", request.client_order_id},
                                 {"qty", order.qty},
                                 {"outcome", outcome.describe()}});
  store::Batch after;
  apply_outcome(after, intent, outcome, parts_.market.exchange_now());
  EntryResult result;
  result.code = outcome.code();
  result.text = outcome.describe();
  if (outcome.refused() != nullptr && result.code != -4116) {
    result.kind = EntryResult::Kind::refused;
    co_await commit_or_log(parts_, std::move(after));
    co_return result;
  }
  const auto* answered = outcome.done();
  if (answered != nullptr && answered->executed_qty.is_positive()) {
    // Protection must not wait for this record; the caller's own commit follows it in order.
    result = result_of(*answered);
    co_await commit_or_log(parts_, std::move(after));
    co_return result;
  }
  co_await commit_or_log(parts_, std::move(after));
  const auto settled =
      co_await exchange::settle(parts_.account, parts_.clock,
                                {order.symbol, request.client_order_id, intent.order_id, false});
  if (settled.still_unknown()) {
    parts_.log.error("entry unresolved",
                     {{"symbol", order.symbol}, {"client_order_id", request.client_order_id}});
    co_return result;
  }
  store::Batch found;
  apply_found(found, intent, *settled.order, parts_.market.exchange_now());
  co_await commit_or_log(parts_, std::move(found));
  co_return result_of(*settled.order);
}

}  // namespace bb::desk
