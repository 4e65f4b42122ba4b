// Which positions a flatten is about, and what is to be left of each: the same for the flatten and
// for its preview.
#pragma once

#include "desk/closing.h"
#include "desk/flatten.h"

namespace bb::desk {

struct FlattenTarget {
  CloseOrder order;
  std::string text;      // what is done otherwise than asked, and why
  bool is_kept = false;  // nothing of it can be closed as asked
};

/// What is wrong with the request, or nothing.
std::string complaint_of(const FlattenRequest& request);

/// By its symbol alone.
bool is_wanted(const FlattenRequest& request, Symbol symbol);
/// By scope, symbol, side and profit, as this read shows the position.
bool is_chosen(Desk& desk, const FlattenRequest& request, const exchange::Position& position);

/// What is to be left of a position (reliability I31).
FlattenTarget target_of(Desk& desk, const FlattenRequest& request,
                        const exchange::Position& position);

/// A regular order that could open or enlarge a position of the wanted side: it is cancelled along
/// with the closes. In tracked scope nobody else's is.
bool may_reopen(Desk& desk, const FlattenRequest& request, const exchange::OrderView& order);

}  // namespace bb::desk
