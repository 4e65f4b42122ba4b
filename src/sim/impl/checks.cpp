#include "sim/impl/checks.h"

#include <algorithm>

#include "sim/impl/checks_form.h"
#include "sim/impl/depth.h"
#include "sim/impl/margin.h"
#include "sim/impl/positions.h"
#include "sim/impl/refusals.h"

namespace bb::sim::impl {

namespace {

constexpr std::size_t kOpenConditionalsMax = 200;

Ratio ratio(std::int64_t millionths) { return Ratio(Decimal::from_raw(millionths * 100)); }

bool is_taken(const std::map<std::string, std::int64_t>& newest, const ClientOrderId& id,
              const std::set<std::int64_t>& open) {
  const auto it = newest.find(id.str());
  return it != newest.end() && open.contains(it->second);
}

// Ids of closed orders are free again: the real exchange fills them a second time.
bool is_duplicate(const Situation& at, const OrderRequest& request) {
  if (request.client_order_id.empty()) return false;
  if (!is_conditional(request.type))
    return is_taken(at.seat.regular_by_client, request.client_order_id, at.seat.open_regular);
  return std::any_of(at.account.seats.begin(), at.account.seats.end(), [&](const auto& entry) {
    const Seat& seat = entry.second;
    return is_taken(seat.conditional_by_client, request.client_order_id, seat.open_conditional);
  });
}

Verdict check_notional(const Situation& at, const OrderRequest& request) {
  if (request.reduces_only()) return {};
  const Price price = has_limit_price(request.type) ? request.price : at.mark;
  if (price * request.qty < at.rules.min_notional)
    return refuse::min_notional(at.rules.min_notional);
  return {};
}

Verdict check_band(const Situation& at, const OrderRequest& request) {
  const Ratio up = at.rules.price_up, down = at.rules.price_down;
  if (request.side == Side::buy && up.is_positive() && request.price > at.mark * up)
    return refuse::price_above_band();
  if (request.side == Side::sell && request.price < at.mark * down)
    return refuse::price_below_band();
  return {};
}

Verdict check_counterparty(const Situation& at, Side taker) {
  const auto levels = depth_for(at.core, at.rules, taker);
  if (levels.empty()) return refuse::no_counterparty();
  const Price best = levels.front().price;
  const Ratio up = at.rules.price_up, down = at.rules.price_down;
  const bool beyond =
      taker == Side::buy ? up.is_positive() && best > at.mark * up : best < at.mark * down;
  if (beyond) return refuse::no_counterparty();
  return {};
}

// The price that margin is asked for (reference §18, cost to place an order).
Price assumed_price(const Situation& at, const OrderRequest& request) {
  const bool limit = has_limit_price(request.type);
  if (request.side == Side::buy) {
    if (limit) return request.price;
    return depth_for(at.core, at.rules, Side::buy).front().price * (one() + ratio(500));
  }
  const auto last = at.core.market.last(request.symbol, at.core.now);
  const Price bid = last ? last->price * (one() + ratio(1500)) : at.mark;
  return std::max({request.price, at.mark, bid});
}

Verdict check_margin(const Situation& at, const OrderRequest& request) {
  const Price assumed = assumed_price(at, request);
  const Usdt value = assumed * request.qty;
  Extra extra{.side = request.position_side};
  (request.side == Side::buy ? extra.buys : extra.sells) = value;
  const Usdt had = margin_notional(at.seat, request.position_side, at.mark);
  const Usdt needed = margin_notional(at.seat, request.position_side, at.mark, extra);
  const Usdt more = needed - had;
  if (!more.is_positive()) return {};
  if (needed > max_notional_at(brackets_of(at.core, request.symbol), at.seat.leverage))
    return refuse::position_too_large();
  const Price gap = request.side == Side::buy ? assumed - at.mark : at.mark - assumed;
  const Usdt open_loss = std::max(Price(), gap) * (more / assumed);
  const Usdt available = std::max(Usdt(), free_margin(at.core, at.account));
  if (more / at.seat.leverage + open_loss > available) return refuse::margin_insufficient();
  return {};
}

Verdict check_reduction(const Situation& at, const OrderRequest& request) {
  const Qty position = closable(at.seat.leg(request.position_side), request.side);
  if (position.is_zero()) return refuse::reduce_only();
  if (request.qty <= spare_reduction(at.seat, request)) return {};
  const bool nothing_rests =
      resting_reductions(at.seat, request.position_side, request.side).is_zero();
  if (nothing_rests) return refuse::reduce_only();
  return refuse::reduce_only_capacity();
}

// GTX must rest, FOK must be filled at once.
Verdict check_time_in_force(const Situation& at, const OrderRequest& request) {
  if (!has_limit_price(request.type)) return {};
  const bool gtx = request.time_in_force == TimeInForce::gtx;
  const bool fok = request.time_in_force == TimeInForce::fok;
  if (!gtx && !fok) return {};
  Qty left = request.qty;
  bool takes = false;
  for (const Level& level : depth_for(at.core, at.rules, request.side)) {
    if (!within(request.side, level.price, request.price)) break;
    takes = true;
    left -= std::min(left, level.qty.value_or(left));
  }
  if (gtx && takes) return refuse::would_take();
  if (fok && left.is_positive()) return refuse::not_fillable();
  return {};
}

// What the market and the book say to a regular order, and to a child.
Verdict check_matching(const Situation& at, const OrderRequest& request) {
  if (has_limit_price(request.type)) {
    if (const auto v = check_band(at, request); !v) return v;
    if (at.seat.open_regular.size() >= static_cast<std::size_t>(at.rules.max_orders))
      return refuse::too_many_orders();
  } else {
    if (const auto v = check_counterparty(at, request.side); !v) return v;
  }
  if (!request.reduces_only())
    if (const auto v = check_margin(at, request); !v) return v;
  return check_time_in_force(at, request);
}

bool is_profit_taking(OrderType type) {
  return type == OrderType::take_profit || type == OrderType::take_profit_market;
}

// closePosition orders live by the position (GTE): there must be one, and one order of a kind.
Verdict check_gte(const Situation& at, const OrderRequest& request) {
  if (closable(at.seat.leg(request.position_side), request.side).is_zero())
    return refuse::no_position_for_close();
  for (const std::int64_t id : at.seat.open_conditional) {
    const OrderView& other = at.seat.conditional.at(id).view;
    if (other.close_position && other.side == request.side &&
        other.position_side == request.position_side &&
        is_profit_taking(other.type) == is_profit_taking(request.type))
      return refuse::second_close_position();
  }
  return {};
}

bool would_trigger(const Situation& at, const OrderRequest& request) {
  Price price = at.mark;
  if (request.working_type == WorkingType::contract_price)
    if (const auto last = at.core.market.last(request.symbol, at.core.now)) price = last->price;
  const bool rising = is_profit_taking(request.type) == (request.side == Side::sell);
  return rising ? price >= request.trigger_price : price <= request.trigger_price;
}

std::size_t open_conditionals(const Account& account) {
  std::size_t count = 0;
  for (const auto& [symbol, seat] : account.seats)
    count += seat.open_conditional.size();
  return count;
}

}  // namespace

Qty spare_reduction(const Seat& seat, const OrderRequest& request) {
  const Qty position = closable(seat.leg(request.position_side), request.side);
  const Qty resting = resting_reductions(seat, request.position_side, request.side);
  return std::max(Qty(), position - resting);
}

Verdict check_regular(const Situation& at, const OrderRequest& request) {
  if (request.close_position) return refuse::no_close_position_for(request.type);
  if (const auto v = check_form(at, request); !v) return v;
  if (is_duplicate(at, request)) return refuse::duplicate_client_id();
  if (request.reduces_only())
    if (const auto v = check_reduction(at, request); !v) return v;
  if (const auto v = check_notional(at, request); !v) return v;
  return check_matching(at, request);
}

Verdict check_conditional(const Situation& at, const OrderRequest& request) {
  if (const auto v = check_form(at, request); !v) return v;
  if (is_duplicate(at, request)) return refuse::duplicate_client_id();
  if (open_conditionals(at.account) >= kOpenConditionalsMax) return refuse::too_many_stops();
  if (request.close_position) {
    if (const auto v = check_gte(at, request); !v) return v;
  } else if (request.reduces_only()) {
    // Not measured on the real exchange; the stricter answer is given.
    if (closable(at.seat.leg(request.position_side), request.side).is_zero())
      return refuse::reduce_only();
  } else {
    if (const auto v = check_notional(at, request); !v) return v;
  }
  if (would_trigger(at, request)) return refuse::would_trigger();
  return {};
}

Verdict check_child(const Situation& at, const OrderRequest& child) {
  if (at.rules.status == SymbolStatus::closed) return refuse::symbol_closed();
  if (child.reduces_only()) {
    if (!child.qty.is_positive()) return refuse::reduce_only();
  } else if (at.rules.status != SymbolStatus::trading) {
    return refuse::not_opening_now();
  }
  return check_matching(at, child);
}

}  // namespace bb::sim::impl
