// Protective orders of one short: how they are spelled, sent and found again.
#pragma once

#include "desk/desk.h"

namespace bb::desk {

/// C (kind stop), Q (kind moving_stop) or the take-profit of a holding.
exchange::OrderRequest protective_request(const store::Holding& holding, OrderKind kind,
                                          Price trigger, WorkingType working_type);

/// One attempt with a new id, journaled.
Task<exchange::Outcome<exchange::OrderView>> send_protective(Desk& desk,
                                                             const store::Holding& holding,
                                                             OrderKind kind, Price trigger,
                                                             WorkingType working_type);

/// The live stops (or take-profits) of a short as the exchange lists them, whoever placed them.
Task<Result<std::vector<exchange::OrderView>>> find_protective(Parts& parts, Symbol symbol,
                                                               PositionSide side, OrderKind kind);

}  // namespace bb::desk
