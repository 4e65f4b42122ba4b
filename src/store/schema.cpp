#include "store/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/plant.h"

namespace bb::store {

namespace {

constexpr std::int32_t kApplicationId = 0x42754275;  // "BuBu"
constexpr const char* kProgram = "bubble-buster";
constexpr const char* kMemory = ":memory:";

Status make_folder(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return {};
  return fail(ErrorKind::configuration,
              fmt::format("cannot make the folder of '{}': {}; name another one in db_path", path,
                          error.message()));
}

Result<sql::Connection> open_file(const std::string& path, sql::WriterOptions options) {
  if (path != kMemory)
    if (auto made = make_folder(path); !made) return std::unexpected(made.error());
  auto connection = sql::Connection::open_writer(path, options);
  if (connection || sql::damage_of(connection.error()) != sql::Damage::none) {
    if (!connection) return advised(connection.error(), path);
    return connection;
  }
  Error error = connection.error();
  error.text += fmt::format("; '{}' and its folder must be writable for this user", path);
  return std::unexpected(error);
}

// The Python program's database has our tables and no mark.
bool is_the_original(sql::Connection& connection) {
  const auto tables = connection.query_integer(
      "SELECT count(*) FROM sqlite_master WHERE name IN ('runs','positions','order_events')");
  const auto mark = connection.query_integer("PRAGMA application_id");
  return tables && *tables == 3 && mark && *mark == 0;
}

Status check_account(sql::Connection& connection, const std::string& account) {
  const auto owner = find_meta(connection, "account");
  if (!owner) return std::unexpected(owner.error());
  if (*owner == account) return {};
  return fail(ErrorKind::configuration,
              fmt::format("'{}' belongs to account '{}', this is account '{}'; give each account "
                          "its own db_path",
                          connection.path(), *owner, account));
}

Status check_pages(sql::Connection& connection) {
  const auto verdict = connection.query_text("PRAGMA quick_check(1)");
  if (!verdict) return advised(verdict.error(), connection.path());
  if (*verdict == "ok") return {};
  constexpr int kCorrupt = 11;  // SQLITE_CORRUPT
  return advised(Error{ErrorKind::storage, *verdict, kCorrupt}, connection.path());
}

Status write_identity(sql::Connection& connection, const std::string& account, TimePoint now) {
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction) return std::unexpected(transaction.error());
  // The instance tells a file from its successor under the same name. Made of the clock, so that a
  // simulation writes the same bytes each time.
  const std::pair<const char*, std::string> rows[] = {{"account", account},
                                                      {"instance", std::to_string(to_ms(now))},
                                                      {"created_by", BB_VERSION},
                                                      {"clean_end", "1"},
                                                      {"spill_applied", "0"}};
  for (const auto& [key, value] : rows)
    if (auto put = put_meta(connection, key, value); !put) return put;
  return transaction->commit();
}

Status open_spill(OpenedDatabase& database) {
  const auto instance = find_meta(database.connection, "instance");
  if (!instance) return std::unexpected(instance.error());
  const auto applied_text = find_meta(database.connection, "spill_applied");
  if (!applied_text) return std::unexpected(applied_text.error());
  const std::uint64_t applied = std::strtoull(applied_text->c_str(), nullptr, 10);

  auto spill = Spill::open(database.connection.path() + ".spill", *instance);
  if (!spill) return std::unexpected(spill.error());
  auto groups = spill->load();
  if (!groups) return std::unexpected(groups.error());
  database.next_sequence = applied + 1;
  for (Group& group : *groups) {
    database.next_sequence = std::max(database.next_sequence, group.sequence + 1);
    if (group.sequence > applied && !planted("spill_forgotten"))
      database.backlog.push_back(std::move(group));
  }
  database.spill.emplace(std::move(*spill));
  return {};
}

}  // namespace

Result<int> version_of(sql::Connection& connection) {
  auto version = sql::check_version(connection, store_schema());
  if (version) return version;
  if (version.error().kind == ErrorKind::configuration && is_the_original(connection))
    return fail(ErrorKind::configuration,
                fmt::format("'{}' is the Python program's database; 'bubble-buster import' copies "
                            "it into a new one",
                            connection.path()));
  return advised(version.error(), connection.path());
}

std::unexpected<Error> advised(Error error, const std::string& path) {
  switch (sql::damage_of(error)) {
    case sql::Damage::corrupt:
      error.text = fmt::format(
          "'{}' is damaged ({}). Move it aside together with its -wal, -shm and .spill files (do "
          "not delete them) and restore a backup, or start with a new one: the exchange remains "
          "the truth, and open positions are read from it",
          path, error.text);
      break;
    case sql::Damage::not_a_database:
      error.kind = ErrorKind::configuration;
      error.text = fmt::format("'{}' is not a database; check db_path", path);
      break;
    case sql::Damage::none:
      break;
  }
  return std::unexpected(std::move(error));
}

sql::Schema store_schema() { return {kApplicationId, kProgram, migration_texts()}; }

Status put_meta(sql::Connection& connection, const std::string& key, const std::string& value) {
  auto statement = connection.prepare(
      "INSERT INTO meta(key,value) VALUES(?,?) ON CONFLICT(key) DO UPDATE SET "
      "value=excluded.value");
  if (!statement) return std::unexpected(statement.error());
  const std::vector<sql::Value> values{key, value};
  return statement->run(values);
}

Result<std::string> find_meta(sql::Connection& connection, const std::string& key) {
  auto statement = connection.prepare("SELECT value FROM meta WHERE key=?");
  if (!statement) return std::unexpected(statement.error());
  if (auto bound = statement->bind(1, std::string_view(key)); !bound)
    return std::unexpected(bound.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  return *row ? statement->text(0) : std::string();
}

Result<OpenedDatabase> open_database(const std::string& path, sql::WriterOptions options,
                                     const std::string& account, TimePoint now, bool checks_pages) {
  auto connection = open_file(path, options);
  if (!connection) return std::unexpected(connection.error());
  const sql::Schema schema = store_schema();
  const auto version = version_of(*connection);
  if (!version) return std::unexpected(version.error());

  OpenedDatabase database{std::move(*connection), options, {}, {}};
  database.is_outdated = *version != 0 && *version < static_cast<int>(schema.steps.size());
  if (*version == 0)
    if (auto made = sql::migrate(database.connection, schema); !made)
      return advised(made.error(), path);
  // Also after a crash right between the first schema and its identity.
  const auto owner = find_meta(database.connection, "account");
  if (!owner) return advised(owner.error(), path);
  if (owner->empty())
    if (auto written = write_identity(database.connection, account, now); !written)
      return advised(written.error(), path);
  if (auto ours = check_account(database.connection, account); !ours)
    return advised(ours.error(), path);
  const auto clean_end = find_meta(database.connection, "clean_end");
  if (!clean_end) return advised(clean_end.error(), path);
  database.is_unclean = *clean_end != "1";
  database.is_unchecked = database.is_unclean && !checks_pages;
  if (database.is_unclean && checks_pages)
    if (auto intact = check_pages(database.connection); !intact)
      return std::unexpected(intact.error());
  if (path != kMemory)
    if (auto opened = open_spill(database); !opened) return std::unexpected(opened.error());
  return database;
}

Result<sql::Connection> open_for_reading(const std::string& path, const std::string& account,
                                         Millis busy_timeout) {
  if (std::error_code ignored; !std::filesystem::exists(path, ignored))
    return fail(ErrorKind::configuration,
                fmt::format("there is no database '{}'; check db_path. It is made by the first "
                            "command that trades",
                            path));
  auto connection = sql::Connection::open_reader(path, busy_timeout);
  if (!connection) return advised(connection.error(), path);
  const auto version = version_of(*connection);
  if (!version) return std::unexpected(version.error());
  const auto newest = store_schema().steps.size();
  if (*version < static_cast<int>(newest))
    return fail(ErrorKind::configuration,
                fmt::format("'{}' has schema {}, this program reads {}; the next start of the "
                            "service brings it there",
                            path, *version, newest));
  if (auto ours = check_account(*connection, account); !ours) return advised(ours.error(), path);
  return connection;
}

Status check_file(const std::string& path, Millis busy_timeout) {
  auto connection = sql::Connection::open_reader(path, busy_timeout);
  if (!connection) return advised(connection.error(), path);
  return check_pages(*connection);
}

}  // namespace bb::store
