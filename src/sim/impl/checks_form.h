// The form of a request: symbol status, client id, sides, parameters, filters. No market, no money.
#pragma once

#include <expected>

#include "sim/impl/state.h"

namespace bb::sim::impl {

using Verdict = std::expected<void, Rejection>;

/// What a check looks at; the seat may be one that the account does not have yet.
struct Situation {
  const Core& core;
  const Account& account;
  const Seat& seat;
  const SymbolRules& rules;
  Price mark;
};

Verdict check_form(const Situation& at, const OrderRequest& request, const OrderTerms& terms = {});
Verdict check_qty(const LotRule& lot, Qty qty);
Verdict check_price(const SymbolRules& rules, Price price);

/// MARKET-like orders have their own lot filter.
LotRule lot_for(const SymbolRules& rules, OrderType type);
bool has_limit_price(OrderType type);

}  // namespace bb::sim::impl
