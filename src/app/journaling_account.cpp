#include "app/journaling_account.h"

namespace bb::app {

using namespace exchange;  // NOLINT: one class over that whole interface

namespace {

constexpr const char* kNotHolder = "not sent: who does not hold the account only reduces";

}  // namespace

Task<Result<AccountIdentity>> JournalingAccount::fetch_identity() {
  return account_.fetch_identity();
}
Task<Result<AccountModes>> JournalingAccount::fetch_modes() { return account_.fetch_modes(); }
Task<Result<std::vector<SymbolBrackets>>> JournalingAccount::fetch_brackets() {
  return account_.fetch_brackets();
}
Task<Result<std::vector<SymbolSettings>>> JournalingAccount::fetch_symbol_settings() {
  return account_.fetch_symbol_settings();
}
Task<Result<Ratio>> JournalingAccount::fetch_taker_fee(Symbol symbol) {
  return account_.fetch_taker_fee(symbol);
}
Task<Result<std::vector<AssetBalance>>> JournalingAccount::fetch_balances() {
  return account_.fetch_balances();
}
Task<Result<std::vector<Position>>> JournalingAccount::fetch_positions() {
  return account_.fetch_positions();
}
Task<Result<std::vector<OrderView>>> JournalingAccount::fetch_open_orders() {
  return account_.fetch_open_orders();
}
Task<Result<std::vector<OrderView>>> JournalingAccount::fetch_open_regular_orders() {
  return account_.fetch_open_regular_orders();
}
Task<Result<std::vector<OrderView>>> JournalingAccount::fetch_open_conditional_orders() {
  return account_.fetch_open_conditional_orders();
}
Task<Result<std::optional<OrderView>>> JournalingAccount::find_order(OrderRef order) {
  return account_.find_order(std::move(order));
}
Task<Result<std::vector<Fill>>> JournalingAccount::fetch_fills(Symbol symbol, TimePoint since) {
  return account_.fetch_fills(symbol, since);
}
Task<Result<std::vector<OrderView>>> JournalingAccount::fetch_orders(Symbol symbol,
                                                                     TimePoint since) {
  return account_.fetch_orders(symbol, since);
}
Task<Result<std::vector<Income>>> JournalingAccount::fetch_income(TimePoint since) {
  return account_.fetch_income(since);
}
Task<std::optional<AccountEvent>> JournalingAccount::next_event(Stop& stop) {
  return account_.next_event(stop);
}

store::Intent JournalingAccount::intent_of(const OrderRequest& order) const {
  store::Intent intent;
  intent.client_order_id = order.client_order_id;
  if (const auto key = ids_.decode(order.client_order_id, order.symbol)) {
    intent.trade_day = utc_date(key->day);
    intent.job = key->job;
    intent.kind = key->kind;
    intent.attempt = key->attempt;
  }
  intent.symbol = order.symbol;
  intent.side = order.side;
  intent.position_side = order.position_side;
  intent.type = order.type;
  intent.qty = order.qty;
  intent.price = order.price;
  intent.trigger_price = order.trigger_price;
  intent.reduce_only = order.reduce_only;
  intent.close_position = order.close_position;
  intent.sent_at = market_.exchange_now();
  return intent;
}

// A disk that takes nothing must not keep anybody from closing; the holder then finds the order as
// one of its own form that it does not know, and halts.
void JournalingAccount::write(const store::Intent& intent) const {
  if (const auto written = journal_.append(intent); !written)
    log_.error("bypass journal not written",
               {{"client_order_id", intent.client_order_id}, {"why", written.error().text}});
}

Task<Outcome<OrderView>> JournalingAccount::place(OrderRequest order) {
  if (!order.reduces_only()) co_return Refused{0, kNotHolder};
  auto intent = intent_of(order);
  write(intent);
  auto outcome = co_await account_.place(std::move(order));
  if (const auto* done = outcome.done()) {
    intent.state = store::IntentState::done;
    intent.order_id = done->order_id;
    intent.executed_qty = done->executed_qty;
    intent.evidence = "answer";
    // One that rests or is not filled yet stays a question for the holder.
    if (done->executed_qty.is_zero() && !done->conditional)
      intent.state = store::IntentState::unknown;
  } else {
    intent.state =
        outcome.refused() != nullptr ? store::IntentState::refused : store::IntentState::unknown;
    intent.evidence = outcome.describe();
  }
  write(intent);
  co_return outcome;
}

Task<Outcome<Canceled>> JournalingAccount::cancel(OrderRef order) {
  return account_.cancel(std::move(order));
}
Task<Outcome<Applied>> JournalingAccount::set_margin_type(Symbol, MarginType) {
  co_return Refused{0, kNotHolder};
}
Task<Outcome<Applied>> JournalingAccount::set_leverage(Symbol, int) {
  co_return Refused{0, kNotHolder};
}

}  // namespace bb::app
