#include "sim/impl/positions.h"

#include <algorithm>
#include <array>

#include "sim/impl/agenda.h"
#include "sim/impl/ledger.h"
#include "sim/impl/lifecycle.h"
#include "sim/impl/liquidation.h"
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
Usdt reduce(Leg& leg, Qty qty, Price price, bool keeps_margin) {
  const Qty held = leg.qty.abs();
  const Usdt released = share(leg.cost, qty, held);
  const Qty part = leg.qty.is_negative() ? -qty : qty;
  leg.cost -= released;
  leg.fees -= share(leg.fees, qty, held);
  leg.qty -= part;
  const Usdt realized = price * part - released;
  if (keeps_margin) {
    leg.isolated += realized;
  } else {
    leg.isolated -= share(leg.isolated, qty, held);
  }
  return realized;
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
// placing it elsewhere is refused (-2021), reaching it triggers it. One that was reached and is
// held back by its price protection closes nothing, for as long as that lasts.
bool is_covered(const Seat& seat, const Leg& leg) {
  Qty sum;
  for (const auto& [id, resting] : seat.conditional.open) {
    const OrderView& order = resting.view;
    if (order.position_side != leg.side || order.side != closing_side(leg) || !is_stop(order) ||
        resting.is_held_back)
      continue;
    if (order.close_position) return true;
    sum += order.qty;  // stays small: no more than one order beyond the position
    if (sum >= leg.qty.abs()) return true;
  }
  return leg.qty.is_zero();
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

void expire_close_orders(Core& core, Account& account, Seat& seat) {
  for (const std::int64_t id : ids_in(seat.conditional.open)) {
    Order& order = seat.conditional.open.at(id);
    const Leg& leg = seat.leg(order.view.position_side);
    if (order.view.close_position && closable(leg, order.view.side).is_zero())
      close_order(core, account, seat, order, OrderStatus::expired, kPositionGone);
  }
}

// The older of two reduce-only orders keeps its share of the position.
void expire_reductions(Core& core, Account& account, Seat& seat) {
  std::array<std::array<Qty, 2>, 3> older{};
  for (const std::int64_t id : ids_in(seat.regular.open)) {
    Order& order = seat.regular.open.at(id);
    if (!reduces_only(order.view)) continue;
    Qty& sum = older[static_cast<std::size_t>(order.view.position_side)]
                    [static_cast<std::size_t>(order.view.side)];
    const Qty wanted = sum + order.remaining();
    if (wanted > closable(seat.leg(order.view.position_side), order.view.side)) {
      close_order(core, account, seat, order, OrderStatus::expired, kReduceOnlyConflict);
    } else {
      sum = wanted;
    }
  }
}

Watch mark_watch(const Core& core, Price level, bool falling) {
  return {.level = level, .falling = falling, .on_mark = true, .searched = core.now};
}

// One call for each time the ratio passes 80 %, and none before it fell back to 75 %: at the brink
// it would come with every tick.
void watch_call(Core& core, const Account& account, Seat& seat, Leg& leg) {
  const bool falling = leg.qty.is_positive();
  const Price mark = mark_of(core, seat);
  const auto is_past = [&](Price level) { return falling ? mark <= level : mark >= level; };
  const auto recovered_at = [&] { return isolated_level(seat, leg, kRecoveredFactor); };
  if (leg.was_called) {
    const auto recovered = recovered_at();
    leg.was_called = recovered && is_past(*recovered);
  }
  if (!leg.was_called) {
    const auto level = isolated_level(seat, leg, kCallFactor);
    if (!level) return;
    if (!is_past(*level)) {
      leg.margin_call = mark_watch(core, *level, falling);
      return;
    }
    leg.was_called = true;
    write_position(core, account, Kind::margin_call, seat.symbol, leg, leg.qty);
  }
  if (const auto recovered = recovered_at())
    leg.margin_call = mark_watch(core, *recovered, !falling);
}

void watch_margin(Core& core, const Account& account, Seat& seat) {
  for (Leg& leg : seat.legs) {
    leg.liquidation.reset();
    leg.margin_call.reset();
    if (leg.flat() || seat.margin != MarginType::isolated) {
      leg.was_called = false;
      continue;
    }
    if (const auto level = isolated_liquidation(seat, leg))
      leg.liquidation = mark_watch(core, *level, leg.qty.is_positive());
    watch_call(core, account, seat, leg);
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
  const auto& [qty, price, maker, charged, keeps_margin] = execution;
  const Side side = order.view.side;
  Leg& leg = seat.leg(order.view.position_side);
  const bool was_flat = leg.flat();
  const Qty reduced = std::min(qty, closable(leg, side));
  const Qty added = qty - reduced;
  const FeeRates& rates = account.options.fees;
  const bool is_rpi = order.detail.time_in_force == TimeInForce::rpi;
  const Ratio rate = maker ? (is_rpi ? rates.rpi : rates.maker) : rates.taker;
  const Usdt fee = charged ? price * qty * rate : Usdt();
  const Usdt fee_of_added = share(fee, added, qty);

  const Usdt realized = reduced.is_zero() ? Usdt() : reduce(leg, reduced, price, keeps_margin);
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
  touch_guards(core, account);
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
  expire_close_orders(core, account, seat);
  expire_reductions(core, account, seat);
  judge_protection(core, account, seat);
  watch_margin(core, account, seat);
  forget_orders(core, account, seat);
  list_seat(account, seat);
  touch(core, account, seat);
}

Qty resting_reductions(const Seat& seat, PositionSide leg, Side side, std::int64_t except) {
  Qty sum;
  for (const auto& [id, order] : seat.regular.open)
    if (id != except && order.view.position_side == leg && order.view.side == side &&
        reduces_only(order.view))
      sum += order.remaining();
  return sum;
}

}  // namespace bb::sim::impl
