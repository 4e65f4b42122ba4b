#include "desk/cancel_orders.h"

#include <algorithm>

namespace bb::desk {

namespace {

using exchange::OrderView;

bool is_meant(const OrderView& order, const std::vector<Symbol>& only) {
  return may_open(order) && (only.empty() || std::ranges::find(only, order.symbol) != only.end());
}

bool is_same(const OrderView& a, const OrderView& b) {
  return a.symbol == b.symbol && a.order_id == b.order_id && a.conditional == b.conditional;
}

Task<Result<std::vector<OrderView>>> read_meant(Parts& parts, std::vector<Symbol> only) {
  auto orders = co_await parts.account.fetch_open_orders();
  if (orders)
    std::erase_if(*orders, [&](const OrderView& order) { return !is_meant(order, only); });
  co_return orders;
}

/// Why it is not known to be canceled unexecuted; empty when it is.
Task<std::string> cancel_one(Parts& parts, OrderView order) {
  const auto outcome = co_await parts.account.cancel(order.ref());
  if (outcome.done() == nullptr) co_return outcome.describe();
  const auto now = co_await parts.account.find_order(order.ref());
  if (!now || !*now || (*now)->executed_qty <= order.executed_qty) co_return std::string();
  co_return "executed to " + (*now)->executed_qty.str() + " before it was canceled";
}

}  // namespace

bool may_open(const OrderView& order) {
  const bool closes_hedged =
      (order.position_side == PositionSide::short_ && order.side == Side::buy) ||
      (order.position_side == PositionSide::long_ && order.side == Side::sell);
  return !order.reduce_only && !order.close_position && !closes_hedged;
}

Task<CancelReport> cancel_opening_orders(Desk& desk, std::vector<Symbol> only) {
  auto& parts = desk.parts();
  CancelReport report;
  const auto before = co_await read_meant(parts, only);
  if (!before) {
    report.problem = "nothing was done: " + before.error().text;
    co_return report;
  }
  if (before->empty()) co_return report;
  std::vector<Task<std::string>> cancels;
  for (const auto& order : *before)
    cancels.push_back(cancel_one(parts, order));
  report.is_sent = true;
  const auto answers = co_await gather(std::move(cancels));
  // What a cancel answered is no proof: an order may have filled before it.
  const auto after = co_await read_meant(parts, only);
  if (!after) {
    report.problem = "sent, and what is left could not be read: " + after.error().text;
    co_return report;
  }
  for (std::size_t i = 0; i < before->size(); ++i) {
    const auto& order = (*before)[i];
    const bool is_left =
        std::ranges::any_of(*after, [&](const OrderView& other) { return is_same(order, other); });
    if (!is_left && answers[i].empty()) {
      ++report.canceled;
      continue;
    }
    ++(is_left ? report.left : report.gone);
    report.details.push_back(
        order.symbol.str() + " " + std::string(str(order.side)) + " " + order.qty.str() +
        (is_left ? " is still there: " : " is gone, look at the position: ") + answers[i]);
  }
  parts.log.info("opening orders canceled",
                 {{"canceled", report.canceled}, {"gone", report.gone}, {"left", report.left}});
  co_return report;
}

}  // namespace bb::desk
