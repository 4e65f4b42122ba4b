#include <fmt/format.h>

#include <array>

#include "base/join.h"
#include "base/plant.h"
#include "desk/desk.h"
#include "desk/facts.h"
#include "desk/impl/journal.h"
#include "desk/impl/waiting.h"

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

Task<void> send_into(exchange::TradingAccount& account, exchange::OrderRequest request,
                     Waiting& waiting) {
  try {
    auto outcome = co_await account.place(request);
    if (planted("resend_on_unknown") && outcome.unknown() != nullptr)
      outcome = co_await account.place(request);
    waiting.answer = std::move(outcome);
  } catch (const std::exception& error) {
    // The order may stand, and somebody waits for an answer.
    waiting.answer = exchange::Unknown{error.what()};
  }
  waiting.wake();
}

// Asks by client order id until the order has a fill or has ended; the stream may be faster.
Task<std::optional<exchange::OrderView>> settle(Parts& parts, exchange::OrderRef order,
                                                Waiting& waiting) {
  constexpr std::array kWaits{Millis(200), Millis(300), Millis(500), Millis(1000), Millis(3000)};
  std::optional<exchange::OrderView> last;
  for (const auto wait : kWaits) {
    if (!waiting.told) co_await waiting.sleep_until(parts.clock.after(wait));
    if (waiting.told) co_return waiting.told;
    auto found = co_await parts.account.find_order(order);
    if (!found || !found->has_value()) continue;
    last = std::move(*found);
    const bool ended = !is_live(last->status) && last->status != OrderStatus::unknown;
    if (ended || last->executed_qty.is_positive()) break;
  }
  co_return last;
}

Task<void> nothing() { co_return; }

// The record goes to the disk while the fill is being protected.
Task<void> follow_fill(Parts& parts, store::Batch record, const OnFill& on_fill,
                       const EntryResult& result) {
  TaskGroup recording(co_await boost::asio::this_coro::executor);
  recording.spawn(commit_or_log(parts, std::move(record)));
  co_await join_after(recording, on_fill ? on_fill(result) : nothing());
}

}  // namespace

void Desk::tell_waiting(const exchange::OrderView& order) {
  const auto found = waiting_.find(order.client_order_id);
  if (found == waiting_.end() || order.conditional) return;
  const bool ended = !is_live(order.status) && order.status != OrderStatus::unknown;
  if (!ended) return;
  found->second->told = order;
  found->second->wake();
}

Task<EntryResult> Desk::enter_short(EntryOrder order, OnFill on_fill) {
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
  std::optional<std::string> refusal;
  if (!durable)
    refusal = durable.error().text;
  else if (turns_.is_closing(order.symbol))
    refusal = "the position is being closed";
  else
    refusal = gate_.refusal();
  if (refusal) {
    intent.state = store::IntentState::refused;
    intent.evidence = "not sent: " + *refusal;
    parts_.log.warn("entry not sent", {{"symbol", order.symbol}, {"why", *refusal}});
    store::Batch undo;
    undo.put(intent);
    co_await commit_or_log(parts_, std::move(undo));
    co_return EntryResult{EntryResult::Kind::refused, {}, 0, 0, intent.evidence};
  }
  Waiting waiting(parts_.clock);
  const WaitingEntry entry(waiting_, request.client_order_id, waiting);
  TaskGroup sending(co_await boost::asio::this_coro::executor);
  sending.spawn(send_into(parts_.account, request, waiting));
  // A timer of the system cannot be set to the end of time: it counts nanoseconds.
  while (!waiting.answer && !waiting.told)
    co_await waiting.sleep_until(parts_.clock.after(Hours(1)));

  bool is_followed = false;
  if (!waiting.answer && waiting.told->executed_qty.is_positive()) {
    parts_.log.info("fill told before the answer", {{"symbol", order.symbol}});
    is_followed = true;
    co_await join_after(sending, follow_fill(parts_, {}, on_fill, result_of(*waiting.told)));
  } else {
    co_await sending.join();
  }
  const auto& outcome = *waiting.answer;
  parts_.log.info("order sent", {{"symbol", order.symbol},
                                 {"kind", str(order.kind)},
                                 {"client_order_id", request.client_order_id},
                                 {"qty", order.qty},
                                 {"outcome", outcome.describe()}});
  store::Batch after;
  apply_outcome(parts_, after, intent, outcome);
  EntryResult result;
  result.code = outcome.code();
  result.text = outcome.describe();
  const auto* answered = outcome.done();
  if (is_followed || (answered != nullptr && answered->executed_qty.is_positive())) {
    result = result_of(answered != nullptr ? *answered : *waiting.told);
    if (waiting.told && waiting.told->executed_qty > result.filled)
      result = result_of(*waiting.told);
    co_await follow_fill(parts_, std::move(after), is_followed ? OnFill() : on_fill, result);
    co_return result;
  }
  co_await commit_or_log(parts_, std::move(after));
  // -4116: an open order has this id already; what became of it, the exchange says.
  if (outcome.refused() != nullptr && result.code != -4116) {
    if (result.code == -4061) gate_.doubt("the position side was refused: the mode has changed");
    result.kind = EntryResult::Kind::refused;
    co_return result;
  }
  const auto settled = co_await settle(
      parts_, {order.symbol, request.client_order_id, intent.order_id, false}, waiting);
  if (!settled) {
    parts_.log.error("entry unresolved",
                     {{"symbol", order.symbol}, {"client_order_id", request.client_order_id}});
    co_return result;
  }
  store::Batch found;
  apply_found(parts_, found, intent, *settled);
  result = result_of(*settled);
  const bool filled = result.kind == EntryResult::Kind::filled;
  co_await follow_fill(parts_, std::move(found), filled ? on_fill : OnFill(), result);
  co_return result;
}

}  // namespace bb::desk
