#include <algorithm>

#include "desk/impl/flatten_scope.h"

#include "desk/cancel_orders.h"
namespace bb::desk {

namespace {

bool is_side(FlattenSide side, bool is_short) {
  switch (side) {
    case FlattenSide::any:
      return true;
    case FlattenSide::longs:
      return !is_short;
    case FlattenSide::shorts:
      return is_short;
  }
  return false;
}

bool is_profit(FlattenProfit profit, Usdt pnl) {
  switch (profit) {
    case FlattenProfit::any:
      return true;
    case FlattenProfit::losers:
      return pnl.is_negative();
    case FlattenProfit::winners:
      return pnl.is_positive();
  }
  return false;
}

}  // namespace

std::string complaint_of(const FlattenRequest& request) {
  if (request.part.is_positive() && request.part <= one()) return {};
  return "the part to close must be above 0 and at most 1; nothing was done";
}

bool is_wanted(const FlattenRequest& request, Symbol symbol) {
  return request.only.empty() || std::ranges::find(request.only, symbol) != request.only.end();
}

bool is_chosen(Desk& desk, const FlattenRequest& request, const exchange::Position& position) {
  if (position.qty.is_zero() || !is_wanted(request, position.symbol)) return false;
  if (!is_side(request.side, position.qty.is_negative())) return false;
  if (!is_profit(request.profit, position.unrealized_pnl)) return false;
  if (request.scope == FlattenScope::account) return true;
  const auto holding = desk.parts().store.find_open_holding(position.symbol);
  return holding && holding->side == position.side && position.qty.is_negative();
}

FlattenTarget target_of(Desk& desk, const FlattenRequest& request,
                        const exchange::Position& position) {
  FlattenTarget target{{position.symbol, position.side, {}}, {}};
  if (request.part >= one()) return target;
  const auto* rules = desk.book().find_rules(position.symbol);
  const Qty size = position.qty.abs();
  if (rules == nullptr) {
    target.order.keep = size;
    target.is_kept = true;
    target.text = "not closed: its rules are not known, so no part of it can be sized";
    return target;
  }
  const Qty step = std::max(rules->lot.step, rules->market_lot.step);
  const Qty least = std::max({rules->lot.min, rules->market_lot.min, step});
  Qty part = size * request.part;
  if (step.is_positive()) part = Qty(part.value().floor_to(step.value()));
  if (part < least) {
    target.order.keep = size;
    target.is_kept = true;
    target.text = "not closed: the part is less than the smallest order";
    return target;
  }
  const Qty rest = size - part;
  const bool is_dust = rest < least || position.mark * rest < rules->min_notional;
  if (is_dust && rest.is_positive())
    target.text = "closed whole: the rest would be less than the smallest order";
  target.order.keep = is_dust ? Qty() : rest;
  return target;
}

bool may_reopen(Desk& desk, const FlattenRequest& request, const exchange::OrderView& order) {
  if (order.conditional || !may_open(order)) return false;
  const bool opens_short = order.side == Side::sell;
  if (!is_wanted(request, order.symbol) || !is_side(request.side, opens_short)) return false;
  if (request.scope == FlattenScope::account) return true;
  return desk.ids().decode(order.client_order_id, order.symbol).has_value();
}

}  // namespace bb::desk
