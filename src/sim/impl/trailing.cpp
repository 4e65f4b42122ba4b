#include "sim/impl/trailing.h"

#include <algorithm>

namespace bb::sim::impl {

namespace {

// A search computes each turn of the path: shorter than the searches for levels.
constexpr Millis kTrailWindow = Hours(1);

Price price_at(const Core& core, const Order& order, TimePoint at) {
  const Symbol symbol = order.view.symbol;
  if (order.watch.on_mark) return core.market.mark(symbol, at).value_or(Price());
  const auto last = core.market.last(symbol, at);
  return last ? last->price : Price();
}

void improve(Order& order, Price price) {
  Price& best = order.trail->best;
  best = order.watch.falling ? std::max(best, price) : std::min(best, price);
  const Ratio rate = order.detail.terms.callback_rate;
  order.watch.level = order.watch.falling ? best * (one() - rate) : best * (one() + rate);
}

bool has_turned(const Order& order, Price price) {
  return order.watch.falling ? price <= order.watch.level : price >= order.watch.level;
}

// Between two of its points the path goes one way only: it comes to a new best price at the end of
// such a piece, or turns back inside of it. At the point itself it may jump.
void follow_piece(const Core& core, Order& order, TimePoint end) {
  Watch& watch = order.watch;
  const TimePoint before = end - Millis(1);
  if (before > watch.searched) {
    const auto crossing = watch.on_mark ? &Market::first_mark_crossing : &Market::first_crossing;
    watch.hit = (core.market.*crossing)(order.view.symbol, watch.searched, before, watch.level,
                                        watch.falling);
    if (watch.hit) return;
    improve(order, price_at(core, order, before));
  }
  const Price there = price_at(core, order, end);
  watch.searched = end;
  if (has_turned(order, there)) {
    watch.hit = PathPoint{end, there};
  } else {
    improve(order, there);
  }
}

void follow_until(const Core& core, Order& order, TimePoint until) {
  while (!order.watch.hit && order.watch.searched < until) {
    const auto next_of = order.watch.on_mark ? &Market::next_mark_point : &Market::next_point;
    const auto next = (core.market.*next_of)(order.view.symbol, order.watch.searched);
    follow_piece(core, order, next ? std::min(*next, until) : until);
  }
}

}  // namespace

void start_trail(const Core& core, Order& order) {
  order.watch.searched = core.now;
  order.watch.hit.reset();
  order.watch.falling = order.view.side == Side::sell;
  order.trail = Trail{core.now, price_at(core, order, core.now)};
  order.detail.activated = true;
  improve(order, order.trail->best);
}

void follow_trail(const Core& core, Order& order) {
  follow_until(core, order, order.watch.searched + kTrailWindow);
}

void resume_trail(const Core& core, Order& order) {
  order.watch.searched = core.now;
  order.watch.hit.reset();
  improve(order, price_at(core, order, core.now));
}

void retrace_trail(const Core& core, Order& order) {
  order.watch.searched = order.trail->since;
  order.trail->best = price_at(core, order, order.trail->since);
  improve(order, order.trail->best);
  follow_until(core, order, core.now);
  if (order.watch.hit) order.watch.hit->time = core.now;
}

}  // namespace bb::sim::impl
