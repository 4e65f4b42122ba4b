// The records of holdings, as every journey writes them.
#pragma once

#include "desk/desk.h"

namespace bb::desk {

/// Stores the holding, stamped with exchange time; a failure is logged.
Task<void> save_holding(Desk& desk, store::Holding holding);

/// How a holding ended.
struct Ending {
  store::HoldingStatus status = store::HoldingStatus::closed_external;
  std::string reason;
  std::int64_t order_id = 0;
  bool has_fills = false;  // they are in the store already
};

/// Marks the holding closed, with its fills; nothing when somebody has done so meanwhile.
Task<bool> record_closed(Desk& desk, store::Holding holding, Ending ending);

}  // namespace bb::desk
