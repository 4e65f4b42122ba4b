// The database file before it is a Store: identity, version, health, migrations, spill file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sql/connection.h"
#include "sql/migrations.h"
#include "store/spill.h"

namespace bb::store {

/// The texts of src/store/migrations/*.sql, built in by CMake.
std::span<const std::string_view> migration_texts();
/// Those of ops.db.
std::span<const std::string_view> ops_migration_texts();
sql::Schema store_schema();

struct OpenedDatabase {
  sql::Connection connection;
  sql::WriterOptions options;
  std::optional<Spill> spill;  // none for a database in memory
  std::vector<Group> backlog;  // what an earlier run spilled and never wrote
  std::uint64_t next_sequence = 1;
  bool is_unclean = false;    // the last session did not end
  bool is_unchecked = false;  // and nobody has looked through its pages since
  bool is_outdated = false;   // an older schema: the backlog is written first, then it is migrated
};

/// Opens or creates, and checks; after an unclean end, if wanted, every page (quick_check). Errors
/// are sentences for the operator.
Result<OpenedDatabase> open_database(const std::string& path, sql::WriterOptions options,
                                     const std::string& account, TimePoint now,
                                     bool checks_pages = true);
/// Opens read-only what open_database() of this account made; nothing is created or migrated.
Result<sql::Connection> open_for_reading(const std::string& path, const std::string& account,
                                         Millis busy_timeout);
/// The number of its schema, 0 = empty; what is not ours or too new is refused with a sentence.
Result<int> version_of(sql::Connection& connection);
/// Reads every page, by a connection of its own that may only read.
Status check_file(const std::string& path, Millis busy_timeout);
/// The error with what a person does about it, where the file is damaged or no database.
std::unexpected<Error> advised(Error error, const std::string& path);

Status put_meta(sql::Connection& connection, const std::string& key, const std::string& value);
/// The value, or empty when absent.
Result<std::string> find_meta(sql::Connection& connection, const std::string& key);

}  // namespace bb::store
