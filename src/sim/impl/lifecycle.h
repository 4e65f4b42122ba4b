// The life of an order: accepted, closed; and the conditional order behind a child.
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

/// The order of a request, with its own id; conditional ids are of one space for all symbols.
Order new_order(Core& core, const OrderRequest& request);

/// Puts an order into the seat and journals it.
Order& open_order(Core& core, Account& account, Seat& seat, Order order);

/// Ends an order. A child's end finishes the conditional order it came from.
void close_order(Core& core, Account& account, Seat& seat, Order& order, OrderStatus status,
                 int expiry_reason = 0);

}  // namespace bb::sim::impl
