// The inside of a Batch: its rows in the order they were put.
#pragma once

#include <variant>
#include <vector>

#include "store/store.h"

namespace bb::store {

/// Rows refer only to rows of types that stand before theirs.
using Row = std::variant<Run, Holding, Intent, Slot, OutboxMessage, OrderEvent, FillRecord,
                         WalletSnapshot, IncomeRecord, JournalRow, CommandRecord, Delivery>;

struct Batch::Content {
  std::vector<Row> rows;
};

}  // namespace bb::store
