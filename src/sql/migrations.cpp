#include "sql/migrations.h"

#include <fmt/format.h>

namespace bb::sql {

Result<int> check_version(Connection& connection, const Schema& schema) {
  const auto application = connection.query_integer("PRAGMA application_id");
  if (!application) return std::unexpected(application.error());
  const auto version = connection.query_integer("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  const auto tables = connection.query_integer("SELECT count(*) FROM sqlite_master");
  if (!tables) return std::unexpected(tables.error());

  if (*application == 0 && *version == 0 && *tables == 0) return 0;
  if (*application != schema.application_id)
    return fail(ErrorKind::configuration,
                fmt::format("'{}' is a database of another program, not of {}; name another file",
                            connection.path(), schema.program));
  const auto newest = static_cast<std::int64_t>(schema.steps.size());
  if (*version > newest)
    return fail(
        ErrorKind::configuration,
        fmt::format("'{}' was written by a newer {} (schema {}, this program knows {}); "
                    "install that version again, or start with a backup of the older schema",
                    connection.path(), schema.program, *version, newest));
  return static_cast<int>(*version);
}

Status migrate(Connection& connection, const Schema& schema) {
  const auto version = check_version(connection, schema);
  if (!version) return std::unexpected(version.error());
  for (auto step = static_cast<std::size_t>(*version); step < schema.steps.size(); ++step) {
    auto transaction = Transaction::begin(connection);
    if (!transaction) return std::unexpected(transaction.error());
    const std::string sql = fmt::format("{}\n;PRAGMA application_id={}; PRAGMA user_version={}",
                                        schema.steps[step], schema.application_id, step + 1);
    if (auto applied = connection.execute(sql); !applied) return applied;
    if (auto committed = transaction->commit(); !committed) return committed;
  }
  return {};
}

}  // namespace bb::sql
