// Standing: which live orders protect a short, by the exchange's own list of them. The one place
// that says what counts as protection.
#pragma once

#include <vector>

#include "desk/desk.h"

namespace bb::desk {

/// Pointers into the list that was asked; nothing = there is none.
struct Standing {
  const exchange::OrderView* full_stop = nullptr;  // C: closePosition
  const exchange::OrderView* qty_stop = nullptr;   // Q: covers the whole size; the tightest of them
  const exchange::OrderView* take_profit = nullptr;
  bool is_naked() const { return full_stop == nullptr && qty_stop == nullptr; }
};

/// A live order of the holding's symbol and leg that buys back; what has been triggering for longer
/// than a second protects nothing (reference §12).
bool protects(const exchange::OrderView& order, const store::Holding& holding, TimePoint now);

Standing standing_of(const std::vector<exchange::OrderView>& orders, const store::Holding& holding,
                     TimePoint now);

}  // namespace bb::desk
