// Reconcile: one path for start-up, reconnect, gap, resume from suspend and changed settings. The
// exchange is the truth for positions, orders, fills and modes, the store for intent and reason.
#pragma once

#include "trading/patrol.h"

namespace bb::trading {

/// Reads modes, rules and settings anew, does one round of the patrol, and records the fills of
/// what is held. Doubts that were there before it began are settled by it. An error: the account
/// could not be read, and the doubts stay.
Task<Result<PatrolReport>> reconcile(desk::Desk& desk, Patrol& patrol);

/// Records the executions of the positions in hand; those known already change nothing.
Task<void> record_held_fills(desk::Desk& desk);

}  // namespace bb::trading
