#include "sim/impl/intervene.h"

#include "sim/impl/lifecycle.h"
#include "sim/impl/orders.h"
#include "sim/impl/positions.h"

namespace bb::sim::impl {

namespace {
constexpr std::int64_t kLargestNotional = 1'000'000'000;  // USDT
}

Answer<OrderView> force_fill(Core& core, Account& account, const Exchange::ForcedFill& wanted) {
  const auto reject = [](int code, const char* text) {
    return std::unexpected(Rejection{code, text});
  };
  const auto rules = core.market.find_rules(wanted.symbol, core.now);
  if (!rules || rules->status != SymbolStatus::trading)
    return reject(-4140, "Invalid symbol status for opening position.");
  if ((wanted.position_side != PositionSide::both) != account.options.hedge)
    return reject(-4061, "Order's position side does not match user's setting.");
  if (!wanted.qty.is_positive() || !wanted.qty.value().is_multiple_of(rules->lot.step.value()))
    return reject(-1111, "Precision is over the maximum defined for this asset.");
  if (!wanted.price.is_positive() || !wanted.price.value().is_multiple_of(rules->tick.value()))
    return reject(-4014, "Price not increased by tick size.");
  // Far beyond any real order, and far within what the books can count.
  const auto notional = static_cast<__int128>(wanted.qty.value().raw()) *
                        wanted.price.value().raw() / Decimal::kScale;
  if (notional > static_cast<__int128>(kLargestNotional) * Decimal::kScale)
    return reject(-4005, "Quantity greater than max quantity.");
  Seat& seat = seat_of(core, account, wanted.symbol);
  const Leg& leg = seat.leg(wanted.position_side);
  const Side opening = wanted.position_side == PositionSide::short_ ? Side::sell : Side::buy;
  if (account.options.hedge && wanted.side != opening && closable(leg, wanted.side) < wanted.qty)
    return reject(-2022, "ReduceOnly Order is rejected.");
  OrderRequest request;
  request.symbol = wanted.symbol;
  request.side = wanted.side;
  request.position_side = wanted.position_side;
  request.qty = wanted.qty;
  Order& order = open_order(core, account, seat, new_order(core, request, {}));
  fill(core, account, seat, order, {.qty = wanted.qty, .price = wanted.price});
  tidy(core, account, seat);
  return order.view;
}

}  // namespace bb::sim::impl
