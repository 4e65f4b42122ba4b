// The life of an order: accepted, closed, forgotten; and the conditional order behind a child.
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

/// The order of a request, with its own id; conditional ids are of one space for all symbols.
Order new_order(Core& core, const OrderRequest& request, const OrderTerms& terms);

/// Where a resting limit's price is reached.
Watch limit_watch(const Core& core, const OrderView& order);

/// Puts an order into the seat and journals it.
Order& open_order(Core& core, Account& account, Seat& seat, Order order);

/// Takes a conditional order that has triggered off the open ones; its life goes on.
void retire_order(Account& account, Seat& seat, const Order& order);

/// Ends an order. A child's end finishes the conditional order it came from.
void close_order(Core& core, Account& account, Seat& seat, Order& order, OrderStatus status,
                 int expiry_reason = 0);

/// The seat's own place among the account's active ones, or none.
void list_seat(Account& account, Seat& seat);

/// Whether the exchange still knows the order.
bool is_remembered(const Order& order, TimePoint now);
/// Drops what is not remembered any more; cheap, it looks a few times a day.
void forget_orders(const Core& core, Account& account, Seat& seat);

}  // namespace bb::sim::impl
