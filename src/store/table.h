// How a record meets its table: one column list per table makes the INSERT and the SELECT, one pair
// of functions in rows_*.cpp fills and reads it in that order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sql/connection.h"
#include "store/batch.h"

namespace bb::store {

/// One statement of a batch. `sql` lives as long as the program, or as the spill frame it came
/// from.
struct Write {
  std::string sql;
  std::vector<sql::Value> values;
};

/// Row ids that the store gives to rows without a key of their own, so that a replayed batch meets
/// its own rows again.
struct RowIds {
  std::int64_t order_event = 0;
  std::int64_t snapshot = 0;
};

/// The statements of one row. `now` stamps the created_at_utc columns.
void append_writes(const Row& row, TimePoint now, RowIds& ids, std::vector<Write>& writes);

class Table {
 public:
  Table(std::string name, std::string columns, std::string key);
  /// INSERT that changes every other column of a row with the same key.
  const std::string& upsert() const { return upsert_; }
  /// INSERT that leaves a row with the same key as it is.
  const std::string& insert() const { return insert_; }
  /// SELECT of the columns; `rest` is the WHERE and ORDER BY.
  std::string select(std::string_view rest) const { return select_ + std::string(rest); }

 private:
  std::string upsert_, insert_, select_;
};

const Table& runs_table();
const Table& positions_table();
const Table& intents_table();
const Table& slots_table();
const Table& order_events_table();
const Table& fills_table();
const Table& snapshots_table();
const Table& income_table();
const Table& journal_table();
const Table& outbox_table();
const Table& deliveries_table();
const Table& commands_table();

/// Reads the columns of one row from left to right. A word that this version does not know is
/// remembered in problem(): such a row must not be half understood.
class RowReader {
 public:
  explicit RowReader(const sql::Statement& statement) : statement_(statement) {}

  std::int64_t integer() { return statement_.integer(column_++); }
  int small() { return static_cast<int>(integer()); }
  bool flag() { return integer() != 0; }
  std::string text() { return statement_.text(column_++); }
  TimePoint time() { return from_ms(integer()); }
  Symbol symbol() { return Symbol(text()); }
  ClientOrderId client_order_id() { return ClientOrderId(text()); }
  std::optional<TimePoint> maybe_time();
  template <class A>
  A amount() {
    return A(Decimal::from_raw(integer()));
  }
  template <class A>
  std::optional<A> maybe_amount() {
    if (statement_.is_null(column_)) {
      ++column_;
      return std::nullopt;
    }
    return amount<A>();
  }
  /// The value of a closed set whose str() is the text.
  template <class E>
  E word() {
    const std::string found = text();
    for (int i = 0; i < kLargestSet; ++i)
      if (str(static_cast<E>(i)) == found) return static_cast<E>(i);
    problem_ = "unknown word '" + found + "', of a newer version";
    return E{};
  }
  const std::string& problem() const { return problem_; }

 private:
  static constexpr int kLargestSet = 32;
  const sql::Statement& statement_;
  int column_ = 0;
  std::string problem_;
};

void read_row(RowReader& in, Run& run);
void read_row(RowReader& in, Holding& holding);
void read_row(RowReader& in, Intent& intent);
void read_row(RowReader& in, Slot& slot);
void read_row(RowReader& in, OrderEvent& event);
void read_row(RowReader& in, FillRecord& fill);
void read_row(RowReader& in, WalletSnapshot& snapshot);
void read_row(RowReader& in, IncomeRecord& income);
void read_row(RowReader& in, JournalRow& row);
void read_row(RowReader& in, OutboxMessage& message);
void read_row(RowReader& in, Delivery& delivery);
void read_row(RowReader& in, CommandRecord& command);

/// Every row of a SELECT that `table` made.
template <class Record>
Result<std::vector<Record>> read_all(sql::Connection& connection, const std::string& select,
                                     std::span<const sql::Value> values = {}) {
  auto statement = connection.prepare(select);
  if (!statement) return std::unexpected(statement.error());
  if (auto bound = statement->bind_all(values); !bound) return std::unexpected(bound.error());
  std::vector<Record> records;
  for (;;) {
    const auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return records;
    RowReader reader(*statement);
    read_row(reader, records.emplace_back());
    if (!reader.problem().empty())
      return fail(ErrorKind::storage,
                  "database '" + connection.path() + "': " + reader.problem() + " in: " + select);
  }
}

// Values for bind_all.
inline sql::Value value(std::int64_t number) { return number; }
inline sql::Value value(bool flag) { return std::int64_t{flag ? 1 : 0}; }
inline sql::Value value(int number) { return std::int64_t{number}; }
inline sql::Value value(std::string_view text) { return std::string(text); }
inline sql::Value value(const std::string& text) { return text; }
inline sql::Value value(Symbol symbol) { return symbol.str(); }
inline sql::Value value(TimePoint time) { return to_ms(time); }
template <class Tag>
sql::Value value(Amount<Tag> amount) {
  return amount.value().raw();
}
template <class T>
sql::Value value(const std::optional<T>& maybe) {
  return maybe ? value(*maybe) : sql::Value();
}
/// NULL for nothing: an empty text, an id of 0.
inline sql::Value value_or_null(std::string_view text) {
  return text.empty() ? sql::Value() : value(text);
}
inline sql::Value value_or_null(const ClientOrderId& id) { return value_or_null(id.str()); }
inline sql::Value value_or_null(std::int64_t id) { return id == 0 ? sql::Value() : value(id); }

// One per row type, for append_writes.
void append_row(const Run& run, TimePoint now, RowIds& ids, std::vector<Write>& writes);
void append_row(const Holding& holding, TimePoint now, RowIds& ids, std::vector<Write>& writes);
void append_row(const Intent& intent, TimePoint now, RowIds& ids, std::vector<Write>& writes);
void append_row(const Slot& slot, TimePoint now, RowIds& ids, std::vector<Write>& writes);
void append_row(const OutboxMessage& message, TimePoint now, RowIds& ids,
                std::vector<Write>& writes);
void append_row(const Delivery& delivery, TimePoint now, RowIds& ids, std::vector<Write>& writes);
void append_row(const OrderEvent& event, TimePoint now, RowIds& ids, std::vector<Write>& writes);
void append_row(const FillRecord& fill, TimePoint now, RowIds& ids, std::vector<Write>& writes);
void append_row(const WalletSnapshot& snapshot, TimePoint now, RowIds& ids,
                std::vector<Write>& writes);
void append_row(const IncomeRecord& income, TimePoint now, RowIds& ids, std::vector<Write>& writes);
void append_row(const JournalRow& row, TimePoint now, RowIds& ids, std::vector<Write>& writes);
void append_row(const CommandRecord& command, TimePoint now, RowIds& ids,
                std::vector<Write>& writes);

}  // namespace bb::store
