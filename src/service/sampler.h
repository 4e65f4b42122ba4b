// Sampler: one equity sample and the money movements since the last one, after each patrol.
#pragma once

#include "desk/desk.h"
#include "service/settings.h"

namespace bb::service {

/// Equity = wallet balance of the configured asset + unrealized PnL of all positions. A read that
/// fails is recorded as a row with its error, never as a smaller equity.
/// `problem` gets the error behind it.
Task<store::WalletSnapshot> sample_equity(desk::Desk& desk, const Settings& settings,
                                          std::optional<Error>* problem = nullptr);

/// Records every money movement since the last one known. Movements of any type move the cursor,
/// so deposits cannot starve behind fees and funding.
Task<Status> sync_income(desk::Desk& desk, const Settings& settings);

/// Where sync_income() begins: a minute before the newest movement, because the exchange books some
/// of them late; else an hour before the first sample; else a week ago.
TimePoint income_start(const store::Store& store, TimePoint now);

}  // namespace bb::service
