// What the strategy tells people, as outbox rows: Chinese as the original, English beside it.
#pragma once

#include "store/store.h"
#include "trading/entry.h"

namespace bb::trading {

/// The result of one daily entry.
store::OutboxMessage entry_message(const EntryReport& report, const EntrySlot& slot, Usdt available,
                                   const Settings& settings, TimePoint now);

/// One position was opened and is protected; one stop was tightened; one position ended, with what
/// it earned.
Task<void> tell_opened(desk::Desk& desk, const store::Holding& holding);
Task<void> tell_stop_moved(desk::Desk& desk, const store::Holding& holding, Price before);
Task<void> tell_closed(desk::Desk& desk, std::int64_t holding_id, Symbol symbol);

/// A Markdown table of two columns; newlines and bars in cells are escaped.
std::string two_column_table(const std::vector<std::pair<std::string, std::string>>& rows);

}  // namespace bb::trading
