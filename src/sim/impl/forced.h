// What the exchange does of itself: funding, the end of a contract, auto-deleveraging (reference
// §19); liquidations are in liquidation.h.
#pragma once

#include <string>

#include "sim/impl/state.h"

namespace bb::sim::impl {

constexpr int kExpiredByLiquidation = 5;

void pay_funding(Core& core, Account& account, Seat& seat, const Market::Funding& funding);

/// The contract ends: its orders expire and its positions are settled at the mark price.
void settle_contract(Core& core, Account& account, Seat& seat);

/// Closes a leg whole at the mark price by an order `adl_autoclose`; it pays no commission.
Answer<OrderView> deleverage(Core& core, Account& account, Symbol symbol, PositionSide side);

/// An order of the exchange's own that closes `qty` of the leg: IOC at `price`, MARKET without.
Order system_order(Core& core, const Seat& seat, const Leg& leg, Qty qty, Price price,
                   OrderType type, const std::string& client_id_prefix);

void expire_regular(Core& core, Account& account, Seat& seat, int reason);
void remember_forced(Core& core, Account& account, const Order& order, ForcedOrder::Cause cause);

}  // namespace bb::sim::impl
