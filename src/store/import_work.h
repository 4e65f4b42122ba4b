// The inside of import_python_database(): one run over the source's tables, in the order in which
// their rows refer to each other.
#pragma once

#include <map>
#include <set>

#include "store/import.h"
#include "store/python_database.h"
#include "store/table.h"

namespace bb::store {

/// Sums that do not fit a Decimal: ten years of balances.
class Sum {
 public:
  void add(Decimal amount) {
    whole_ += amount.raw() / Decimal::kScale;
    part_ += amount.raw() % Decimal::kScale;
  }
  std::string cents() const;

 private:
  std::int64_t whole_ = 0;
  std::int64_t part_ = 0;
};

/// How often a row with these words stands there already: rows without a key of their own.
using Known = std::map<std::string, int>;

class Import {
 public:
  Import(const ImportOptions& options, PythonDatabase& source, sql::Connection& target)
      : options_(options), source_(source), target_(target) {}

  Status run();
  ImportReport take_report() { return std::move(report_); }

 private:
  PythonDatabase::Problem problem_of(TableImport& table);

  TableImport& begin(const std::string& name);

  Status put(const Row& row);

  Status prepare();

  Status take_runs();
  Status take_slots(const PythonDatabase::SourceRun& found);
  Status take_positions();
  Status put_position(Holding holding, TableImport& table);
  Status take_order_events();
  Status take_snapshots();
  Status take_cashflows();
  Status take_raw();
  Status finish(TableImport& table, const char* column, const Sum& sum);

  const ImportOptions& options_;
  PythonDatabase& source_;
  sql::Connection& target_;
  ImportReport report_;
  RowIds ids_;
  std::int64_t next_position_ = 1;
  std::map<std::string, sql::Statement> statements_;
  std::map<std::string, std::string> run_of_day_;      // of the target
  std::set<std::string> run_ids_;                      // of the target
  std::map<std::int64_t, std::int64_t> position_ids_;  // there -> here
  std::map<std::string, Holding> held_;                // of the target, by what they say
  std::map<Symbol, std::int64_t> open_here_;           // open holdings of the target
  std::map<std::int64_t, bool> is_superseded_;         // there: an open row beside a newer one
};

}  // namespace bb::store
