#include "sim/impl/checks.h"

#include <algorithm>

#include "sim/impl/agenda.h"
#include "sim/impl/margin.h"
#include "sim/impl/matching.h"

namespace bb::sim::impl {

namespace {

constexpr std::size_t kOpenConditionalsMax = 200;

Ratio ratio(std::int64_t millionths) { return Ratio(Decimal::from_raw(millionths * 100)); }

// Ids of closed orders are free again: the real exchange fills them a second time.
bool is_duplicate(const Situation& at, const OrderRequest& request) {
  const auto& newest =
      is_conditional(request.type) ? at.account.algo_by_client : at.seat.regular.by_client;
  const auto it = newest.find(request.client_order_id.str());
  if (it == newest.end()) return false;
  if (!is_conditional(request.type)) return at.seat.regular.open.contains(it->second);
  const auto seat = at.account.algo_seats.find(it->second);
  return seat != at.account.algo_seats.end() && seat->second->conditional.open.contains(it->second);
}

Verdict check_notional(const Situation& at, const OrderRequest& request) {
  if (request.reduces_only()) return {};
  Price price = at.mark;
  if (request.price.is_positive()) {
    price = request.price;
  } else if (has_limit_price(request.type)) {
    price = request.trigger_price;  // the price will be the book's
  }
  if (price * request.qty < at.rules.min_notional)
    return refuse::min_notional(at.rules.min_notional);
  return {};
}

Verdict check_counterparty(const Situation& at, Side taker) {
  const auto& levels = depth_for(at.core, at.rules, taker);
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

// GTX and RPI must rest, FOK must be filled at once.
Verdict check_time_in_force(const Situation& at, const OrderRequest& request) {
  if (!has_limit_price(request.type)) return {};
  const auto tif = request.time_in_force;
  if (tif == TimeInForce::gtx || tif == TimeInForce::rpi) {
    if (would_take(at, request.side, request.price)) return refuse::would_take();
    return {};
  }
  if (tif != TimeInForce::fok) return {};
  Qty left = request.qty;
  for (const Level& level : depth_for(at.core, at.rules, request.side)) {
    if (!within(request.side, level.price, request.price)) break;
    left -= std::min(left, level.qty.value_or(left));
  }
  for (const auto& [id, own] : at.seat.regular.open)
    if (own.view.side != request.side && within(request.side, own.view.price, request.price))
      left -= std::min(left, own.remaining());
  if (left.is_positive()) return refuse::not_fillable();
  return {};
}

// What the market and the book say to a regular order, and to a child.
Verdict check_matching(const Situation& at, const OrderRequest& request) {
  if (has_limit_price(request.type)) {
    if (const auto v = check_band(at, request.side, request.price); !v) return v;
    if (at.seat.regular.open.size() >= static_cast<std::size_t>(at.rules.max_orders))
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
  for (const auto& [id, resting] : at.seat.conditional.open) {
    const OrderView& other = resting.view;
    if (other.close_position && other.side == request.side &&
        other.position_side == request.position_side &&
        is_profit_taking(other.type) == is_profit_taking(request.type))
      return refuse::second_close_position();
  }
  return {};
}

bool would_trigger(const Situation& at, const OrderRequest& request, const OrderTerms& terms) {
  const Price price =
      watched_price(at.core, request.symbol, request.working_type == WorkingType::mark_price);
  if (request.type == OrderType::trailing_stop_market) {
    // It waits for a better price first; without an activate price it trails at once.
    if (terms.activate_price.is_zero()) return false;
    return request.side == Side::buy ? terms.activate_price >= price
                                     : terms.activate_price <= price;
  }
  const bool rising = is_profit_taking(request.type) == (request.side == Side::sell);
  return rising ? price >= request.trigger_price : price <= request.trigger_price;
}

// Nobody has measured what the real exchange answers; the strictest is the default.
Verdict check_founded(const Situation& at, const OrderRequest& request) {
  if (at.core.options.stop_without_position != StopWithoutPosition::refused) return {};
  if (closable(at.seat.leg(request.position_side), request.side).is_zero())
    return refuse::reduce_only();
  return {};
}

std::size_t level_of(PriceMatch match) {
  switch (match) {
    case PriceMatch::none:
    case PriceMatch::opponent:
    case PriceMatch::queue:
      return 1;
    case PriceMatch::opponent_5:
    case PriceMatch::queue_5:
      return 5;
    case PriceMatch::opponent_10:
    case PriceMatch::queue_10:
      return 10;
    case PriceMatch::opponent_20:
    case PriceMatch::queue_20:
      return 20;
  }
  return 1;
}

bool is_of_own_side(PriceMatch match) {
  return match == PriceMatch::queue || match == PriceMatch::queue_5 ||
         match == PriceMatch::queue_10 || match == PriceMatch::queue_20;
}

}  // namespace

Verdict check_band(const Situation& at, Side side, Price price) {
  const Ratio up = at.rules.price_up, down = at.rules.price_down;
  if (side == Side::buy && up.is_positive() && price > at.mark * up)
    return refuse::price_above_band();
  if (side == Side::sell && price < at.mark * down) return refuse::price_below_band();
  return {};
}

Verdict check_liquidation(const Situation& at) {
  const auto until = std::max(at.account.liquidating_until, at.seat.liquidating_until);
  return at.core.now < until ? refuse::in_liquidation() : Verdict();
}

bool would_take(const Situation& at, Side side, Price price, std::int64_t except) {
  const auto& levels = depth_for(at.core, at.rules, side);
  if (!levels.empty() && within(side, levels.front().price, price)) return true;
  return best_own(at.seat, side, price, except) != nullptr;
}

std::optional<Price> matched_price(const Situation& at, Side side, PriceMatch match) {
  // The levels that a taker of the other side meets are where one's own side stands.
  const auto& levels = depth_for(at.core, at.rules, is_of_own_side(match) ? opposite(side) : side);
  const std::size_t level = level_of(match);
  if (levels.size() < level) return std::nullopt;
  return levels[level - 1].price;
}

Qty spare_reduction(const Seat& seat, const OrderRequest& request) {
  const Qty position = closable(seat.leg(request.position_side), request.side);
  const Qty resting = resting_reductions(seat, request.position_side, request.side);
  return std::max(Qty(), position - resting);
}

Verdict check_regular(const Situation& at, const OrderRequest& request, const OrderTerms& terms) {
  if (request.close_position) return refuse::no_close_position_for(request.type);
  if (const auto v = check_form(at, request, terms); !v) return v;
  if (const auto v = check_liquidation(at); !v) return v;
  if (is_duplicate(at, request)) return refuse::duplicate_client_id();
  if (request.reduces_only())
    if (const auto v = check_reduction(at, request); !v) return v;
  if (const auto v = check_notional(at, request); !v) return v;
  return check_matching(at, request);
}

Verdict check_conditional(const Situation& at, const OrderRequest& request,
                          const OrderTerms& terms) {
  if (const auto v = check_form(at, request, terms); !v) return v;
  if (const auto v = check_liquidation(at); !v) return v;
  if (is_duplicate(at, request)) return refuse::duplicate_client_id();
  if (at.account.open_conditionals >= kOpenConditionalsMax) return refuse::too_many_stops();
  if (request.close_position) {
    if (const auto v = check_gte(at, request); !v) return v;
  } else if (request.reduces_only()) {
    if (const auto v = check_founded(at, request); !v) return v;
  } else {
    if (const auto v = check_notional(at, request); !v) return v;
  }
  if (would_trigger(at, request, terms)) return refuse::would_trigger();
  return {};
}

Verdict check_child(const Situation& at, const OrderRequest& child) {
  if (at.rules.status == SymbolStatus::closed) return refuse::symbol_closed();
  if (is_duplicate(at, child)) return refuse::duplicate_client_id();
  if (child.reduces_only()) {
    if (!child.qty.is_positive()) return refuse::reduce_only();
  } else if (at.rules.status != SymbolStatus::trading) {
    return refuse::not_opening_now();
  }
  return check_matching(at, child);
}

}  // namespace bb::sim::impl
