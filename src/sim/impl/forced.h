// What the exchange does of itself: funding, liquidation, the end of a contract (reference §19).
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

void pay_funding(Core& core, Account& account, Seat& seat, const Market::Funding& funding);

/// Closes an isolated leg: against the book up to the bankruptcy price, the rest by the fund at
/// that price; the liquidation fee is taken from what is left. Whole legs, no bracket steps.
void liquidate_isolated(Core& core, Account& account, Seat& seat, Leg& leg);

/// Sets price levels at which a cross account is looked at again: no combination of moves short of
/// them can make its margin balance reach the maintenance margin.
void renew_guards(Core& core, Account& account);
bool is_cross_healthy(const Core& core, const Account& account);
/// Closes cross legs, the largest maintenance margin first, until the account is healthy.
void liquidate_cross(Core& core, Account& account);

/// The contract ends: its orders expire and its positions are settled at the mark price.
void settle_contract(Core& core, Account& account, Seat& seat);

}  // namespace bb::sim::impl
