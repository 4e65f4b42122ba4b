// What an account may set: leverage, margin type, position mode, transfers, isolated
// margin.
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

Answer<void> set_leverage(Core& core, Account& account, Symbol symbol, int leverage);
Answer<void> set_margin_type(Core& core, Account& account, Symbol symbol, MarginType margin);
Answer<void> set_hedge(Account& account, bool hedge);
Answer<void> transfer(Core& core, Account& account, Usdt amount);
Answer<void> change_isolated_margin(Core& core, Account& account, Symbol symbol, PositionSide side,
                                    Usdt amount);

}  // namespace bb::sim::impl
