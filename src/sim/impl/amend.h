// Amending a resting limit order (reference §11.3).
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

Answer<OrderView> amend(Core& core, Account& account, const exchange::OrderRef& ref,
                        const Amendment& change);

}  // namespace bb::sim::impl
