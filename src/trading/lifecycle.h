// One short from its first fill to its last: protection right after the fill, closing with a
// record. Shared by entry, patrol and loss cut; the caller holds the symbol's turn.
#pragma once

#include "desk/desk.h"
#include "desk/holdings.h"
#include "trading/settings.h"

namespace bb::trading {

enum class ProtectionState {
  stands,     // the stop rests (the take-profit too, unless last_error says otherwise)
  closed,     // could not be protected and was closed
  unguarded,  // could be neither protected nor closed; an error is logged, the patrol goes on
};

/// Places stop and take-profit of a fresh short and stores them in the holding: the stop at once
/// from our own brackets, then, with the position as the exchange sees it, a tighter one where it
/// must be, and the take-profit.
Task<ProtectionState> protect_new(desk::Desk& desk, const Settings& settings,
                                  store::Holding& holding, Price reference);

enum class CloseEnd {
  closed,
  open,  // still open, or nobody can say; the protection stands as it was
  busy,  // the same, because the exchange takes nothing for now: again, soon
};

/// Closes the short and records why.
Task<CloseEnd> close_holding(desk::Desk& desk, store::Holding holding, OrderKind kind, Job job,
                             const std::string& trade_day, store::HoldingStatus status,
                             std::string reason);

/// When the short is larger than `expected`: what an entry that reached the exchange twice has sold
/// is bought back, the account is halted, and people are told (F13).
Task<void> undo_duplicates(desk::Desk& desk, store::Holding& holding, Qty expected);

/// Records what a close came to.
Task<CloseEnd> record_close(desk::Desk& desk, store::Holding holding, desk::CloseResult closed,
                            store::HoldingStatus status, std::string reason);

/// The short of `holding` in `positions`, or nothing.
const exchange::Position* find_short(const std::vector<exchange::Position>& positions,
                                     const store::Holding& holding);

}  // namespace bb::trading
