// Numbered, forward-only schema changes. user_version is the number of the last one that was
// applied; application_id says whose file it is.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sql/connection.h"

namespace bb::sql {

struct Schema {
  std::int32_t application_id = 0;
  std::string_view program;                 // for messages
  std::span<const std::string_view> steps;  // steps[0] makes version 1
};

/// The file's version: 0 = empty, nothing was ever written. Refused with a sentence: a database of
/// another program, tables without our mark, a version that this program does not know yet.
Result<int> check_version(Connection& connection, const Schema& schema);

/// Brings a checked file to the newest version, one transaction per step: a crash between two steps
/// is continued at the next start.
Status migrate(Connection& connection, const Schema& schema);

}  // namespace bb::sql
