// Everything that can be wrong with a request, in the order the exchange finds it.
#pragma once

#include <expected>

#include "sim/impl/state.h"

namespace bb::sim::impl {

using Verdict = std::expected<void, Rejection>;

/// What a check looks at; the seat may be one that the account does not have yet.
struct Situation {
  const Core& core;
  const Account& account;
  const Seat& seat;
  const SymbolRules& rules;
  Price mark;
};

/// A regular order at placement.
Verdict check_regular(const Situation& at, const OrderRequest& request);
/// A conditional order at placement: no margin, no capacity.
Verdict check_conditional(const Situation& at, const OrderRequest& request);
/// The child of a conditional order at its trigger: what placement left open.
Verdict check_child(const Situation& at, const OrderRequest& child);

/// What a reduce-only order may still take off the position.
Qty spare_reduction(const Seat& seat, const OrderRequest& request);

}  // namespace bb::sim::impl
