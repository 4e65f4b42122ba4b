#include "desk/impl/journal.h"

#include "desk/facts.h"

namespace bb::desk {

store::Intent make_intent(const Parts& parts, const exchange::OrderRequest& request,
                          const std::string& trade_day, Job job, OrderKind kind, int attempt,
                          const std::string& run_id, std::int64_t holding_id) {
  store::Intent intent;
  intent.client_order_id = request.client_order_id;
  intent.trade_day = trade_day;
  intent.job = job;
  intent.kind = kind;
  intent.attempt = attempt;
  intent.symbol = request.symbol;
  intent.side = request.side;
  intent.position_side = request.position_side;
  intent.type = request.type;
  intent.qty = request.qty;
  intent.price = request.price;
  intent.trigger_price = request.trigger_price;
  intent.reduce_only = request.reduce_only;
  intent.close_position = request.close_position;
  intent.run_id = run_id;
  intent.holding_id = holding_id;
  intent.sent_at = parts.market.exchange_now();
  return intent;
}

namespace {

store::OrderEvent event_of(const store::Intent& intent, std::string status, TimePoint now,
                           std::string detail) {
  store::OrderEvent event;
  event.holding_id = intent.holding_id;
  event.symbol = intent.symbol;
  event.order_id = intent.order_id;
  event.client_order_id = intent.client_order_id;
  event.type = str(intent.type);
  event.side = str(intent.side);
  event.price = is_conditional(intent.type) ? intent.trigger_price : intent.price;
  event.qty = intent.qty;
  event.status = std::move(status);
  event.event_time = now;
  event.detail = std::move(detail);
  return event;
}

}  // namespace

store::IntentState state_of(const exchange::OrderView& order) {
  const bool open_question = !order.conditional && order.executed_qty.is_zero() &&
                             (is_live(order.status) || order.status == OrderStatus::unknown);
  return open_question ? store::IntentState::unknown : store::IntentState::done;
}

void apply_found(const Parts& parts, store::Batch& batch, store::Intent& intent,
                 const exchange::OrderView& order) {
  if (const auto* now = parts.store.find_intent(intent.client_order_id)) intent = *now;
  (void)advance(intent, order, "query");
  batch.put(intent);
  batch.add(event_of(intent, std::string(str(order.status)), parts.market.exchange_now(),
                     "found by query"));
}

void apply_outcome(const Parts& parts, store::Batch& batch, store::Intent& intent,
                   const exchange::Outcome<exchange::OrderView>& outcome) {
  // The stream may have told more than the answer does, while that was on its way.
  if (const auto* now = parts.store.find_intent(intent.client_order_id)) intent = *now;
  const bool is_open = intent.state == store::IntentState::sent;
  std::string status;
  if (const auto* order = outcome.done()) {
    (void)advance(intent, *order, "answer");
    status = str(order->status);
  } else {
    // An id that is taken is our own order from before a death: what it is, a query says.
    const bool exists = outcome.code() == -4116 || outcome.code() == -20132;
    const bool refused = outcome.refused() != nullptr && !exists;
    if (is_open) {
      intent.state = refused ? store::IntentState::refused : store::IntentState::unknown;
      intent.evidence = outcome.describe();
    }
    status = refused ? "REFUSED" : "UNKNOWN";
  }
  batch.put(intent);
  batch.add(event_of(intent, status, parts.market.exchange_now(), outcome.describe()));
}

Task<void> commit_or_log(Parts& parts, store::Batch batch) {
  const auto stored = co_await parts.store.commit(std::move(batch));
  if (!stored) parts.log.error("store refused a record", {{"error", stored.error().text}});
}

namespace {

Task<exchange::Outcome<exchange::OrderView>> place(exchange::TradingAccount& account,
                                                   exchange::OrderRequest request) {
  co_return co_await account.place(std::move(request));
}

Task<bool> commit_intent(Parts& parts, store::Batch batch) {
  co_await commit_or_log(parts, std::move(batch));
  co_return true;
}

}  // namespace

Task<exchange::Outcome<exchange::OrderView>> send_reducing(Parts& parts, store::Intent intent,
                                                           exchange::OrderRequest request) {
  store::Batch before;
  before.put(intent);
  // Started first, so the store's memory (and its spill file) hold the intent before a byte leaves.
  auto commit = commit_intent(parts, std::move(before));
  auto send = place(parts.account, request);
  auto [stored, outcome] = co_await both(std::move(commit), std::move(send));
  store::Batch after;
  apply_outcome(parts, after, intent, outcome);
  co_await commit_or_log(parts, std::move(after));
  parts.log.info("order sent", {{"symbol", request.symbol},
                                {"kind", str(intent.kind)},
                                {"client_order_id", request.client_order_id},
                                {"qty", request.qty},
                                {"trigger", request.trigger_price},
                                {"outcome", outcome.describe()}});
  co_return std::move(outcome);
}

}  // namespace bb::desk
