// Records with good defaults, and a store that is open on a simulated loop.
#pragma once

#include <memory>
#include <string>

#include "store/store.h"
#include "support/full_disk.h"
#include "support/run.h"

namespace bb::test {

inline Decimal dec(const std::string& text) { return Decimal::parse(text).value(); }

store::Run a_run(const std::string& day);
/// An open short of 10 at 2 USDT that belongs to no run.
store::Holding a_holding(std::int64_t id, const std::string& symbol);
store::Intent an_intent(const std::string& id, const std::string& symbol, int attempt = 0);
store::FillRecord a_fill(const std::string& symbol, std::int64_t trade_id);
store::OutboxMessage a_message(std::int64_t id, TimePoint at);

/// Opens inline on the loop, without device syncs; an error ends the test.
std::unique_ptr<store::Store> open_store(SimLoop& loop, const std::string& path,
                                         const std::string& account = "paper-one",
                                         const Log& log = Log(LogLevel::error, null_sink()));
/// Opens with everything but the executor as given; the error's text where it cannot.
std::string open_error(const std::string& path, const std::string& account = "paper-one");

/// The rows of a table, by a connection of its own that may only read.
std::int64_t count_rows(const std::string& path, const std::string& table);
/// Writes nonsense over the first page of a table, in the file and not in the WAL.
void spoil_table(const std::string& path, const std::string& table);
/// Copies database, WAL and spill file as a crash at this instant would leave them.
void copy_database(const std::string& from, const std::string& to);

/// A log that keeps its lines.
struct KeptLog {
  std::string lines;
  Log log{LogLevel::debug, [this](LogLevel, std::string_view line) {
            lines += line;
            lines += '\n';
          }};
};

}  // namespace bb::test
