// Placing, finding and cancelling orders.
#pragma once

#include "sim/impl/checks.h"
#include "sim/impl/state.h"

namespace bb::sim::impl {

/// The account's seat in the symbol; a new one has the account's defaults.
Seat& seat_of(const Core& core, Account& account, Symbol symbol);
Seat default_seat(const Core& core, const Account& account, Symbol symbol);

Answer<OrderView> place(Core& core, Account& account, OrderRequest request,
                        const OrderTerms& terms);
/// What place() would refuse.
Verdict check_only(const Core& core, const Account& account, OrderRequest request,
                   const OrderTerms& terms);
Answer<OrderView> cancel(Core& core, Account& account, const exchange::OrderRef& ref);
Answer<void> set_countdown(Core& core, Account& account, Symbol symbol, Millis after);

/// The order a reference names, by id or newest client id, as long as it is remembered.
const Order* find_order(const Core& core, const Account& account, const exchange::OrderRef& ref);

/// An order as answers to commands show it: without its average price (since 2026-06-30).
OrderView as_answer(const Order& order);

}  // namespace bb::sim::impl
