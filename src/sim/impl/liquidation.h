// Margin calls and liquidation (reference §19).
//
// A position is closed by an IOC order `autoclose-..` against the book up to the bankruptcy price;
// what does not fill there, the insurance fund takes over at that price. A position in a higher
// bracket goes down bracket by bracket until the margin suffices, one in the first bracket goes
// whole. Each order pays the liquidation fee from what is left, at most all of it; a debt is the
// fund's. Open orders of the account (cross) or symbol (isolated) expire, and new ones are refused
// for a second (-2023).
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

/// The mark price reached an isolated leg's liquidation price.
void liquidate_isolated(Core& core, Account& account, Seat& seat, Leg& leg);
/// The mark price reached an isolated leg's margin call, or the end of one.
void call_margin(Core& core, Account& account, Seat& seat, Leg& leg);

/// Sets price levels at which a cross account is looked at again: no combination of moves short of
/// them can bring its margin balance down to its margin call or, after that, to its liquidation, or
/// up to where it may be called again.
void renew_guards(Core& core, Account& account);
/// A guard was reached: the account is called, or liquidated, the largest maintenance margin first,
/// or nothing is wrong with it yet.
void inspect_cross(Core& core, Account& account);

}  // namespace bb::sim::impl
