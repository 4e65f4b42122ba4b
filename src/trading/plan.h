// The strategy's arithmetic: where the stop and the take-profit belong, and how large a short is.
// Pure functions.
#pragma once

#include <optional>
#include <string>

#include "domain/margin.h"
#include "trading/settings.h"

namespace bb::trading {

/// floor to tick of liquidation x (1 - buffer).
Price plan_stop(const SymbolRules& rules, Price liquidation, const Settings& settings);

/// floor to tick of entry x (1 - drop).
Price plan_take_profit(const SymbolRules& rules, Price entry, const Settings& settings);

/// The stop of a short that was sized at `reference` and whose fill price is not known yet. It
/// assumes a fill a little lower, so that the true price can only allow a wider stop.
std::optional<Price> plan_first_stop(const SymbolRules& rules, const Brackets& brackets, Qty qty,
                                     Price reference, Ratio fee, const Settings& settings);

/// Margin of one position, and its notional: effective balance / splits, times leverage.
Usdt plan_notional(Usdt available, std::int64_t splits, const Settings& settings);

/// The quantity to send, within lot filters and the leverage bracket; `problem` when none.
SizedQty plan_quantity(const SymbolRules& rules, const Brackets& brackets, Usdt notional,
                       Price price, const Settings& settings);

/// Whether a refusal is about margin, so that a smaller order may pass.
bool is_margin_refusal(int code, const std::string& text);

}  // namespace bb::trading
