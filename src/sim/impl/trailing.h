// Trailing stops (reference §12): they follow the best price since they were activated, and trigger
// when the path has turned back from it by the callback rate.
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

/// The activate price was reached, or there is none: from now on the order trails.
void start_trail(const Core& core, Order& order);
/// Follows the path on from `watch.searched`, until it has turned back or an hour further.
void follow_trail(const Core& core, Order& order);
/// Goes on from now after it was held back; the price was looked at wherever it turned meanwhile.
void resume_trail(const Core& core, Order& order);
/// Follows once more from the activation to now: the future has changed.
void retrace_trail(const Core& core, Order& order);

}  // namespace bb::sim::impl
