// The form of a request: symbol status, client id, sides, parameters, filters. No market, no money.
#pragma once

#include "sim/impl/checks.h"

namespace bb::sim::impl {

Verdict check_form(const Situation& at, const OrderRequest& request);
Verdict check_qty(const LotRule& lot, Qty qty);
Verdict check_price(const SymbolRules& rules, Price price);

/// MARKET-like orders have their own lot filter.
LotRule lot_for(const SymbolRules& rules, OrderType type);
bool has_limit_price(OrderType type);

}  // namespace bb::sim::impl
