// The records of holdings, as every journey writes them.
#pragma once

#include "desk/desk.h"

namespace bb::desk {

/// Stores the holding, stamped with exchange time; a failure is logged.
Task<void> save_holding(Desk& desk, store::Holding holding);

/// Marks the holding closed, with its fills; nothing when somebody has done so meanwhile.
Task<void> record_closed(Desk& desk, store::Holding holding, store::HoldingStatus status,
                         std::string reason, std::int64_t close_order_id);

}  // namespace bb::desk
