// Connection and Statement: SQLite with owners and Results. Nothing here knows a table.
//
// Errors carry SQLite's own text, and its extended result code in Error::code: `conflict` where the
// data breaks a constraint, `storage` for everything that disk, locks or the file do.
// A connection belongs to one thread at a time; its statements die before it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/decimal.h"
#include "base/result.h"
#include "base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bb::sql {

/// What a column holds: NULL, a whole number (a decimal is its raw 1e-8 units), or text.
using Value = std::variant<std::monostate, std::int64_t, std::string>;

class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;

  /// Parameters count from 1.
  Status bind(int index, std::int64_t value);
  Status bind(int index, std::string_view text);
  Status bind(int index, Decimal value) { return bind(index, value.raw()); }
  Status bind(int index, const Value& value);
  Status bind_null(int index);
  Status bind_all(std::span<const Value> values);

  /// True when there is a row to read, false at the end.
  Result<bool> step();
  /// Runs to the end and resets; for statements without rows.
  Status run(std::span<const Value> values = {});
  void reset();

  /// Columns count from 0.
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::string text(int column) const;
  Decimal decimal(int column) const { return Decimal::from_raw(integer(column)); }

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3* db, sqlite3_stmt* statement, std::string_view path)
      : db_(db), path_(path), statement_(statement) {}
  sqlite3* db_ = nullptr;
  std::string path_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

struct WriterOptions {
  Millis busy_timeout{2000};
};

class Connection {
 public:
  /// Creates the file if absent. WAL that stays after close (a read-only process could not open the
  /// file otherwise), foreign keys on, no memory map, no trusted schema.
  static Result<Connection> open_writer(const std::string& path, WriterOptions options);
  /// Never writes, never checkpoints. The file must exist.
  static Result<Connection> open_reader(const std::string& path, Millis busy_timeout);

  /// One or more statements without parameters.
  Status execute(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  /// The first column of the first row; no row is an error.
  Result<std::int64_t> query_integer(std::string_view sql);
  Result<std::string> query_text(std::string_view sql);
  /// True while a row written in the open transaction refers to one that does not exist, by a
  /// foreign key that is checked at the end: a COMMIT now would fail.
  bool has_unresolved_references() const;
  /// Every page into `target`, which becomes the same database as it is at one instant (SQLite's
  /// online backup): writers of this one go on meanwhile.
  Status copy_into(Connection& target);
  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  static Result<Connection> open(const std::string& path, int flags, Millis busy_timeout);
  Connection(std::string path, sqlite3* db) : path_(std::move(path)), db_(db) {}
  std::string path_;
  std::unique_ptr<sqlite3, Close> db_;
};

/// Rolls back unless commit() succeeded. The connection outlives it.
class Transaction {
 public:
  /// BEGIN IMMEDIATE.
  static Result<Transaction> begin(Connection& connection);
  /// All reads see the file as it is at the first of them. A long one keeps the WAL from ending.
  static Result<Transaction> begin_read(Connection& connection);
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  /// After an error the transaction is still open: it rolls back when this object dies.
  Status commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_ = nullptr;
};

/// What the result code of an Error says about the file, as far as the caller can act on it.
enum class Damage { none, not_a_database, corrupt };
Damage damage_of(const Error& error);
/// The error came from the device (not from locks, space or the data): the handle is not to be
/// trusted with another sync.
bool is_io_error(const Error& error);

}  // namespace bb::sql
