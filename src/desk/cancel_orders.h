// Cancels what would open: resting orders that can make a position larger. Protection and anything
// else that only reduces stays.
#pragma once

#include "desk/desk.h"

namespace bb::desk {

struct CancelReport {
  int canceled = 0;      // the exchange says so, and nothing of them was executed since the read
  int gone = 0;          // no longer there, and not by our cancel: perhaps filled
  int left = 0;          // still there by that read
  bool is_sent = false;  // at least one cancel left
  /// The account could not be read: nothing was done, or (is_sent) what is left is not known.
  std::string problem;
  std::vector<std::string> details;  // one sentence per order that is left or gone
};

/// Whether the order can make a position larger.
bool may_open(const exchange::OrderView& order);

/// Of the whole account, whoever placed them; `only` empty = every symbol. Adds no risk, so it asks
/// no gate.
Task<CancelReport> cancel_opening_orders(Desk& desk, std::vector<Symbol> only);

}  // namespace bb::desk
