// The Python program's state.db, read as our records. Its money is REAL, its times are ISO text in
// UTC with second precision, nothing is enforced; two versions are known: the second has fills and
// the tables of rebalancing, too. (What it does stands in its own repository,
// miracle-zs/bubble_buster 547c6cf of 2026-02-16.)
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sql/connection.h"
#include "store/records.h"

namespace bb::store {

class PythonDatabase {
 public:
  /// Reads only, and sees the file as it is at this instant, also while that program runs. Errors
  /// say what to do: no file, another program's file.
  static Result<PythonDatabase> open(const std::string& path);

  bool has_fills() const { return has_fills_; }

  /// What could not be understood of one row: the row is left out.
  using Problem = std::function<void(std::string)>;
  struct SourceRun {
    Run run;
    std::string trade_day;  // its key: mostly a date, but a person may have typed anything
  };
  Result<std::vector<SourceRun>> load_runs(const Problem& problem);
  /// With the ids they have there.
  Result<std::vector<Holding>> load_positions(const Problem& problem);
  Result<std::vector<OrderEvent>> load_order_events(const Problem& problem);
  Result<std::vector<WalletSnapshot>> load_snapshots(const Problem& problem);
  Result<std::vector<IncomeRecord>> load_cashflows(const Problem& problem);
  /// A table that has no counterpart here, row by row as JSON, named by its table and id. Nothing
  /// where the table is not there.
  Result<std::vector<JournalRow>> load_raw(const std::string& table, TimePoint now);
  /// The column added up by SQLite itself, in cents, as text.
  Result<std::string> total(const std::string& table, const std::string& column);
  Result<std::int64_t> count(const std::string& table);

 private:
  PythonDatabase(std::unique_ptr<sql::Connection> connection, sql::Transaction view)
      : connection_(std::move(connection)), view_(std::move(view)) {}
  Result<bool> has_table(const std::string& name);

  std::unique_ptr<sql::Connection> connection_;
  sql::Transaction view_;
  bool has_fills_ = false;
};

}  // namespace bb::store
