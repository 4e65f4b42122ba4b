#include "sim/impl/margin.h"

#include <algorithm>

#include "base/check.h"
#include "domain/margin.h"
#include "sim/impl/ledger.h"

namespace bb::sim::impl {

namespace {

Extra open_orders(const Seat& seat, PositionSide side) {
  Extra sum{.side = side};
  for (const auto& [id, order] : seat.regular.open) {
    if (order.view.position_side != side || reduces_only(order.view)) continue;
    Usdt& part = order.view.side == Side::buy ? sum.buys : sum.sells;
    part += order.view.price * order.remaining();
  }
  return sum;
}

// The domain's formula takes an average entry price; what its rounding loses is given back in the
// wallet, which matters for prices of few digits.
Usdt rounding_of(const Leg& leg) { return leg.flat() ? Usdt() : leg.entry() * leg.qty - leg.cost; }

bool rests(const Seat& seat, PositionSide side) {
  const auto any = [&](const Orders& open) {
    return std::ranges::any_of(
        open, [&](const auto& entry) { return entry.second.view.position_side == side; });
  };
  return any(seat.regular.open) || any(seat.conditional.open);
}

// What is the same for all rows of an account.
struct CrossFigures {
  Usdt wallet, maintenance, pnl;  // of all its cross positions
};

CrossFigures cross_figures(const Core& core, const Account& account) {
  CrossFigures out{cross_wallet(account), {}, {}};
  for (const Seat* seat : account.active) {
    if (seat->margin != MarginType::cross || seat->flat()) continue;
    const SeatFigures f = figures(core, *seat);
    out.maintenance += f.maintenance;
    out.pnl += f.pnl;
  }
  return out;
}

std::optional<Price> cross_liquidation(const Core& core, const CrossFigures& cross,
                                       const Seat& seat) {
  const SeatFigures own = figures(core, seat);
  Usdt wallet = cross.wallet;
  for (const Leg& leg : seat.legs)
    wallet += rounding_of(leg);
  const auto leg = [&](PositionSide side) {
    return MarginLeg{seat.leg(side).qty, seat.leg(side).entry()};
  };
  return liquidation_price(brackets_of(seat), wallet, leg(PositionSide::both),
                           leg(PositionSide::long_), leg(PositionSide::short_),
                           cross.maintenance - own.maintenance, cross.pnl - own.pnl);
}

// Reference §19: by profit x effective leverage. The real exchange ranks all its holders of a side;
// here are few of them, so the score itself says how near the front one stands.
int adl_quantile(const Core& core, const CrossFigures& cross, const Seat& seat, const Leg& leg) {
  const Price mark = mark_of(core, seat);
  const double profit = leg.pnl(mark).value().to_double() / leg.cost.abs().value().to_double();
  if (!(profit > 0)) return 0;
  const Usdt balance =
      seat.margin == MarginType::isolated ? leg.isolated + leg.pnl(mark) : cross.wallet + cross.pnl;
  if (!balance.is_positive()) return 4;
  const double leverage = (mark * leg.qty).abs().value().to_double() / balance.value().to_double();
  const double score = profit * leverage;
  if (score < 0.25) return 1;
  if (score < 0.5) return 2;
  return score < 1 ? 3 : 4;
}

Exchange::PositionRow row_of(const Core& core, const CrossFigures& cross, const Seat& seat,
                             const Leg& leg) {
  const Price mark = mark_of(core, seat);
  Exchange::PositionRow row;
  row.position = {seat.symbol,  leg.side,      leg.qty,      leg.entry(), mark,
                  std::nullopt, leg.pnl(mark), leg.isolated, leg.updated};
  row.leverage = seat.leverage;
  row.margin = seat.margin;
  row.notional = mark * leg.qty;
  row.initial_margin = row.notional.abs() / seat.leverage;
  row.open_order_margin =
      margin_notional(seat, leg.side, mark) / seat.leverage - row.initial_margin;
  if (leg.flat()) return row;
  row.maintenance_margin = maintenance(seat, leg, mark);
  row.break_even = (leg.cost + leg.fees) / leg.qty;
  row.adl_quantile = adl_quantile(core, cross, seat, leg);
  row.position.liquidation = seat.margin == MarginType::isolated
                                 ? isolated_liquidation(seat, leg)
                                 : cross_liquidation(core, cross, seat);
  return row;
}

}  // namespace

Price mark_of(const Core& core, Symbol symbol) {
  return core.market.mark(symbol, core.now).value_or(Price());
}

Price mark_of(const Core& core, const Seat& seat) {
  const Asked asked{core.now, core.prices};
  if (seat.mark.asked != asked) seat.mark = {asked, mark_of(core, seat.symbol)};
  return seat.mark.price;
}

const Brackets& brackets_of(const Core& core, Symbol symbol) {
  const Brackets* brackets = core.market.find_brackets(symbol);
  BB_CHECK(brackets != nullptr && !brackets->empty(), "every listed symbol has brackets");
  return *brackets;
}

Usdt margin_notional(const Seat& seat, PositionSide side, Price mark, const Extra& extra) {
  const Usdt held = mark * seat.leg(side).qty;
  Extra open = open_orders(seat, side);
  if (extra.side == side) {
    open.buys += extra.buys;
    open.sells += extra.sells;
  }
  switch (side) {
    case PositionSide::both:
      return std::max((held + open.buys).abs(), (held - open.sells).abs());
    case PositionSide::long_:
      return held + open.buys;
    case PositionSide::short_:
      return open.sells - held;
  }
  return {};
}

Usdt maintenance(const Seat& seat, const Leg& leg, Price mark) {
  if (leg.flat()) return {};
  return maintenance_margin(brackets_of(seat), (mark * leg.qty).abs());
}

SeatFigures figures(const Core& core, const Seat& seat) {
  SeatFigures out;
  if (!seat.active()) return out;
  const Price mark = mark_of(core, seat);
  for (const Leg& leg : seat.legs) {
    const Usdt margin = (mark * leg.qty).abs() / seat.leverage;
    out.position_margin += margin;
    out.order_margin += margin_notional(seat, leg.side, mark) / seat.leverage - margin;
    out.maintenance += maintenance(seat, leg, mark);
    out.pnl += leg.pnl(mark);
  }
  return out;
}

CrossHealth cross_health(const Core& core, const Account& account) {
  const CrossFigures cross = cross_figures(core, account);
  return {cross.wallet + cross.pnl, cross.maintenance};
}

Exchange::Balance balance_of(const Core& core, const Account& account) {
  Exchange::Balance out;
  out.wallet = account.wallet;
  out.cross_wallet = cross_wallet(account);
  Usdt locked;  // in the cross wallet
  for (const Seat* seat : account.active) {
    const SeatFigures f = figures(core, *seat);
    out.position_margin += f.position_margin;
    out.order_margin += f.order_margin;
    out.maintenance_margin += f.maintenance;
    out.unrealized_pnl += f.pnl;
    locked += f.order_margin;
    if (seat->margin == MarginType::isolated) continue;
    locked += f.position_margin;
    out.cross_unrealized_pnl += f.pnl;
  }
  const Usdt free = out.cross_wallet + out.cross_unrealized_pnl - locked;
  const Usdt without_gains = out.cross_wallet + std::min(Usdt(), out.cross_unrealized_pnl) - locked;
  out.available = std::max(Usdt(), free);
  out.max_withdraw = std::max(Usdt(), std::min(free, without_gains));
  return out;
}

Usdt free_margin(const Core& core, const Account& account) {
  Usdt free = cross_wallet(account);
  for (const Seat* seat : account.active) {
    const SeatFigures f = figures(core, *seat);
    free -= f.order_margin;
    if (seat->margin == MarginType::cross) free += f.pnl - f.position_margin;
  }
  return free;
}

std::vector<Exchange::PositionRow> position_rows(const Core& core, const Account& account,
                                                 Symbol symbol) {
  std::vector<Exchange::PositionRow> rows;
  const CrossFigures cross = cross_figures(core, account);
  for (const Seat* seat : account.active) {
    if (!symbol.empty() && seat->symbol != symbol) continue;
    for (const Leg& leg : seat->legs)
      if (!leg.flat() || rests(*seat, leg.side)) rows.push_back(row_of(core, cross, *seat, leg));
  }
  return rows;
}

std::optional<Price> isolated_liquidation(const Seat& seat, const Leg& leg) {
  return isolated_liquidation_price(brackets_of(seat), leg.isolated + rounding_of(leg), leg.qty,
                                    leg.entry());
}

std::optional<Price> isolated_level(const Seat& seat, const Leg& leg, Ratio factor) {
  Brackets brackets = brackets_of(seat);
  for (auto& bracket : brackets) {
    bracket.maintenance_rate = bracket.maintenance_rate * factor;
    bracket.maintenance_amount = bracket.maintenance_amount * factor;
  }
  return isolated_liquidation_price(brackets, leg.isolated + rounding_of(leg), leg.qty,
                                    leg.entry());
}

}  // namespace bb::sim::impl
