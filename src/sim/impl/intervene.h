// What somebody who plays the exchange does to it from outside.
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

Answer<OrderView> force_fill(Core& core, Account& account, const Exchange::ForcedFill& fill);

}  // namespace bb::sim::impl
