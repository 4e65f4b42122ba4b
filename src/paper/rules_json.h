// The two long static answers: exchangeInfo's symbols and leverageBracket.
#pragma once

#include <string>
#include <vector>

#include "domain/rules.h"
#include "net/json.h"

namespace bb::paper {

/// Decimals of a contract's prices and quantities on the wire.
int price_places(const SymbolRules& rules);
int qty_places(const SymbolRules& rules);
/// The array of exchangeInfo.symbols.
std::string symbols_json(const std::vector<SymbolRules>& rules);
/// One element of leverageBracket.
void write_brackets(net::JsonWriter& json, Symbol symbol, const Brackets& brackets);

}  // namespace bb::paper
