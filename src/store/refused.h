// Refused batches: what waited in the spill file and was then refused by the database for its
// content. It is kept as SQL text, for a person who finds out why, mends it and runs it.
#pragma once

#include <string>

#include "base/result.h"
#include "store/spill.h"

namespace bb::store {

/// Where the refused batches of a database stand; only its owner may read the file.
std::string refused_path(const std::string& database);

/// Appends the batch with the reason above it. On the device when it returns; after an error the
/// file is as it was. A crash before the transaction that goes on without the batch has it here
/// twice.
Status append_refused(const std::string& path, const Group& group, const std::string& why);

}  // namespace bb::store
