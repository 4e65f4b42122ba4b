// What a taking order meets: resting orders of its own account, which it must not trade with unless
// it says so (self-trade prevention, reference §17), and the synthetic book.
#pragma once

#include "sim/impl/depth.h"
#include "sim/impl/positions.h"
#include "sim/impl/state.h"

namespace bb::sim::impl {

/// Matches an accepted order. What is left of it rests, or expires.
void execute(Core& core, Account& account, Seat& seat, Order& order, const SymbolRules& rules);

/// Takes from the synthetic book alone up to `limit`, as far as it goes.
void take_from_book(Core& core, Account& account, Seat& seat, Order& order,
                    const SymbolRules& rules, Price limit, Execution as);

/// The best own resting order that a taker of that side would meet at `bound` or better; never
/// `except`.
const Order* best_own(const Seat& seat, Side taker, std::optional<Price> bound,
                      std::int64_t except);

}  // namespace bb::sim::impl
