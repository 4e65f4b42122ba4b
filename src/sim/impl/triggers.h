// What happens to an order without a request: its trigger, its price, its end.
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

/// A conditional order's level was reached: it becomes a regular order, or is rejected. A trailing
/// stop that was not activated yet trails from now on.
void trigger(Core& core, Account& account, Seat& seat, Order& order);
/// A resting limit's price was reached: it fills whole, at its price, as a maker.
void reach_limit(Core& core, Account& account, Seat& seat, Order& order);
/// The end of an order's life came: goodTillDate, a year, or no position for a reduce-only stop.
void end_order(Core& core, Account& account, Seat& seat, Order& order);
/// Nobody renewed the countdown: the symbol's regular orders are cancelled.
void run_countdown(Core& core, Account& account, Seat& seat);

/// Price protection: last and mark price lie further apart than the contract allows.
bool is_price_protected(Price last, Price mark);

}  // namespace bb::sim::impl
