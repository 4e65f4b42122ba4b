#include "sim/impl/liquidation.h"

#include <fmt/format.h>

#include <algorithm>

#include "domain/margin.h"
#include "sim/impl/agenda.h"
#include "sim/impl/forced.h"
#include "sim/impl/ledger.h"
#include "sim/impl/lifecycle.h"
#include "sim/impl/margin.h"
#include "sim/impl/matching.h"
#include "sim/impl/positions.h"

namespace bb::sim::impl {

namespace {

// A cross account is looked at again after a move of at least this much, so that the guards of an
// account at the brink do not fire every millisecond.
constexpr Ratio kSmallestMove = Ratio(Decimal::from_raw(20'000));  // 0.02 %
constexpr Price kSmallestStep = Price(Decimal::from_raw(1));
// How long the real exchange is about a liquidation that takes no time here.
constexpr Millis kLiquidationTime{1000};

// What goes at once: down to the next lower bracket, or all of it in the lowest.
Qty portion_of(const Core& core, const SymbolRules& rules, const Leg& leg, Price mark) {
  const Qty held = leg.qty.abs();
  const Usdt notional = mark * held;
  const Usdt floor = bracket_for(brackets_of(core, rules.symbol), notional).floor;
  if (floor.is_zero() || mark.is_zero()) return held;
  const Decimal step = rules.lot.step.value();
  Qty kept((floor / mark).value().floor_to(step));
  if (mark * kept >= floor) kept -= Qty(step);
  return kept.is_positive() && kept < held ? held - kept : held;
}

struct Forced {
  Usdt notional;
  bool is_flat = false;
};

// Closes a part of the leg up to `bankruptcy`, what the book does not take at it.
Forced close_part(Core& core, Account& account, Seat& seat, Leg& leg, const SymbolRules& rules,
                  Price bankruptcy) {
  const Price mark = mark_of(core, seat);
  const Qty before = leg.qty;
  const Price limit = std::max(bankruptcy, rules.tick);
  Order closing = system_order(core, seat, leg, portion_of(core, rules, leg, mark), limit,
                               OrderType::liquidation, "autoclose");
  closing.view.client_order_id = ClientOrderId(fmt::format("autoclose-{}", closing.view.order_id));
  Order& order = open_order(core, account, seat, std::move(closing));
  const Execution as{.charged = false, .keeps_margin = seat.margin == MarginType::isolated};
  take_from_book(core, account, seat, order, rules, limit, as);
  if (const Qty rest = order.remaining(); rest.is_positive()) {
    core.insurance_fund += (mark - limit) * (before.is_positive() ? rest : -rest);
    fill(core, account, seat, order,
         {.qty = rest, .price = limit, .charged = false, .keeps_margin = as.keeps_margin});
  }
  remember_forced(core, account, order, ForcedOrder::Cause::liquidation);
  write_position(core, account, Kind::liquidated, seat.symbol, leg, before);
  return {order.detail.executed_quote, leg.flat()};
}

// Takes the fee from what is left; what is less than nothing, the fund pays.
Usdt clear(Core& core, Account& account, Symbol symbol, Usdt fee, Usdt left) {
  const Usdt taken = std::min(fee, left);
  book(core, account, "INSURANCE_CLEAR", -taken, symbol, "INSURANCE_CLEAR");
  core.insurance_fund += taken;
  return taken;
}

bool is_isolated_healthy(const Core& core, const Seat& seat, const Leg& leg) {
  const Price mark = mark_of(core, seat);
  return leg.isolated + leg.pnl(mark) > maintenance(seat, leg, mark);
}

bool is_cross_healthy(const CrossHealth& health) {
  return health.maintenance.is_zero() || health.balance > health.maintenance;
}

bool is_called(const CrossHealth& health) {
  return health.maintenance.is_positive() && health.balance <= health.maintenance * kCallFactor;
}

struct Exposure {
  Usdt rising, falling;  // what the account loses per unit of relative move, at most
};

// Maintenance margin grows with the price, at the rate of ever higher brackets; the bracket at
// twice the notional bounds it for moves up to 100 %.
Exposure exposure_of(const Seat& seat, Price mark, Ratio factor) {
  Qty net, gross;
  for (const Leg& leg : seat.legs) {
    net += leg.qty;
    gross += leg.qty.abs();
  }
  const Usdt doubled = mark * gross + mark * gross;
  const Ratio rate = bracket_for(brackets_of(seat), doubled).maintenance_rate;
  const Usdt pnl_move = mark * net;
  const Usdt rising = mark * gross * rate * factor - pnl_move;
  return {std::max(Usdt(), rising), std::max(Usdt(), pnl_move)};
}

bool is_at_stake(const Seat& seat) { return seat.margin == MarginType::cross && !seat.flat(); }

Leg* heaviest_cross_leg(Core& core, Account& account, Seat*& owner) {
  Leg* heaviest = nullptr;
  Usdt most;
  for (Seat* seat : account.active) {
    if (!is_at_stake(*seat)) continue;
    for (Leg& leg : seat->legs) {
      const Usdt margin = maintenance(*seat, leg, mark_of(core, *seat));
      if (leg.flat() || (heaviest != nullptr && margin <= most)) continue;
      heaviest = &leg;
      most = margin;
      owner = seat;
    }
  }
  return heaviest;
}

void liquidate_cross(Core& core, Account& account) {
  account.liquidating_until = core.now + kLiquidationTime;
  const std::vector<Seat*> concerned = account.active;
  for (Seat* seat : concerned)
    expire_regular(core, account, *seat, kExpiredByLiquidation);
  while (!is_cross_healthy(cross_health(core, account))) {
    Seat* seat = nullptr;
    Leg* leg = heaviest_cross_leg(core, account, seat);
    if (leg == nullptr) break;
    const auto rules = core.market.find_rules(seat->symbol, core.now);
    const Price mark = mark_of(core, *seat);
    const Price bankruptcy = mark - cross_health(core, account).balance / leg->qty;
    const Forced forced = close_part(core, account, *seat, *leg, *rules, bankruptcy);
    const CrossHealth after = cross_health(core, account);
    const Usdt fee = forced.notional * rules->liquidation_fee;
    if (after.balance.is_positive()) clear(core, account, seat->symbol, fee, after.balance);
    if (after.maintenance.is_zero() && cross_wallet(account).is_negative())
      clear(core, account, seat->symbol, fee, cross_wallet(account));
    tidy(core, account, *seat);
  }
  for (Seat* seat : concerned)
    tidy(core, account, *seat);
}

void call_cross(Core& core, Account& account) {
  account.was_called = true;
  for (const Seat* seat : account.active) {
    if (!is_at_stake(*seat)) continue;
    for (const Leg& leg : seat->legs)
      if (!leg.flat()) write_position(core, account, Kind::margin_call, seat->symbol, leg, leg.qty);
  }
}

enum class Moves { losses, gains };

// Guards at the prices before which the account cannot have lost, or won, so much: no position
// moves further than what all of them together may do.
void guard_moves(const Core& core, Account& account, Ratio factor, Usdt distance, Moves moves) {
  Usdt exposure;
  for (const Seat* seat : account.active) {
    if (!is_at_stake(*seat)) continue;
    const Exposure e = exposure_of(*seat, mark_of(core, *seat), factor);
    exposure += std::max(e.rising, e.falling);
  }
  if (!exposure.is_positive()) return;
  const Usdt left = std::max(Usdt(), distance);
  const Ratio move =
      left >= exposure
          ? one()
          : std::max(kSmallestMove,
                     Ratio(Decimal::div(left.value(), exposure.value(), Rounding::down)));
  for (const Seat* seat : account.active) {
    if (!is_at_stake(*seat)) continue;
    const Price mark = mark_of(core, *seat);
    Exposure e = exposure_of(*seat, mark, factor);
    if (moves == Moves::gains) std::swap(e.rising, e.falling);
    const auto guard = [&](Price level, bool falling) {
      account.guards.push_back(
          {seat->symbol,
           Watch{.level = level, .falling = falling, .on_mark = true, .searched = core.now}});
    };
    const Price step = std::max(kSmallestStep, mark * move);
    if (e.rising.is_positive()) guard(mark + step, false);
    if (e.falling.is_positive() && move < one()) guard(mark - step, true);
  }
}

}  // namespace

void liquidate_isolated(Core& core, Account& account, Seat& seat, Leg& leg) {
  seat.liquidating_until = core.now + kLiquidationTime;
  expire_regular(core, account, seat, kExpiredByLiquidation);
  const auto rules = core.market.find_rules(seat.symbol, core.now);
  // At least one part goes, whatever rounding says: the level was reached.
  do {
    const Price bankruptcy = (leg.cost - leg.isolated) / leg.qty;
    const Forced forced = close_part(core, account, seat, leg, *rules, bankruptcy);
    const Usdt fee = forced.notional * rules->liquidation_fee;
    const Usdt left = leg.isolated + leg.pnl(mark_of(core, seat));
    leg.isolated -=
        clear(core, account, seat.symbol, fee, forced.is_flat ? left : std::max(Usdt(), left));
  } while (!leg.flat() && !is_isolated_healthy(core, seat, leg));
  if (leg.flat()) leg.isolated = {};  // what is left of it goes back
  tidy(core, account, seat);
}

void call_margin(Core& core, Account& account, Seat& seat, Leg& leg) {
  leg.was_called = !leg.was_called;
  if (leg.was_called) write_position(core, account, Kind::margin_call, seat.symbol, leg, leg.qty);
  tidy(core, account, seat);
}

void renew_guards(Core& core, Account& account) {
  account.guards.clear();
  account.guards_stale = false;
  account.check_at.reset();
  const CrossHealth health = cross_health(core, account);
  if (health.maintenance.is_zero()) {
    account.was_called = false;
    return;
  }
  if (health.balance > health.maintenance * kRecoveredFactor) account.was_called = false;
  if (!is_cross_healthy(health) || (!account.was_called && is_called(health))) {
    account.check_at = core.now;
    return;
  }
  const Ratio factor = account.was_called ? one() : kCallFactor;
  guard_moves(core, account, factor, health.balance - health.maintenance * factor, Moves::losses);
  if (account.was_called)
    guard_moves(core, account, kRecoveredFactor,
                health.maintenance * kRecoveredFactor - health.balance, Moves::gains);
}

void inspect_cross(Core& core, Account& account) {
  const CrossHealth health = cross_health(core, account);
  if (!is_cross_healthy(health)) {
    liquidate_cross(core, account);
  } else if (!account.was_called && is_called(health)) {
    call_cross(core, account);
  }
  touch_guards(core, account);
}

}  // namespace bb::sim::impl
