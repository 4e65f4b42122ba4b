// The two long static answers: exchangeInfo's symbols and leverageBracket.
#pragma once

#include <string>
#include <vector>

#include "domain/rules.h"
#include "net/json.h"

namespace bb::paper {

/// The array of exchangeInfo.symbols.
std::string symbols_json(const std::vector<SymbolRules>& rules);
/// One element of leverageBracket.
void write_brackets(net::JsonWriter& json, Symbol symbol, const Brackets& brackets);

}  // namespace bb::paper
