// Why a short is gone: by the fills that closed it, never by a status word.
#pragma once

#include <optional>

#include "desk/desk.h"

namespace bb::trading {

struct ClosedBy {
  store::HoldingStatus status = store::HoldingStatus::closed_external;
  std::string reason;
  std::int64_t order_id = 0;
};

/// Reads and records the fills of the holding's symbol. Nothing when they do not add up to a closed
/// position (or cannot be read): the caller then needs a second read at least two seconds later.
Task<std::optional<ClosedBy>> explain_close(desk::Desk& desk, const store::Holding& holding);

}  // namespace bb::trading
