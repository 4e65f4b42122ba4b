// The walk: from event to event along the market's path (agenda.h says which comes next).
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

void advance(Core& core, TimePoint target, Micros precise);

}  // namespace bb::sim::impl
