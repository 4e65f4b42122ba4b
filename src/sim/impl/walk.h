// The walk: from event to event along the market's path. Every order, position and account knows
// the next moment that concerns it; the earliest of them is looked for once and remembered until
// something changes.
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

void advance(Core& core, TimePoint target, Micros precise);

}  // namespace bb::sim::impl
