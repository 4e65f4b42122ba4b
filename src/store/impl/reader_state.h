// The inside of a Reader: its connection, and how a statement becomes records.
#pragma once

#include "store/reader.h"
#include "store/schema.h"
#include "store/table.h"

namespace bb::store {

struct Reader::State {
  sql::Connection connection;

  /// Every row of `select`, made by `read` from its columns.
  template <class Record, class Read>
  Result<std::vector<Record>> query(const std::string& select,
                                    const std::vector<sql::Value>& values, const Read& read) {
    auto statement = connection.prepare(select);
    if (!statement) return std::unexpected(statement.error());
    if (auto bound = statement->bind_all(values); !bound) return std::unexpected(bound.error());
    std::vector<Record> records;
    for (;;) {
      const auto row = statement->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return records;
      RowReader in(*statement);
      records.push_back(read(in));
      if (!in.problem().empty())
        return fail(ErrorKind::storage, "database '" + connection.path() + "': " + in.problem());
    }
  }

  template <class Record>
  Result<std::vector<Record>> rows(const std::string& select,
                                   const std::vector<sql::Value>& values) {
    return read_all<Record>(connection, select, values);
  }

  Result<std::vector<HoldingResult>> with_results(Result<std::vector<Holding>> holdings);
};

/// The first record, if there is one.
template <class Record>
Result<std::optional<Record>> first_of(Result<std::vector<Record>> records) {
  if (!records) return std::unexpected(records.error());
  if (records->empty()) return std::nullopt;
  return std::optional<Record>(std::move(records->front()));
}

}  // namespace bb::store
