#include "store/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sql/migrations.h"
#include "store/import_work.h"
#include "store/inspect.h"
#include "store/schema.h"

namespace bb::store {

namespace {

constexpr const char* kMemory = ":memory:";
constexpr sql::WriterOptions kWriter{Millis(5000)};

// The target itself, or its like in memory.
Result<sql::Connection> open_target(const ImportOptions& options) {
  const auto owner = find_owner(options.target);
  if (!owner) return std::unexpected(owner.error());
  std::error_code ignored;
  const bool is_there = std::filesystem::exists(options.target, ignored);
  auto opened =
      open_database(options.apply ? options.target : kMemory, kWriter, *owner, options.now);
  if (!opened) return std::unexpected(opened.error());
  if (!opened->backlog.empty())
    return fail(ErrorKind::busy, fmt::format("'{}' has records in its spill file that are not in "
                                             "it yet; start the service once, and stop it",
                                             options.target));
  if (!options.apply && is_there) {
    auto there = sql::Connection::open_reader(options.target, kWriter.busy_timeout);
    if (!there) return advised(there.error(), options.target);
    if (auto copied = there->copy_into(opened->connection); !copied)
      return std::unexpected(copied.error());
  }
  const auto version = version_of(opened->connection);
  if (!version) return std::unexpected(version.error());
  if (*version < static_cast<int>(store_schema().steps.size()))
    if (auto done = sql::migrate(opened->connection, store_schema()); !done)
      return advised(done.error(), options.target);
  return std::move(opened->connection);
}

}  // namespace

bool ImportReport::is_whole() const {
  return std::ranges::all_of(tables, [](const auto& table) { return table.left_out == 0; });
}

Result<std::string> find_owner(const std::string& path) {
  const auto facts = inspect_database(path);
  if (!facts) return std::unexpected(facts.error());
  return *facts ? (*facts)->account : std::string();
}

Result<ImportReport> import_python_database(const ImportOptions& options) {
  std::error_code ignored;
  if (std::filesystem::equivalent(options.source, options.target, ignored))
    return fail(ErrorKind::configuration,
                fmt::format("'{}' is the Python program's own file, and is left as it is; give "
                            "ours another name in db_path",
                            options.source));
  auto source = PythonDatabase::open(options.source);
  if (!source) return std::unexpected(source.error());
  auto target = open_target(options);
  if (!target) return std::unexpected(target.error());
  auto transaction = sql::Transaction::begin(*target);
  if (!transaction) return std::unexpected(transaction.error());
  Import work(options, *source, *target);
  if (auto done = work.run(); !done) return std::unexpected(done.error());
  if (auto stored = transaction->commit(); !stored) return std::unexpected(stored.error());
  return work.take_report();
}

}  // namespace bb::store
