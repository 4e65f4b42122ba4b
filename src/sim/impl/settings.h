// What an account may set: leverage, margin type, position mode, transfers.
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

Answer<void> set_leverage(Core& core, Account& account, Symbol symbol, int leverage);
Answer<void> set_margin_type(Core& core, Account& account, Symbol symbol, MarginType margin);
Answer<void> set_hedge(Core& core, Account& account, bool hedge);
Answer<void> transfer(Core& core, Account& account, Usdt amount);

}  // namespace bb::sim::impl
