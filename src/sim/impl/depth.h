// The synthetic order book: what a taking order meets.
//
// Around the last price P there are five levels a side, at P +- h x {1, 2, 4, 8, 16}. The half
// spread h is 2 % of the bar's range (high - low), at least one tick. The first four levels hold
// 5 % of a minute's volume each; the fifth takes any quantity. So impact is bounded, buys pay at
// least one tick more than the last price and sells get at least one less, and wild bars cost
// more. Where a live market knows the real book, the first level is the real one and the others
// stand behind it. The book has no memory: the next order finds it full again. Orders of accounts
// never meet.
#pragma once

#include <optional>
#include <vector>

#include "sim/impl/state.h"

namespace bb::sim::impl {

/// The levels a taker of that side meets, best first; empty without a price. Valid until the book
/// of another symbol or instant is asked for.
const std::vector<Level>& depth_for(const Core& core, const SymbolRules& rules, Side taker);
/// The same without an exchange.
std::vector<Level> depth_at(const Market& market, TimePoint at, const SymbolRules& rules,
                            Side taker);

/// True when `price` is as good for the maker as `limit` demands of a taker.
inline bool within(Side taker, Price price, Price limit) {
  return taker == Side::buy ? price <= limit : price >= limit;
}

/// The worst price a MARKET order takes: marketTakeBound from the mark.
std::optional<Price> market_limit(const SymbolRules& rules, Price mark, Side taker);

}  // namespace bb::sim::impl
