#include "sim/impl/forced.h"

#include <fmt/format.h>

#include <algorithm>

#include "domain/margin.h"
#include "sim/impl/depth.h"
#include "sim/impl/ledger.h"
#include "sim/impl/lifecycle.h"
#include "sim/impl/margin.h"
#include "sim/impl/orders.h"
#include "sim/impl/positions.h"

namespace bb::sim::impl {

namespace {

constexpr int kLiquidation = 5;
constexpr int kDelisted = 7;

// A cross account is looked at again after a move of at least this much, so that the guards of an
// account at the brink do not fire every millisecond.
constexpr Ratio kSmallestMove = Ratio(Decimal::from_raw(20'000));  // 0.02 %
constexpr Price kSmallestStep = Price(Decimal::from_raw(1));

Order system_order(Core& core, const Seat& seat, const Leg& leg, const std::string& prefix,
                   Price price) {
  OrderRequest request;
  request.symbol = seat.symbol;
  request.side = closing_side(leg);
  request.position_side = leg.side;
  request.type = price.is_zero() ? OrderType::market : OrderType::limit;
  request.time_in_force = price.is_zero() ? TimeInForce::gtc : TimeInForce::ioc;
  request.qty = leg.qty.abs();
  request.price = price;
  Order order = new_order(core, request);
  order.view.client_order_id = ClientOrderId(fmt::format("{}{}", prefix, order.view.order_id));
  return order;
}

void expire_regular(Core& core, Account& account, Seat& seat, int reason) {
  const auto open = seat.open_regular;
  for (const std::int64_t id : open)
    close_order(core, account, seat, seat.regular.at(id), OrderStatus::expired, reason);
}

// Closes the leg up to `bankruptcy`, the rest at it. Returns the liquidated notional.
Usdt close_bankrupt(Core& core, Account& account, Seat& seat, Leg& leg, Price bankruptcy) {
  const auto rules = core.market.find_rules(seat.symbol, core.now);
  const Price limit = std::max(bankruptcy, rules->tick);
  Order& order =
      open_order(core, account, seat, system_order(core, seat, leg, "autoclose-", limit));
  take(core, account, seat, order, *rules, limit, false);
  if (order.remaining().is_positive())
    fill(core, account, seat, order, {.qty = order.remaining(), .price = limit, .charged = false});
  return order.detail.executed_quote;
}

// The fee is at most what is left; a debt is paid by the fund.
void clear(Core& core, Account& account, const Seat& seat, Usdt notional, Usdt left) {
  const auto rules = core.market.find_rules(seat.symbol, core.now);
  const Usdt fee = std::min(notional * rules->liquidation_fee, left);
  book(core, account, "INSURANCE_CLEAR", -fee, seat.symbol, "INSURANCE_CLEAR");
}

void write_liquidated(Core& core, const Account& account, const Seat& seat, const Leg& leg,
                      Qty qty) {
  write_position(core, account, Kind::liquidated, seat.symbol, leg, qty);
}

struct Exposure {
  Usdt rising, falling;  // what the account loses per unit of relative move, at most
};

// Maintenance margin grows with the price, at the rate of ever higher brackets; the bracket at
// twice the notional bounds it for moves up to 100 %.
Exposure exposure_of(const Core& core, const Seat& seat, Price mark) {
  Qty net, gross;
  for (const Leg& leg : seat.legs) {
    net += leg.qty;
    gross += leg.qty.abs();
  }
  const Usdt doubled = mark * gross + mark * gross;
  const Ratio rate = bracket_for(brackets_of(core, seat.symbol), doubled).maintenance_rate;
  const Usdt pnl_move = mark * net;
  const Usdt rising = mark * gross * rate - pnl_move;
  return {std::max(Usdt(), rising), std::max(Usdt(), pnl_move)};
}

Leg* heaviest_cross_leg(Core& core, Account& account, Seat*& owner) {
  Leg* heaviest = nullptr;
  Usdt most;
  for (auto& [symbol, seat] : account.seats) {
    if (seat.margin != MarginType::cross) continue;
    for (Leg& leg : seat.legs) {
      const Usdt margin = maintenance(core, seat, leg, mark_of(core, symbol));
      if (leg.flat() || (heaviest != nullptr && margin <= most)) continue;
      heaviest = &leg;
      most = margin;
      owner = &seat;
    }
  }
  return heaviest;
}

}  // namespace

void pay_funding(Core& core, Account& account, Seat& seat, const Market::Funding& funding) {
  const Price mark = mark_of(core, seat.symbol);
  for (Leg& leg : seat.legs) {
    if (leg.flat()) continue;
    const Usdt amount = -(mark * leg.qty * funding.rate);
    if (seat.margin == MarginType::isolated) leg.isolated += amount;
    book(core, account, "FUNDING_FEE", amount, seat.symbol, "FUNDING_FEE");
  }
  tidy(core, account, seat);
}

void liquidate_isolated(Core& core, Account& account, Seat& seat, Leg& leg) {
  expire_regular(core, account, seat, kLiquidation);
  const Qty qty = leg.qty;
  const Price bankruptcy = (leg.cost - leg.isolated) / leg.qty;
  const Usdt others = cross_wallet(account);
  const Usdt notional = close_bankrupt(core, account, seat, leg, bankruptcy);
  clear(core, account, seat, notional, cross_wallet(account) - others);
  write_liquidated(core, account, seat, leg, qty);
  tidy(core, account, seat);
}

bool is_cross_healthy(const Core& core, const Account& account) {
  const CrossHealth health = cross_health(core, account);
  return health.maintenance.is_zero() || health.balance > health.maintenance;
}

void renew_guards(Core& core, Account& account) {
  account.guards.clear();
  account.guards_stale = false;
  Usdt exposure;
  for (const auto& [symbol, seat] : account.seats) {
    if (seat.margin != MarginType::cross || seat.flat()) continue;
    const Exposure e = exposure_of(core, seat, mark_of(core, symbol));
    exposure += std::max(e.rising, e.falling);
  }
  if (!exposure.is_positive()) return;
  const CrossHealth health = cross_health(core, account);
  const Usdt excess = std::max(Usdt(), health.balance - health.maintenance);
  const Ratio move =
      excess >= exposure
          ? one()
          : std::max(kSmallestMove,
                     Ratio(Decimal::div(excess.value(), exposure.value(), Rounding::down)));
  for (const auto& [symbol, seat] : account.seats) {
    if (seat.margin != MarginType::cross || seat.flat()) continue;
    const Price mark = mark_of(core, symbol);
    const Exposure e = exposure_of(core, seat, mark);
    const auto guard = [&](Price level, bool falling) {
      account.guards.push_back(
          {symbol,
           Watch{.level = level, .falling = falling, .on_mark = true, .searched = core.now}});
    };
    const Price step = std::max(kSmallestStep, mark * move);
    if (e.rising.is_positive()) guard(mark + step, false);
    if (e.falling.is_positive() && move < one()) guard(mark - step, true);
  }
}

void liquidate_cross(Core& core, Account& account) {
  for (auto& [symbol, seat] : account.seats)
    expire_regular(core, account, seat, kLiquidation);
  while (!is_cross_healthy(core, account)) {
    Seat* seat = nullptr;
    Leg* leg = heaviest_cross_leg(core, account, seat);
    if (leg == nullptr) break;
    const Qty qty = leg->qty;
    const Price mark = mark_of(core, seat->symbol);
    const Price bankruptcy = mark - cross_health(core, account).balance / qty;
    const Usdt notional = close_bankrupt(core, account, *seat, *leg, bankruptcy);
    const Usdt left = cross_health(core, account).balance;
    if (left.is_positive()) clear(core, account, *seat, notional, left);
    if (cross_health(core, account).maintenance.is_zero() && cross_wallet(account).is_negative())
      clear(core, account, *seat, notional, cross_wallet(account));
    write_liquidated(core, account, *seat, *leg, qty);
    tidy(core, account, *seat);
  }
  for (auto& [symbol, seat] : account.seats)
    if (seat.active()) tidy(core, account, seat);
}

void settle_contract(Core& core, Account& account, Seat& seat) {
  seat.closing.reset();
  expire_regular(core, account, seat, kDelisted);
  const auto conditional = seat.open_conditional;
  for (const std::int64_t id : conditional)
    close_order(core, account, seat, seat.conditional.at(id), OrderStatus::expired, kDelisted);
  const Price mark = mark_of(core, seat.symbol);
  for (Leg& leg : seat.legs) {
    if (leg.flat()) continue;
    Order& order =
        open_order(core, account, seat, system_order(core, seat, leg, "settlement_autoclose-", {}));
    fill(core, account, seat, order, {.qty = order.remaining(), .price = mark, .charged = false});
  }
  tidy(core, account, seat);
}

}  // namespace bb::sim::impl
