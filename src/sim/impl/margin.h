// Margin figures of accounts and seats at the current mark (reference §18).
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

/// The mark price now; before listing, the entry of what is held, or zero.
Price mark_of(const Core& core, Symbol symbol);
/// The same, kept for this instant: all figures of an account ask for the marks of all its seats.
Price mark_of(const Core& core, const Seat& seat);
const Brackets& brackets_of(const Core& core, Symbol symbol);
inline const Brackets& brackets_of(const Seat& seat) { return *seat.brackets; }

/// An order that is not in the book yet, for "what if".
struct Extra {
  PositionSide side = PositionSide::both;
  Usdt buys{}, sells{};
};
/// Notional that needs margin: one-way max(|P + B|, |P - A|), hedge per side with the orders that
/// increase it. Reduce-only and conditional orders lock nothing.
Usdt margin_notional(const Seat& seat, PositionSide side, Price mark, const Extra& extra = {});

Usdt maintenance(const Seat& seat, const Leg& leg, Price mark);

struct SeatFigures {
  Usdt position_margin, order_margin, maintenance, pnl;
};
SeatFigures figures(const Core& core, const Seat& seat);

struct CrossHealth {
  Usdt balance;      // cross wallet + unrealized PnL of the cross positions
  Usdt maintenance;  // of the cross positions
};
CrossHealth cross_health(const Core& core, const Account& account);

Exchange::Balance balance_of(const Core& core, const Account& account);
/// The available balance before it is cut at zero.
Usdt free_margin(const Core& core, const Account& account);
/// Of one symbol, or without one of all.
std::vector<Exchange::PositionRow> position_rows(const Core& core, const Account& account,
                                                 Symbol symbol);

/// Where the mark price liquidates an isolated leg.
std::optional<Price> isolated_liquidation(const Seat& seat, const Leg& leg);
/// Where its margin balance is `factor` maintenance margins.
std::optional<Price> isolated_level(const Seat& seat, const Leg& leg, Ratio factor);
/// The margin balance at a margin call, in maintenance margins: a margin ratio of 80 %.
constexpr Ratio kCallFactor = Ratio(Decimal::from_raw(125'000'000));
/// A margin call is over, and may come again, when the margin ratio fell back to 75 %.
constexpr Ratio kRecoveredFactor = Ratio(Decimal::from_raw(133'333'333));

}  // namespace bb::sim::impl
