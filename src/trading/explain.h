// Why a short is gone: by the fills that closed it, never by a status word.
#pragma once

#include <optional>

#include "desk/holdings.h"

namespace bb::trading {

/// Reads and records the fills of the holding's symbol. An error when they cannot be read: then
/// nothing may be concluded. Nothing when they do not add up to a closed position: the caller then
/// needs a second read of the positions at least two seconds later.
Task<Result<std::optional<desk::Ending>>> explain_close(desk::Desk& desk,
                                                        const store::Holding& holding);

}  // namespace bb::trading
