// Backups: whole copies of a database that is in use, read through before they count, and put back.
// A copy is one file without a WAL, named <database>-20261122T074000Z.db, for its owner alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace bb::store {

struct BackupFacts {
  std::string path;
  TimePoint taken_at{};
  std::uint64_t bytes = 0;
  std::string account;  // as the database knows it; empty for ops.db and for one never opened
};

/// Copies the database (of an account, or ops.db) into `folder` (made where it is not there), reads
/// every page of the copy, and only then gives it its name. Whoever holds the database goes on
/// meanwhile; what it has spilled and not written yet is not in the copy. Errors say what to do;
/// nothing is left behind.
Result<BackupFacts> make_backup(const std::string& database, const std::string& folder,
                                TimePoint now);

/// Copies of that database in the folder, oldest first, by their names.
std::vector<BackupFacts> list_backups(const std::string& database, const std::string& folder);

/// Removes the oldest beyond `keep`; how many.
Result<int> prune_backups(const std::string& database, const std::string& folder, std::size_t keep);

/// Reads the copy through: damaged, another program's, of a newer version are errors.
Result<BackupFacts> examine_backup(const std::string& path);

/// Puts a copy of `backup` in the database's place. What is there, with its -wal, -shm and .spill,
/// is moved to <name>.before-<stamp>: the new names are returned. The caller holds the locks of
/// whoever could have it open.
Result<std::vector<std::string>> put_back(const std::string& backup, const std::string& database,
                                          TimePoint now);

}  // namespace bb::store
