// What all recordings have in common on their way into columns: the window of time, the ticks, the
// rules of contracts that have none, funding.
#pragma once

#include "sim/impl/market_data.h"
#include "sim/impl/market_rows.h"

namespace bb::sim::impl {

/// The part of the recorded time that is walked; bars before it are history.
struct Window {
  TimePoint begin{}, end{};
};
Result<Window> window_of(TimePoint recorded_begin, TimePoint recorded_end,
                         const MarketOptions& options);
/// How far recorded instants are moved.
Millis shift_of(const Window& window, const MarketOptions& options);

/// Settlements as recorded (moved already), and at the contract's own interval with the usual rate
/// where nothing is recorded, from the column's beginning to `end`.
void fill_funding(Column& column, const std::vector<Market::Funding>& recorded, TimePoint end);

/// The tick that holds these bars: `wished` unless more than one price in a hundred lies off it,
/// then the power of ten that all lie on, as far as 32 bits allow. Zero `wished`: no wish.
Price tick_of(const std::vector<BarRow>& rows, Price wished);
/// Rounded to the nearest tick, at least one.
Bar bar_in_ticks(const BarRow& row, Price tick);

/// Rules and brackets of a contract that the exchange's own lists do not know, as plain as they
/// come: made from the name, the tick and a price.
SymbolRules derive_rules(const std::string& symbol, Price tick, Price price);
Brackets derive_brackets();

/// Bulk files, CSV and JSON lines: see load_market.
Result<Market> load_feed(const std::string& folder, const MarketOptions& options);

}  // namespace bb::sim::impl
