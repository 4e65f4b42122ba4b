// Placing, matching, triggering and cancelling orders.
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

/// The account's seat in the symbol; a new one has the account's defaults.
Seat& seat_of(const Core& core, Account& account, Symbol symbol);
Seat default_seat(const Core& core, const Account& account, Symbol symbol);

Answer<OrderView> place(Core& core, Account& account, const OrderRequest& request);
Answer<OrderView> cancel(Core& core, Account& account, const exchange::OrderRef& ref);
/// The order a reference names, by id or newest client id.
const Order* find_order(const Account& account, const exchange::OrderRef& ref);

/// A conditional order's level was reached.
void trigger(Core& core, Account& account, Seat& seat, Order& order);
/// A resting limit's price was reached: it fills whole, at its price, as a maker.
void reach_limit(Core& core, Account& account, Seat& seat, Order& order);

/// Takes from the synthetic book up to `limit`, as far as it goes.
void take(Core& core, Account& account, Seat& seat, Order& order, const SymbolRules& rules,
          std::optional<Price> limit, bool charged);

}  // namespace bb::sim::impl
