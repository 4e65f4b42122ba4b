// Recorded rows of any origin: Binance's own bulk CSV (reference §22), CSV of many symbols, and
// REST answers, one symbol a line. What is wrong is a `configuration` error that names file and
// line; a text with one bad row gives nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/amounts.h"

namespace bb::sim::impl {

/// A bar in the exact decimals it was written in.
struct BarRow {
  TimePoint open_time{};
  Decimal open, high, low, close;
  double volume = 0;  // base asset
  std::uint32_t file = 0, line = 0;
};

struct FundingRow {
  TimePoint time{};
  Ratio rate;
  Millis interval{0};  // zero = not written
};

/// What all files together say, by symbol; in the order of the files.
struct Rows {
  std::vector<std::string> files;  // names, for messages
  std::map<std::string, std::vector<BarRow>> bars, marks;
  std::map<std::string, std::vector<FundingRow>> funding;
};

enum class RowKind { bars, marks, funding, unknown };

struct RowSource {
  std::string name;    // for messages
  std::string symbol;  // where the rows do not name it
  RowKind kind = RowKind::unknown;
  Millis interval{0};        // zero = not known
  TimePoint begin{}, end{};  // rows that open outside are not kept; epoch = no bound
};

/// CSV, with or without a header line; without one the columns are Binance's own. Columns that are
/// not needed are not looked at.
Status read_csv(std::string_view text, const RowSource& source, Rows& rows);
/// One object {"symbol":..,"klines":[[..],..]} per line.
Status read_json_lines(std::string_view text, const RowSource& source, Rows& rows);

/// One bar as text. Without a volume it is taken from the quote volume, without both it is zero.
struct BarText {
  std::string_view time, open, high, low, close, volume, quote_volume;
};
/// Empty, or why the texts are no bar of that interval (zero = any).
std::string make_bar(const BarText& text, Millis interval, BarRow& row);

/// "15m" as time; zero for anything that is not an interval of whole parts of a day up to one.
Millis parse_interval(std::string_view text);
std::string interval_name(Millis interval);

}  // namespace bb::sim::impl
