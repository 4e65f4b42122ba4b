#include "sim/impl/settings.h"

#include <algorithm>

#include "domain/margin.h"
#include "sim/impl/agenda.h"
#include "sim/impl/ledger.h"
#include "sim/impl/margin.h"
#include "sim/impl/orders.h"
#include "sim/impl/positions.h"
#include "sim/impl/refusals.h"

namespace bb::sim::impl {

namespace {

constexpr int kLeverageMax = 125;

}  // namespace

Answer<void> set_leverage(Core& core, Account& account, Symbol symbol, int leverage) {
  if (!core.market.find_rules(symbol, core.now)) return refuse::bad_symbol();
  if (leverage < 1 || leverage > kLeverageMax) return refuse::leverage_invalid(leverage);
  const Usdt allowed = max_notional_at(brackets_of(core, symbol), leverage);
  if (allowed.is_zero()) return refuse::leverage_invalid(leverage);

  Seat& seat = seat_of(core, account, symbol);
  const int before = seat.leverage;
  if (seat.margin == MarginType::isolated && !seat.flat() && leverage < before)
    return refuse::leverage_reduction();
  const Price mark = mark_of(core, symbol);
  for (const Leg& leg : seat.legs)
    if (margin_notional(seat, leg.side, mark) > allowed) return refuse::position_too_large();
  seat.leverage = leverage;
  if (leverage < before && seat.active() && free_margin(core, account).is_negative()) {
    seat.leverage = before;
    return refuse::leverage_too_small();
  }
  write(core, entry_of(account, Kind::leverage_changed, symbol));
  if (seat.active()) tidy(core, account, seat);
  return {};
}

// "Nothing to change" has two codes (seen live): -4046 with a position, -4067 without.
Answer<void> set_margin_type(Core& core, Account& account, Symbol symbol, MarginType margin) {
  if (!core.market.find_rules(symbol, core.now)) return refuse::bad_symbol();
  Seat& seat = seat_of(core, account, symbol);
  if (seat.margin == margin) {
    if (seat.flat()) return refuse::mode_with_orders();
    return refuse::margin_type_same();
  }
  if (seat.has_open_orders()) return refuse::margin_type_with_orders();
  if (!seat.flat()) return refuse::margin_type_with_position();
  seat.margin = margin;
  write(core, entry_of(account, Kind::margin_type_changed, symbol));
  return {};
}

Answer<void> set_hedge(Account& account, bool hedge) {
  if (account.options.hedge == hedge) return refuse::mode_same();
  for (const Seat* seat : account.active)
    if (seat->has_open_orders()) return refuse::mode_with_orders();
  for (const Seat* seat : account.active)
    if (!seat->flat()) return refuse::mode_with_positions();
  account.options.hedge = hedge;
  return {};
}

Answer<void> transfer(Core& core, Account& account, Usdt amount) {
  if (amount.is_zero()) return refuse::amount_not_positive();
  if (amount.is_negative() && -amount > balance_of(core, account).max_withdraw)
    return refuse::balance_not_sufficient();
  book(core, account, "TRANSFER", amount, Symbol(), "TRANSFER");
  return {};
}

Answer<void> change_isolated_margin(Core& core, Account& account, Symbol symbol, PositionSide side,
                                    Usdt amount) {
  if (amount.is_zero()) return refuse::amount_not_positive();
  if (!core.market.find_rules(symbol, core.now)) return refuse::bad_symbol();
  Seat& seat = seat_of(core, account, symbol);
  Leg& leg = seat.leg(side);
  if ((side != PositionSide::both) != account.options.hedge) return refuse::wrong_position_side();
  if (seat.margin != MarginType::isolated) return refuse::isolated_only();
  if (leg.flat()) return refuse::no_position();
  if (amount.is_positive()) {
    if (amount > balance_of(core, account).available) return refuse::cross_balance_insufficient();
  } else {
    // What stays must carry the position as if it were opened now.
    const Price mark = mark_of(core, symbol);
    const Usdt stays = leg.isolated + amount;
    const Usdt needed = (mark * leg.qty).abs() / seat.leverage;
    if (stays < needed || stays + leg.pnl(mark) < needed)
      return refuse::isolated_balance_insufficient();
  }
  leg.isolated += amount;
  leg.updated = core.now;
  forget_rows(seat.margin_changes, core.now);
  seat.margin_changes.push_back({symbol, side, amount, core.now});
  write_position(core, account, Kind::isolated_margin_changed, symbol, leg, leg.qty);
  touch_guards(core, account);
  tidy(core, account, seat);
  return {};
}

}  // namespace bb::sim::impl
