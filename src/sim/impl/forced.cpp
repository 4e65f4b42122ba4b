#include "sim/impl/forced.h"

#include <fmt/format.h>

#include "sim/impl/ledger.h"
#include "sim/impl/lifecycle.h"
#include "sim/impl/margin.h"
#include "sim/impl/orders.h"
#include "sim/impl/positions.h"
#include "sim/impl/refusals.h"

namespace bb::sim::impl {

namespace {

constexpr int kDelisted = 7;

}  // namespace

Order system_order(Core& core, const Seat& seat, const Leg& leg, Qty qty, Price price,
                   OrderType type, const std::string& client_id_prefix) {
  OrderRequest request;
  request.symbol = seat.symbol;
  request.side = closing_side(leg);
  request.position_side = leg.side;
  request.type = type;
  request.time_in_force = type == OrderType::market ? TimeInForce::gtc : TimeInForce::ioc;
  request.qty = qty;
  request.price = price;
  OrderTerms terms;
  terms.self_trade = SelfTradePrevention::none;
  Order order = new_order(core, request, terms);
  order.view.client_order_id = ClientOrderId(client_id_prefix);
  return order;
}

void expire_regular(Core& core, Account& account, Seat& seat, int reason) {
  for (const std::int64_t id : ids_in(seat.regular.open))
    close_order(core, account, seat, seat.regular.open.at(id), OrderStatus::expired, reason);
}

void remember_forced(Core& core, Account& account, const Order& order, ForcedOrder::Cause cause) {
  forget_rows(account.forced, core.now);
  account.forced.push_back({order.view.symbol, order.view.order_id, cause, core.now});
}

void pay_funding(Core& core, Account& account, Seat& seat, const Market::Funding& funding) {
  const Price mark = mark_of(core, seat);
  for (Leg& leg : seat.legs) {
    if (leg.flat()) continue;
    const Usdt amount = -(mark * leg.qty * funding.rate);
    if (seat.margin == MarginType::isolated) leg.isolated += amount;
    book(core, account, "FUNDING_FEE", amount, seat.symbol, "FUNDING_FEE");
  }
  tidy(core, account, seat);
}

void settle_contract(Core& core, Account& account, Seat& seat) {
  seat.closing.reset();
  expire_regular(core, account, seat, kDelisted);
  for (const std::int64_t id : ids_in(seat.conditional.open))
    close_order(core, account, seat, seat.conditional.open.at(id), OrderStatus::expired, kDelisted);
  const Price mark = mark_of(core, seat);
  for (Leg& leg : seat.legs) {
    if (leg.flat()) continue;
    Order closing =
        system_order(core, seat, leg, leg.qty.abs(), {}, OrderType::market, "settlement_autoclose");
    closing.view.client_order_id =
        ClientOrderId(fmt::format("settlement_autoclose-{}", closing.view.order_id));
    Order& order = open_order(core, account, seat, std::move(closing));
    fill(core, account, seat, order, {.qty = order.remaining(), .price = mark, .charged = false});
  }
  tidy(core, account, seat);
}

Answer<OrderView> deleverage(Core& core, Account& account, Symbol symbol, PositionSide side) {
  const auto it = account.seats.find(symbol);
  if (it == account.seats.end() || it->second.leg(side).flat()) return refuse::no_position();
  Seat& seat = it->second;
  const Leg& leg = seat.leg(side);
  const Price mark = mark_of(core, symbol);
  Order& order = open_order(
      core, account, seat,
      system_order(core, seat, leg, leg.qty.abs(), mark, OrderType::limit, "adl_autoclose"));
  fill(core, account, seat, order, {.qty = order.remaining(), .price = mark, .charged = false});
  remember_forced(core, account, order, ForcedOrder::Cause::adl);
  const OrderView answer = order.view;
  tidy(core, account, seat);
  return answer;
}

}  // namespace bb::sim::impl
