// What a fill does to position, money and the orders that hang on the position.
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

struct Execution {
  Qty qty{};
  Price price{};
  bool maker = false;
  bool charged = true;        // commission; liquidations and settlements pay none
  bool keeps_margin = false;  // what a smaller isolated position frees stays in its wallet
};

/// Executes a part of an open order; closes the order when nothing remains.
void fill(Core& core, Account& account, Seat& seat, Order& order, const Execution& execution);

/// Brings a seat in order after anything in it changed: closePosition orders expire with their
/// position, reduce-only limits beyond the position expire, protection, liquidation and margin call
/// are judged anew, old orders are forgotten.
void tidy(Core& core, Account& account, Seat& seat);

/// Quantity of resting reduce-only limits on that side of the leg: it uses up the capacity of the
/// position (seen on the real exchange: -4118).
Qty resting_reductions(const Seat& seat, PositionSide leg, Side side, std::int64_t except = 0);

}  // namespace bb::sim::impl
