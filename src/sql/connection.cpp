#include "sql/connection.h"

#include <sqlite3.h>

#include <fmt/format.h>

#include "base/plant.h"

namespace bb::sql {

namespace {

std::string_view code_name(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
      return "SQLITE_BUSY";
    case SQLITE_LOCKED:
      return "SQLITE_LOCKED";
    case SQLITE_READONLY:
      return "SQLITE_READONLY";
    case SQLITE_IOERR:
      return "SQLITE_IOERR";
    case SQLITE_CORRUPT:
      return "SQLITE_CORRUPT";
    case SQLITE_FULL:
      return "SQLITE_FULL";
    case SQLITE_CANTOPEN:
      return "SQLITE_CANTOPEN";
    case SQLITE_CONSTRAINT:
      return "SQLITE_CONSTRAINT";
    case SQLITE_MISMATCH:
      return "SQLITE_MISMATCH";
    case SQLITE_NOTADB:
      return "SQLITE_NOTADB";
    case SQLITE_NOMEM:
      return "SQLITE_NOMEM";
    default:  // det-ok: SQLite's codes are an open set
      return "SQLITE_ERROR";
  }
}

std::unexpected<Error> failure(sqlite3* db, std::string_view path, std::string_view what) {
  const int code = sqlite3_extended_errcode(db);
  const int primary = code & 0xff;
  const bool is_data =
      primary == SQLITE_CONSTRAINT || primary == SQLITE_MISMATCH || primary == SQLITE_RANGE;
  return fail(
      is_data ? ErrorKind::conflict : ErrorKind::storage,
      fmt::format("database '{}': {}: {} ({} {}){}", path, what, sqlite3_errmsg(db),
                  code_name(code), code, primary == SQLITE_FULL ? "; make room on its disk" : ""),
      code);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Status Statement::bind(int index, std::int64_t value) {
  if (sqlite3_bind_int64(statement_.get(), index, value) != SQLITE_OK)
    return failure(db_, path_, "bind");
  return {};
}

Status Statement::bind(int index, std::string_view text) {
  if (sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8) != SQLITE_OK)
    return failure(db_, path_, "bind");
  return {};
}

Status Statement::bind_null(int index) {
  if (sqlite3_bind_null(statement_.get(), index) != SQLITE_OK) return failure(db_, path_, "bind");
  return {};
}

Status Statement::bind(int index, const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return bind(index, *number);
  if (const auto* text = std::get_if<std::string>(&value))
    return bind(index, std::string_view(*text));
  return bind_null(index);
}

Status Statement::bind_all(std::span<const Value> values) {
  const int wanted = sqlite3_bind_parameter_count(statement_.get());
  if (static_cast<std::size_t>(wanted) != values.size())
    return fail(ErrorKind::conflict, fmt::format("database '{}': {} values for {} parameters",
                                                 path_, values.size(), wanted));
  int index = 1;
  for (const Value& value : values)
    if (auto bound = bind(index++, value); !bound) return bound;
  return {};
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(db_, path_, "step");
}

Status Statement::run(std::span<const Value> values) {
  reset();
  if (auto bound = bind_all(values); !bound) return bound;
  for (;;) {
    const auto row = step();
    if (row && *row) continue;
    Status status;
    if (!row) status = std::unexpected(row.error());
    reset();
    return status;
  }
}

// The code of the last step is returned again by reset and finalize; it has been reported already.
void Statement::reset() { sqlite3_reset(statement_.get()); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  if (bytes == nullptr) return {};
  const auto size = sqlite3_column_bytes(statement_.get(), column);
  return std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

void Connection::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

Result<Connection> Connection::open(const std::string& path, int flags, Millis busy_timeout) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  Connection connection(path, db);
  if (code != SQLITE_OK) {
    if (db == nullptr) return fail(ErrorKind::storage, "SQLite: out of memory");
    return failure(db, path, "open");
  }
  if (!planted("no_busy_handling"))
    sqlite3_busy_timeout(db, static_cast<int>(busy_timeout.count()));
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (auto set = connection.execute("PRAGMA mmap_size=0; PRAGMA foreign_keys=ON"); !set)
    return std::unexpected(set.error());
  return connection;
}

Result<Connection> Connection::open_writer(const std::string& path, WriterOptions options) {
  auto connection = open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                         options.busy_timeout);
  if (!connection) return connection;
  const auto mode = connection->query_text("PRAGMA journal_mode=WAL");
  if (!mode) return std::unexpected(mode.error());
  if (*mode != "wal" && *mode != "memory")
    return fail(ErrorKind::storage,
                fmt::format("database '{}': write-ahead logging is not possible here (journal mode "
                            "stays '{}'); put the file on a local disk",
                            path, *mode));
  int persist = 1;
  sqlite3_file_control(connection->db_.get(), "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
  if (auto set = connection->execute("PRAGMA journal_size_limit=67108864"); !set)
    return std::unexpected(set.error());
  return connection;
}

Result<Connection> Connection::open_reader(const std::string& path, Millis busy_timeout) {
  auto connection = open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, busy_timeout);
  if (!connection) return connection;
  if (auto set = connection->execute("PRAGMA query_only=ON"); !set)
    return std::unexpected(set.error());
  return connection;
}

Status Connection::execute(const std::string& sql) {
  if (sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return failure(db_.get(), path_, "execute");
  return {};
}

// In one step: a copy in several would begin anew whenever somebody writes between them.
Status Connection::copy_into(Connection& target) {
  constexpr int kAllPages = -1;
  auto* backup = sqlite3_backup_init(target.db_.get(), "main", db_.get(), "main");
  if (backup == nullptr) return failure(target.db_.get(), target.path_, "copy");
  const int code = sqlite3_backup_step(backup, kAllPages);
  if (sqlite3_backup_finish(backup) == SQLITE_OK && code == SQLITE_DONE) return {};
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
    return fail(ErrorKind::storage, fmt::format("database '{}' is busy; try again", path_), code);
  return failure(target.db_.get(), target.path_, "copy");
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK)
    return failure(db_.get(), path_, fmt::format("prepare '{}'", sql.substr(0, 60)));
  return Statement(db_.get(), statement, path_);
}

Result<std::int64_t> Connection::query_integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(ErrorKind::storage, fmt::format("database '{}': no row", path_));
  return statement->integer(0);
}

Result<std::string> Connection::query_text(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(ErrorKind::storage, fmt::format("database '{}': no row", path_));
  return statement->text(0);
}

bool Connection::has_unresolved_references() const {
  int unresolved = 0, unused = 0;
  sqlite3_db_status(db_.get(), SQLITE_DBSTATUS_DEFERRED_FKS, &unresolved, &unused, 0);
  return unresolved != 0;
}

Result<Transaction> Transaction::begin(Connection& connection) {
  if (auto begun = connection.execute("BEGIN IMMEDIATE"); !begun)
    return std::unexpected(begun.error());
  return Transaction(connection);
}

Result<Transaction> Transaction::begin_read(Connection& connection) {
  if (auto begun = connection.execute("BEGIN"); !begun) return std::unexpected(begun.error());
  return Transaction(connection);
}

// A failed COMMIT or a full disk may have rolled back already; then this ROLLBACK says so in vain.
Transaction::~Transaction() {
  if (connection_ != nullptr) static_cast<void>(connection_->execute("ROLLBACK"));
}

Status Transaction::commit() {
  if (auto committed = connection_->execute("COMMIT"); !committed) return committed;
  connection_ = nullptr;
  return {};
}

Damage damage_of(const Error& error) {
  if (error.kind != ErrorKind::storage) return Damage::none;
  if ((error.code & 0xff) == SQLITE_NOTADB) return Damage::not_a_database;
  if ((error.code & 0xff) == SQLITE_CORRUPT) return Damage::corrupt;
  return Damage::none;
}

bool is_io_error(const Error& error) {
  return error.kind == ErrorKind::storage && (error.code & 0xff) == SQLITE_IOERR;
}

}  // namespace bb::sql
