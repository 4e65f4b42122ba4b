#include "sim/impl/positions.h"

#include <algorithm>

#include "sim/impl/ledger.h"
#include "sim/impl/lifecycle.h"
#include "sim/impl/margin.h"

namespace bb::sim::impl {

namespace {

constexpr int kReduceOnlyConflict = 4;
constexpr int kPositionGone = 6;

// `amount` x part / whole; all of it when part is the whole.
Usdt share(Usdt amount, Qty part, Qty whole) {
  if (part == whole) return amount;
  return Usdt(Decimal::mul_div(amount.value(), part.value(), whole.value(), Rounding::nearest));
}

// Takes `qty` off the leg and returns the realized PnL. The share of the isolated wallet goes back
// to the cross wallet by itself: the cross wallet is what the isolated ones leave.
Usdt reduce(Leg& leg, Qty qty, Price price) {
  const Qty held = leg.qty.abs();
  const Usdt released = share(leg.cost, qty, held);
  const Qty part = leg.qty.is_negative() ? -qty : qty;
  leg.cost -= released;
  leg.fees -= share(leg.fees, qty, held);
  leg.isolated -= share(leg.isolated, qty, held);
  leg.qty -= part;
  return price * part - released;
}

// The new margin moves into the isolated wallet, as far as the cross wallet reaches, and the
// commission leaves it from there.
void fund_isolated(const Account& account, const Seat& seat, Leg& leg, Usdt notional, Usdt fee) {
  if (seat.margin != MarginType::isolated) return;
  const Usdt wanted = notional / seat.leverage;
  const Usdt there = std::max(Usdt(), cross_wallet(account) + fee);
  leg.isolated += std::min(wanted, there) - fee;
}

void update_order(Order& order, const Execution& execution, TimePoint now) {
  order.view.executed_qty += execution.qty;
  order.detail.executed_quote += execution.price * execution.qty;
  order.view.average_price = order.detail.executed_quote / order.view.executed_qty;
  order.view.update_time = now;
}

void write_fill(Core& core, const Account& account, const Seat& seat, const Order& order) {
  JournalEntry entry = entry_of(account, Kind::fill, seat.symbol);
  entry.side = order.view.position_side;
  entry.order = order.view;
  entry.detail = order.detail;
  entry.fill = seat.fills.back();
  entry.position_qty = seat.leg(order.view.position_side).qty;
  write(core, std::move(entry));
}

bool is_stop(const OrderView& order) {
  return order.type == OrderType::stop || order.type == OrderType::stop_market;
}

// An untriggered stop on the closing side lies on the losing side of the market by its nature:
// placing it elsewhere is refused (-2021), reaching it triggers it.
bool is_covered(const Seat& seat, const Leg& leg) {
  Qty sum;
  for (const std::int64_t id : seat.open_conditional) {
    const OrderView& order = seat.conditional.at(id).view;
    if (order.position_side != leg.side || order.side != closing_side(leg) || !is_stop(order))
      continue;
    if (order.close_position) return true;
    sum += order.qty;
  }
  return sum >= leg.qty.abs();
}

void judge_protection(Core& core, const Account& account, Seat& seat) {
  for (Leg& leg : seat.legs) {
    if (leg.flat()) {
      leg.covered.reset();
      continue;
    }
    const bool covered = is_covered(seat, leg);
    if (leg.covered == covered) continue;
    leg.covered = covered;
    write_position(core, account, covered ? Kind::protected_from : Kind::unprotected_from,
                   seat.symbol, leg, leg.qty);
  }
}

void expire_orphans(Core& core, Account& account, Seat& seat) {
  const auto conditional = seat.open_conditional;
  for (const std::int64_t id : conditional) {
    Order& order = seat.conditional.at(id);
    const Leg& leg = seat.leg(order.view.position_side);
    if (order.view.close_position && closable(leg, order.view.side).is_zero())
      close_order(core, account, seat, order, OrderStatus::expired, kPositionGone);
  }
  const auto regular = seat.open_regular;
  for (const std::int64_t id : regular) {
    Order& order = seat.regular.at(id);
    if (!reduces_only(order.view) || !is_live(order.view.status)) continue;
    const Leg& leg = seat.leg(order.view.position_side);
    Qty older;
    for (const std::int64_t other : seat.open_regular) {
      const Order& o = seat.regular.at(other);
      if (other < id && reduces_only(o.view) && o.view.side == order.view.side &&
          o.view.position_side == order.view.position_side)
        older += o.remaining();
    }
    if (older + order.remaining() > closable(leg, order.view.side))
      close_order(core, account, seat, order, OrderStatus::expired, kReduceOnlyConflict);
  }
}

void watch_liquidation(const Core& core, Seat& seat) {
  for (Leg& leg : seat.legs) {
    leg.liquidation.reset();
    if (leg.flat() || seat.margin != MarginType::isolated) continue;
    const auto level = isolated_liquidation(core, seat, leg);
    if (!level) continue;
    leg.liquidation = Watch{
        .level = *level, .falling = leg.qty.is_positive(), .on_mark = true, .searched = core.now};
  }
}

// The seat's known events: none that lie behind, and none that were not looked for.
void renew_window(const Core& core, Seat& seat) {
  if (seat.searched < core.now) {
    seat.searched = core.now;
    seat.funding.clear();
    seat.closing.reset();
  }
  std::erase_if(seat.funding, [&](const Market::Funding& f) { return f.time <= core.now; });
}

}  // namespace

void fill(Core& core, Account& account, Seat& seat, Order& order, const Execution& execution) {
  const auto& [qty, price, maker, charged] = execution;
  const Side side = order.view.side;
  Leg& leg = seat.leg(order.view.position_side);
  const bool was_flat = leg.flat();
  const Qty reduced = std::min(qty, closable(leg, side));
  const Qty added = qty - reduced;
  const FeeRates& rates = account.options.fees;
  const Usdt fee = charged ? price * qty * (maker ? rates.maker : rates.taker) : Usdt();
  const Usdt fee_of_added = share(fee, added, qty);

  const Usdt realized = reduced.is_zero() ? Usdt() : reduce(leg, reduced, price);
  const bool closed = !was_flat && leg.flat();
  const Qty before = leg.qty;
  const Usdt notional = price * added;
  leg.qty += signed_qty(side, added);
  leg.cost += side == Side::buy ? notional : -notional;
  leg.fees += fee_of_added;
  leg.updated = core.now;

  const std::int64_t id = ++ids_of(core, seat.symbol).fill;
  seat.fills.push_back({seat.symbol, id, order.view.order_id, side, leg.side, qty, price, realized,
                        fee, "USDT", maker, core.now});
  update_order(order, execution, core.now);
  const bool first = order.view.status == OrderStatus::open;
  const bool whole = order.remaining().is_zero();
  order.view.status = whole ? OrderStatus::filled : OrderStatus::partially_filled;

  book(core, account, "REALIZED_PNL", realized, seat.symbol, std::to_string(id));
  book(core, account, "COMMISSION", -fee, seat.symbol, std::to_string(id));
  if (!added.is_zero()) fund_isolated(account, seat, leg, notional, fee_of_added);
  write_fill(core, account, seat, order);
  if (closed) {
    leg.covered.reset();
    write_position(core, account, Kind::position_closed, seat.symbol, leg, {});
  }
  if (before.is_zero() && !leg.flat())
    write_position(core, account, Kind::position_opened, seat.symbol, leg, leg.qty);
  if (whole) {
    close_order(core, account, seat, order, OrderStatus::filled);
  } else if (first) {
    write_order(core, account, Kind::order_updated, order);
  }
}

void tidy(Core& core, Account& account, Seat& seat) {
  renew_window(core, seat);
  expire_orphans(core, account, seat);
  judge_protection(core, account, seat);
  watch_liquidation(core, seat);
  account.guards_stale = true;
  core.due = {};
}

Qty resting_reductions(const Seat& seat, PositionSide leg, Side side) {
  Qty sum;
  for (const std::int64_t id : seat.open_regular) {
    const Order& order = seat.regular.at(id);
    if (order.view.position_side == leg && order.view.side == side && reduces_only(order.view))
      sum += order.remaining();
  }
  return sum;
}

}  // namespace bb::sim::impl
