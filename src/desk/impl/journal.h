// What every order of the desk leaves in the store: the intent before, the answer after.
#pragma once

#include "desk/desk.h"

namespace bb::desk {

/// The intent of `request`, in state sent, stamped with exchange time.
store::Intent make_intent(const Parts& parts, const exchange::OrderRequest& request,
                          const std::string& trade_day, Job job, OrderKind kind, int attempt,
                          const std::string& run_id, std::int64_t holding_id);

/// Writes the outcome into the intent (done, refused or unknown) with its order event.
void apply_outcome(const Parts& parts, store::Batch& batch, store::Intent& intent,
                   const exchange::Outcome<exchange::OrderView>& outcome);

/// done, or unknown while a regular order lives without a fill: it may still fill.
store::IntentState state_of(const exchange::OrderView& order);

/// The same for an order that a query found.
void apply_found(const Parts& parts, store::Batch& batch, store::Intent& intent,
                 const exchange::OrderView& order);

/// Commits and logs a failure; for what reduces risk, where nothing is to be done about it.
Task<void> commit_or_log(Parts& parts, store::Batch batch);

/// Sends a risk-reducing order: its intent is applied to the store in the same turn as the send,
/// and neither waits for the disk.
Task<exchange::Outcome<exchange::OrderView>> send_reducing(Parts& parts, store::Intent intent,
                                                           exchange::OrderRequest request);

}  // namespace bb::desk
