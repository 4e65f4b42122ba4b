#include "sim/impl/amend.h"

#include <algorithm>

#include "sim/impl/checks.h"
#include "sim/impl/ledger.h"
#include "sim/impl/lifecycle.h"
#include "sim/impl/margin.h"
#include "sim/impl/matching.h"
#include "sim/impl/orders.h"
#include "sim/impl/positions.h"

namespace bb::sim::impl {

namespace {

constexpr int kAmendmentsMax = 10'000;

bool is_post_only(const Order& order) {
  const auto tif = order.detail.time_in_force;
  return tif == TimeInForce::gtx || tif == TimeInForce::rpi;
}

Verdict check_values(const Situation& at, const Order& order, const Amendment& change) {
  if (const auto v = check_qty(at.rules.lot, change.qty); !v) return v;
  if (const auto v = check_price(at.rules, change.price); !v) return v;
  if (change.qty == order.view.qty && change.price == order.view.price)
    return refuse::nothing_to_amend();
  if (const auto v = check_band(at, order.view.side, change.price); !v) return v;
  if (!change.reduce_only && change.price * change.qty < at.rules.min_notional)
    return refuse::amended_notional(at.rules.min_notional);
  return {};
}

Verdict check_capacity(const Situation& at, const Order& order, const Amendment& change) {
  const OrderView& view = order.view;
  const Qty coming = change.qty - view.executed_qty;
  const Qty others = resting_reductions(at.seat, view.position_side, view.side, view.order_id);
  if (others + coming > closable(at.seat.leg(view.position_side), view.side))
    return refuse::reduce_only_capacity();
  return {};
}

Verdict check_amendment(const Situation& at, const Order& order, const Amendment& change) {
  if (order.view.type != OrderType::limit) return refuse::not_a_limit_order();
  if (at.rules.status != SymbolStatus::trading) return refuse::not_amendable_now();
  if (const auto v = check_liquidation(at); !v) return v;
  if (order.amendments >= kAmendmentsMax) return refuse::too_many_amendments();
  if (change.side != order.view.side) return refuse::bad_value("side");
  if (change.reduce_only && !order.view.reduce_only) return refuse::not_reduce_only();
  if (const auto v = check_values(at, order, change); !v) return v;
  if (reduces_only(order.view)) return check_capacity(at, order, change);
  return {};
}

// Puts an order's values back, whatever happens meanwhile.
class Trial {
 public:
  Trial(OrderView& view, const Amendment& change)
      : view_(view), price_(view.price), qty_(view.qty) {
    view.price = change.price;
    view.qty = change.qty;
  }
  ~Trial() {
    view_.price = price_;
    view_.qty = qty_;
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

 private:
  OrderView& view_;
  Price price_;
  Qty qty_;
};

Verdict check_margin(const Situation& at, Order& order, const Amendment& change) {
  const PositionSide side = order.view.position_side;
  const Usdt before = margin_notional(at.seat, side, at.mark);
  const Trial trial(order.view, change);
  const Usdt needed = margin_notional(at.seat, side, at.mark);
  if (needed <= before) return {};
  if (needed > max_notional_at(brackets_of(at.seat), at.seat.leverage))
    return refuse::position_too_large();
  if (free_margin(at.core, at.account).is_negative()) return refuse::margin_insufficient();
  return {};
}

void record(Core& core, Seat& seat, Order& order, const Amendment& change) {
  const OrderView& view = order.view;
  seat.amendments.push_back({.amendment_id = ++core.last_amendment_id,
                             .symbol = view.symbol,
                             .order_id = view.order_id,
                             .client_order_id = view.client_order_id,
                             .time = core.now,
                             .price_before = view.price,
                             .price_after = change.price,
                             .qty_before = view.qty,
                             .qty_after = change.qty,
                             .count = ++order.amendments,
                             .modify_id = change.modify_id});
}

}  // namespace

Answer<OrderView> amend(Core& core, Account& account, const exchange::OrderRef& ref,
                        const Amendment& wanted) {
  const Order* found = ref.conditional ? nullptr : find_order(core, account, ref);
  if (found == nullptr) return refuse::no_such_order();
  Seat& seat = seat_of(core, account, found->view.symbol);
  const auto it = seat.regular.open.find(found->view.order_id);
  if (it == seat.regular.open.end()) return refuse::no_such_order();
  Order& order = it->second;
  const auto rules = core.market.find_rules(seat.symbol, core.now);
  const Situation at{core, account, seat, *rules, mark_of(core, seat)};
  Amendment change = wanted;
  if (change.price_match != PriceMatch::none) {
    const auto price = matched_price(at, order.view.side, change.price_match);
    if (!price) return refuse::no_depth();
    change.price = *price;
  }
  const auto verdict = judge([&]() -> Verdict {
    if (const auto v = check_amendment(at, order, change); !v) return v;
    return change.qty > order.view.executed_qty ? check_margin(at, order, change) : Verdict();
  });
  if (!verdict) return std::unexpected(verdict.error());

  const bool has_enough = change.qty <= order.view.executed_qty;
  const bool takes =
      is_post_only(order) && would_take(at, order.view.side, change.price, order.view.order_id);
  if (has_enough || takes) {
    close_order(core, account, seat, order, OrderStatus::canceled);
  } else {
    record(core, seat, order, change);
    order.view.qty = change.qty;
    order.view.price = change.price;
    order.view.update_time = core.now;
    order.detail.modify_id = change.modify_id;
    order.detail.terms.price_match = change.price_match;
    order.detail.terms.self_trade = SelfTradePrevention::none;
    order.watch = limit_watch(core, order.view);
    write_order(core, account, Kind::order_amended, order);
    execute(core, account, seat, order, *rules);
  }
  const OrderView answer = as_answer(order);
  tidy(core, account, seat);
  return answer;
}

}  // namespace bb::sim::impl
