// Everything that can be wrong with a request, in the order the exchange finds it.
#pragma once

#include <expected>

#include "sim/impl/checks_form.h"
#include "sim/impl/refusals.h"
#include "sim/impl/state.h"

namespace bb::sim::impl {

/// A regular order at placement.
Verdict check_regular(const Situation& at, const OrderRequest& request,
                      const OrderTerms& terms = {});
/// A conditional order at placement: no margin, no capacity.
Verdict check_conditional(const Situation& at, const OrderRequest& request,
                          const OrderTerms& terms = {});
/// The child of a conditional order at its trigger: what placement left open, and a regular order
/// that has taken the name meanwhile.
Verdict check_child(const Situation& at, const OrderRequest& child);
/// The price of a limit against the mark price.
Verdict check_band(const Situation& at, Side side, Price price);
/// -2023 while the account, or its position in this symbol, is being liquidated.
Verdict check_liquidation(const Situation& at);

/// A limit at that price would meet the book, or an own resting order.
bool would_take(const Situation& at, Side side, Price price, std::int64_t except = 0);
/// Where in the book an order stands that names no price; nothing where the book is not that deep.
std::optional<Price> matched_price(const Situation& at, Side side, PriceMatch match);

/// What a reduce-only order may still take off the position.
Qty spare_reduction(const Seat& seat, const OrderRequest& request);

/// Everything is decided before anything is changed. Amounts beyond the range of decimals can only
/// come from absurd quantities.
template <class Check>
Verdict judge(Check check) {
  try {
    return check();
  } catch (const DecimalOverflow&) {
    return refuse::qty_above_max();
  }
}

}  // namespace bb::sim::impl
