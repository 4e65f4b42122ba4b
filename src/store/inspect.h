// What stands in an account's files, looked at beside whoever holds them: nothing is locked for
// longer than an instant, nothing is written. For checks of a set-up.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace bb::store {

struct DatabaseFacts {
  int version = 0;      // of its schema; 0 = made and never filled
  int newest = 0;       // that this program knows; an older one is brought there by the next start
  std::string account;  // whose it is, "<environment>-<alias>"
  bool ended_well = true;            // false also while somebody has it open
  bool has_refused_records = false;  // in `<path>.spill.refused`
};

/// Reads every page of the file. Errors are sentences with what to do: not a database, damaged, of
/// another program, of a newer version. Nothing where no file is.
Result<std::optional<DatabaseFacts>> inspect_database(const std::string& path);

/// Who holds a FileLock on that file, as a person reads it ("pid 123 (service) since ..."), or
/// nothing. It asks the kernel for the lock, shared, and lets go at once.
std::optional<std::string> find_holder(const std::string& lock_file);

}  // namespace bb::store
