// Import: the Python program's state.db into one of ours. Rows are known again by what they say, so
// a second import adds what is new and nothing else, also after our service has written into the
// same database. Everything happens in one transaction, or nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/records.h"

namespace bb::store {

/// A slot of the schedule: its local date, and the UTC date that `runs` knows it by.
struct SlotName {
  std::string local_date;
  std::string trade_day_utc;
};

struct ImportOptions {
  std::string source;  // the Python program's database; only read
  std::string target;  // ours; made where it is not there
  bool apply = false;  // false: the same in memory, and nothing is written
  TimePoint now{};
  /// The slots that a run has used up, by its key and by when it began: none of them is entered a
  /// second time.
  std::function<std::vector<SlotName>(const std::string& trade_day, TimePoint started)> slots_of;
};

struct TableImport {
  std::string table;
  std::int64_t found = 0;
  std::int64_t added = 0;
  std::int64_t changed = 0;   // known, and news of it: a position that was closed since
  std::int64_t known = 0;     // from an earlier import
  std::int64_t left_out = 0;  // could not be understood
  std::string total_there;    // of its money, in cents, as the Python program's database adds it up
  std::string total_here;     // the same of what was read, exactly; empty = it has no money
};

struct ImportReport {
  std::vector<TableImport> tables;
  std::vector<std::string> notes;
  std::vector<Holding> open;            // as they are taken over
  std::vector<std::string> used_slots;  // local dates that begin no entry any more
  bool has_fills = false;               // the later of its two versions
  bool is_whole() const;                // nothing was left out
};

/// The account that owns the database, "<environment>-<alias>"; empty where no service has opened
/// it yet, or no file is. Errors as inspect_database().
Result<std::string> find_owner(const std::string& path);

/// The caller holds the locks of whoever could write the target. Errors say what to do; an open
/// position that cannot be understood is one.
Result<ImportReport> import_python_database(const ImportOptions& options);

}  // namespace bb::store
