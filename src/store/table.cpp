#include "store/table.h"

#include <algorithm>

namespace bb::store {

namespace {

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> words(1);
  for (const char c : list) {
    if (c == ',')
      words.emplace_back();
    else if (c != ' ')
      words.back() += c;
  }
  return words;
}

}  // namespace

Table::Table(std::string name, std::string columns, std::string key) {
  const auto keys = split(key);
  std::string marks, changes;
  for (const std::string& column : split(columns)) {
    marks += marks.empty() ? "?" : ",?";
    if (std::find(keys.begin(), keys.end(), column) != keys.end()) continue;
    changes += (changes.empty() ? "" : ",") + column + "=excluded." + column;
  }
  const std::string insert = "INSERT INTO " + name + "(" + columns + ") VALUES(" + marks +
                             ") ON CONFLICT(" + key + ") DO ";
  upsert_ = insert + "UPDATE SET " + changes;
  insert_ = insert + "NOTHING";
  select_ = "SELECT " + columns + " FROM " + name + " ";
}

std::optional<TimePoint> RowReader::maybe_time() {
  if (statement_.is_null(column_)) {
    ++column_;
    return std::nullopt;
  }
  return time();
}

void append_writes(const Row& row, TimePoint now, RowIds& ids, std::vector<Write>& writes) {
  std::visit([&](const auto& record) { append_row(record, now, ids, writes); }, row);
}

}  // namespace bb::store
